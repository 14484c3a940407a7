;; So many requests of 4 bytes, one after the other, to whoever is called TO.
(module
  (import "rusm" "whereis" (func $whereis (param i32 i32) (result i64)))
  (import "rusm" "call" (func $call (param i64 i32 i32 i64 i32 i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "TO")
  (func (export "_start") (local $peer i64) (local $n i32)
    (local.set $peer (call $whereis (i32.const 0) (i32.const 4)))
    (loop $calls
      (if (i32.ne (i32.const 4) (call $call (local.get $peer) (i32.const 0) (i32.const 0) (i64.const 1)
          (i32.const 0) (i32.const 4) (i64.const -1) (i32.const 1024) (i32.const 4096)))
        (then unreachable))
      (br_if $calls (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const TIMES))))))
