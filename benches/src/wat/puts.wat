  ;; The body of both writers: so many durable puts of 100 bytes, under keys of its own. `$put` is each path's own.
  (data (i32.const 0) "orders")
  (data (i32.const 16) "wNTH-aaaa")
  (func $letter (param $at i32) (param $bits i32)
    (i32.store8 (local.get $at) (i32.add (i32.const 97) (i32.and (local.get $bits) (i32.const 15)))))
  (func $puts (local $n i32)
    (loop $next
      (call $letter (i32.const 20) (i32.shr_u (local.get $n) (i32.const 12)))
      (call $letter (i32.const 21) (i32.shr_u (local.get $n) (i32.const 8)))
      (call $letter (i32.const 22) (i32.shr_u (local.get $n) (i32.const 4)))
      (call $letter (i32.const 23) (local.get $n))
      (if (call $put (i32.const 0) (i32.const 6) (i32.const 16) (i32.const 8) (i32.const 1024) (i32.const 100))
        (then (unreachable)))
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const COUNT)))))
