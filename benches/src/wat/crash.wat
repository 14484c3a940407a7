;; Traps at once: what is measured is its restart.
(module
  (memory (export "memory") 1)
  (func (export "_start") unreachable))
