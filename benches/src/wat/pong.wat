;; Sends every message back to its sender, and answers every request with its own bytes, for ever.
(module
  (import "rusm" "send" (func $send (param i64 i32 i32 i64 i32 i32) (result i32)))
  (import "rusm" "reply" (func $reply (param i64 i32 i32)))
  (import "rusm" "receive" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
  (memory (export "memory") PAGES)
  (func (export "_start") (local $length i32)
    (loop $for_ever
      (local.set $length (i32.sub
        (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 1024) (i32.const ROOM))
        (i32.const 32)))
      (if (i32.load (i32.const 1024))
        (then (call $reply (i64.load (i32.const 1048)) (i32.const 1056) (local.get $length)))
        (else (drop (call $send (i64.load (i32.const 1032)) (i32.const 0) (i32.const 0) (i64.load (i32.const 1040))
          (i32.const 1056) (local.get $length)))))
      (br $for_ever))))
