;; Spawns so many batches of leaves, each batch awaited by as many events.
;; FLAGS: 2 is a monitor, whose notices are those events; with 0 the leaves send them.
(module
  (import "rusm" "spawn" (func $spawn (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "rusm" "receive" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "leaf")
  ;; Options: flags, no bounds, no name, no profile, no arguments, nothing revoked.
  (data (i32.const 16) "\0FLAGS\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\00\00\00\00\00\00\00\00")
  (func (export "_start") (local $batch i32) (local $n i32)
    (loop $batches
      (local.set $n (i32.const 0))
      (loop $spawns
        (if (i32.lt_s (call $spawn (i32.const 0) (i32.const 4) (i32.const 16) (i32.const 40) (i32.const 1024) (i32.const 16)) (i32.const 0))
          (then unreachable))
        (br_if $spawns (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const BATCH))))
      (local.set $n (i32.const 0))
      (loop $events
        (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 1024) (i32.const 4096)))
        (br_if $events (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const BATCH))))
      (br_if $batches (i32.lt_u (local.tee $batch (i32.add (local.get $batch) (i32.const 1))) (i32.const BATCHES))))))
