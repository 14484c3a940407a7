;; Does nothing: what is measured is how it comes and goes.
(module
  (memory (export "memory") 1)
  (func (export "_start")))
