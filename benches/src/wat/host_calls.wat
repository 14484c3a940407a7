;; Asks for its own pid, so many times.
(module
  (import "rusm" "self" (func $self (result i64)))
  (memory (export "memory") 1)
  (func (export "_start") (local $n i32)
    (loop $calls
      (drop (call $self))
      (br_if $calls (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const TIMES))))))
