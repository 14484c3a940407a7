;; One link of a ring: its argument, 8 bytes of the first message, is who comes next; the rest is passed on.
(module
  (import "rusm" "send" (func $send (param i64 i32 i32 i64 i32 i32) (result i32)))
  (import "rusm" "receive" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $next i64)
    (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 1024) (i32.const 4096)))
    (local.set $next (i64.load (i32.const 1056)))
    (loop $for_ever
      (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 1024) (i32.const 4096)))
      (drop (call $send (local.get $next) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 1056) (i32.const 4)))
      (br $for_ever))))
