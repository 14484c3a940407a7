;; The same as a component.
(component
  (import "rusm:actor/types@0.1.0" (instance $types
    (type $a-denial (record (field "permission" string) (field "target" string) (field "help" string)))
    (export "denial" (type (eq $a-denial)))))
  (alias export $types "denial" (type $denial))
  (import "rusm:actor/kv@0.1.0" (instance $kv
    (alias outer 1 $denial (type $outer-denial))
    (export "denial" (type $denial (eq $outer-denial)))
    (type $an-error (variant
      (case "denied" $denial) (case "no-store") (case "too-large") (case "conflict" u32) (case "failed" string)))
    (export "kv-error" (type $kv-error (eq $an-error)))
    (export "kv-put" (func (param "bucket" string) (param "key" string) (param "value" (list u8))
      (result (result (error $kv-error)))))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 32768)))
  (core instance $memory (instantiate $memory))
  (core func $put (canon lower (func $kv "kv-put")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $code
    (import "host" "put" (func $host-put (param i32 i32 i32 i32 i32 i32 i32)))
    (import "memory" "memory" (memory 1))
    (func $put (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $host-put (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (i32.const 64))
      (i32.load8_u (i32.const 64)))
    PUTS
    (func (export "run") (result i32) (call $puts) (i32.const 0)))
  (core instance $code (instantiate $code
    (with "memory" (instance $memory))
    (with "host" (instance (export "put" (func $put))))))
  (func $run (result (result)) (canon lift (core func $code "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command)))
