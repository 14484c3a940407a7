;; Sends its parent one empty message and ends.
(module
  (import "rusm" "parent" (func $parent (result i64)))
  (import "rusm" "send" (func $send (param i64 i32 i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $send (call $parent) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 0) (i32.const 0)))))
