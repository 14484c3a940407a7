;; Sends every message back to its sender, for ever. All that it touches lies in one page.
(module
  (import "rusm" "send" (func $send (param i64 i32 i32 i64 i32 i32) (result i32)))
  (import "rusm" "receive" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $length i32)
    (loop $for_ever
      (local.set $length (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 1024) (i32.const 2048)))
      (drop (call $send (i64.load (i32.const 1032)) (i32.const 0) (i32.const 0) (i64.load (i32.const 1040))
        (i32.const 1056) (i32.sub (local.get $length) (i32.const 32))))
      (br $for_ever))))
