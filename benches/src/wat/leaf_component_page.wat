;; The same with a memory of one page, as nearly every component has one.
(component
  (core module $code
    (memory (export "memory") 1)
    (func (export "run") (result i32) (i32.const 0)))
  (core instance $instance (instantiate $code))
  (func $run (result (result)) (canon lift (core func $instance "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command)))
