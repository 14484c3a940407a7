;; Computes without end, and calls nobody.
(module
  (memory (export "memory") 1)
  (func (export "_start") (local $n i64)
    (loop $for_ever
      (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 6364136223846793005)) (i64.const 1)))
      (br $for_ever))))
