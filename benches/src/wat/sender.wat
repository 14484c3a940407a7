;; One of many: so many messages to whoever is called TO, again while its mailbox is full.
(module
  (import "rusm" "whereis" (func $whereis (param i32 i32) (result i64)))
  (import "rusm" "send" (func $send (param i64 i32 i32 i64 i32 i32) (result i32)))
  (import "rusm" "receive" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "TO")
  (func (export "_start") (local $peer i64) (local $n i32)
    (local.set $peer (call $whereis (i32.const 0) (i32.const 4)))
    (loop $messages
      (loop $again
        (if (i32.lt_s (call $send (local.get $peer) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 0) (i32.const 4)) (i32.const 0))
          (then
            (drop (call $receive (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 1024) (i32.const 4096)))
            (br $again))))
      (br_if $messages (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const TIMES))))))
