;; So many round trips, of so many bytes, with whoever is called TO.
(module
  (import "rusm" "whereis" (func $whereis (param i32 i32) (result i64)))
  (import "rusm" "send" (func $send (param i64 i32 i32 i64 i32 i32) (result i32)))
  (import "rusm" "receive" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
  (memory (export "memory") PAGES)
  (data (i32.const 0) "TO")
  (func (export "_start") (local $peer i64) (local $n i32)
    (local.set $peer (call $whereis (i32.const 0) (i32.const 4)))
    (loop $trips
      (drop (call $send (local.get $peer) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 1056) (i32.const BYTES)))
      (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 1024) (i32.const ROOM)))
      (br_if $trips (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const TRIPS))))))
