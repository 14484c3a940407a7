  ;; What both components of the ping-pong import, and `$send` and `$receive` lowered for them.
  (import "rusm:actor/types@0.1.0" (instance $types
    (type $a-denial (record (field "permission" string) (field "target" string) (field "help" string)))
    (export "denial" (type (eq $a-denial)))
    (type $a-destination (variant (case "pid" u64) (case "name" string)))
    (export "destination" (type (eq $a-destination)))
    (type $a-limit (enum "memory" "cpu-time" "wall-time" "output" "mailbox"))
    (export "limit" (type $limit (eq $a-limit)))
    (type $a-reason (variant
      (case "normal") (case "shutdown") (case "killed") (case "no-process") (case "no-connection")
      (case "trap" string) (case "not-started" string) (case "limit" $limit) (case "error" string)))
    (export "exit-reason" (type (eq $a-reason)))))
  (alias export $types "denial" (type $denial))
  (alias export $types "destination" (type $destination))
  (alias export $types "exit-reason" (type $reason))
  (import "rusm:actor/registry@0.1.0" (instance $registry
    (export "whereis" (func (param "name" string) (result (option u64))))))
  (import "rusm:actor/mailbox@0.1.0" (instance $mailbox
    (alias outer 1 $denial (type $outer-denial))
    (export "denial" (type $denial (eq $outer-denial)))
    (alias outer 1 $destination (type $outer-destination))
    (export "destination" (type $destination (eq $outer-destination)))
    (alias outer 1 $reason (type $outer-reason))
    (export "exit-reason" (type $reason (eq $outer-reason)))
    (type $a-message (record (field "sender" u64) (field "tag" u64) (field "payload" (list u8))))
    (export "message" (type $message (eq $a-message)))
    (type $a-request (record (field "id" u64) (field "sender" u64) (field "tag" u64) (field "payload" (list u8))))
    (export "request" (type $request (eq $a-request)))
    (type $an-exit (record (field "sender" u64) (field "reason" $reason)))
    (export "exit-event" (type $exit (eq $an-exit)))
    (type $a-down (record (field "monitor" u64) (field "process" u64) (field "reason" $reason)))
    (export "down-event" (type $down (eq $a-down)))
    (type $an-event (variant (case "message" $message) (case "request" $request) (case "exit" $exit) (case "down" $down)))
    (export "event" (type $event (eq $an-event)))
    (type $a-selector (record
      (field "tags" (option (list u64))) (field "sender" (option u64)) (field "monitor" (option u64))))
    (export "selector" (type $selector (eq $a-selector)))
    (type $an-error (variant (case "denied" $denial) (case "no-name") (case "mailbox-full") (case "too-large")))
    (export "send-error" (type $error (eq $an-error)))
    (export "send" (func (param "to" $destination) (param "tag" u64) (param "payload" (list u8)) (result (result (error $error)))))
    (export "receive" (func (param "select" (option $selector)) (param "timeout-ms" (option u64)) (result (option $event))))))
  (core module $memory
    (memory (export "memory") 4)
    ;; One payload at a time is what there is room for.
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536)))
  (core instance $memory (instantiate $memory))
  (core func $whereis (canon lower (func $registry "whereis") (memory (core memory $memory "memory"))))
  (core func $send (canon lower (func $mailbox "send")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core func $receive (canon lower (func $mailbox "receive")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $code
    (import "host" "whereis" (func $host-whereis (param i32 i32 i32)))
    (import "host" "send" (func $host-send (param i32 i64 i32 i64 i32 i32 i32)))
    (import "host" "receive" (func $host-receive (param i32 i32 i32 i32 i32 i64 i32 i64 i32 i64 i32)))
    (import "memory" "memory" (memory 4))
    (data (i32.const 0) "pong")
    (func $send (param $to i64) (param $payload i32) (param $length i32)
      (call $host-send (i32.const 0) (local.get $to) (i32.const 0) (i64.const 1) (local.get $payload) (local.get $length) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (unreachable))))
    ;; The event lies at 128: its case at 136, then sender at 144, tag, payload and length at 160.
    (func $receive
      (call $host-receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0)
        (i32.const 0) (i64.const 0) (i32.const 0) (i64.const 0) (i32.const 128)))
    BODY
    (func (export "run") (result i32) (call $body) (i32.const 0)))
  (core instance $code (instantiate $code
    (with "memory" (instance $memory))
    (with "host" (instance
      (export "whereis" (func $whereis)) (export "send" (func $send)) (export "receive" (func $receive))))))
  (func $run (result (result)) (canon lift (core func $code "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command))
