;; Computes so many steps, and calls nobody: sums over a page of memory, as programs do that go through data.
(module
  (memory (export "memory") 1)
  (func (export "_start") (local $n i32) (local $sum i64)
    (loop $steps
      (local.set $sum (i64.add
        (i64.mul (local.get $sum) (i64.const 31))
        (i64.load (i32.and (i32.shl (local.get $n) (i32.const 3)) (i32.const 0xfff8)))))
      (br_if $steps (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const STEPS))))
    (i64.store (i32.const 0) (local.get $sum))))
