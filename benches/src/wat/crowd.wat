;; Told a number, spawns so many of the component "one" and says how many there are; told again, sends each a message and waits for its
;; answer, one after the other, and says how many answered; told once more, ends.
(module
  (import "rusm" "spawn" (func $spawn (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "rusm" "send" (func $send (param i64 i32 i32 i64 i32 i32) (result i32)))
  (import "rusm" "receive" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 200)
  (data (i32.const 0) "one")
  ;; Options: no flags, no bounds, no name, no profile, the argument "echo", nothing revoked.
  (data (i32.const 16) "\00\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\01\00\00\00\04\00\00\00echo\00\00\00\00")
  (func $next (result i32)
    (call $receive (i32.const 0) (i32.const 0) (i64.const 10000) (i32.const 1024) (i32.const 4096)))
  ;; Who told it.
  (func $wait (result i64)
    (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 1024) (i32.const 4096)))
    (i64.load (i32.const 1032)))
  (func $tell (param $desk i64) (param $number i32)
    (i32.store (i32.const 600) (local.get $number))
    (drop (call $send (local.get $desk) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 600) (i32.const 4))))
  ;; Pids lie from 65536 on.
  (func $place (param $n i32) (result i32)
    (i32.add (i32.const 65536) (i32.shl (local.get $n) (i32.const 3))))
  (func (export "_start") (local $desk i64) (local $all i32) (local $n i32) (local $answers i32)
    (local.set $desk (call $wait))
    (local.set $all (i32.load (i32.const 1056)))
    (block $refused
      (loop $spawns
        (br_if $refused (i32.ge_u (local.get $n) (local.get $all)))
        (br_if $refused (i32.lt_s (call $spawn (i32.const 0) (i32.const 3) (i32.const 16) (i32.const 48) (i32.const 512) (i32.const 16)) (i32.const 0)))
        (i64.store (call $place (local.get $n)) (i64.load (i32.const 512)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $spawns)))
    (local.set $all (local.get $n))
    (call $tell (local.get $desk) (local.get $all))
    (local.set $desk (call $wait))
    (local.set $n (i32.const 0))
    (block $asked
      (loop $asks
        (br_if $asked (i32.ge_u (local.get $n) (local.get $all)))
        (drop (call $send (i64.load (call $place (local.get $n))) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 512) (i32.const 8)))
        (local.set $answers (i32.add (local.get $answers) (i32.gt_s (call $next) (i32.const 0))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $asks)))
    (call $tell (local.get $desk) (local.get $answers))
    (drop (call $wait))))
