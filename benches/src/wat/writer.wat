;; Puts durably, and ends.
(module
  (import "rusm" "kv-put" (func $put (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  PUTS
  (func (export "_start") (call $puts)))
