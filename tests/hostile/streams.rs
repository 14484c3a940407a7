//! Streams, futures and waitable sets of the component model (WASI 0.3): forged, crossed, dropped too early, and without end.

use super::arena::fight;
use super::attack::{Attack, times, wat};
use rusm_core::Limit;

/// What a guest can call: its name, its definition, and its core type.
const CANONS: &[(&str, &str, &str)] = &[
    ("new", "stream.new $bytes", "(result i64)"),
    (
        "read",
        "stream.read $bytes async $memory",
        "(param i32 i32 i32) (result i32)",
    ),
    (
        "write",
        "stream.write $bytes async $memory",
        "(param i32 i32 i32) (result i32)",
    ),
    (
        "cancel-read",
        "stream.cancel-read $bytes",
        "(param i32) (result i32)",
    ),
    ("drop-reader", "stream.drop-readable $bytes", "(param i32)"),
    ("drop-writer", "stream.drop-writable $bytes", "(param i32)"),
    ("promise", "future.new $word", "(result i64)"),
    (
        "await",
        "future.read $word async $memory",
        "(param i32 i32) (result i32)",
    ),
    (
        "fulfil",
        "future.write $word async $memory",
        "(param i32 i32) (result i32)",
    ),
    ("drop-awaiting", "future.drop-readable $word", "(param i32)"),
    ("drop-promise", "future.drop-writable $word", "(param i32)"),
    ("set", "waitable-set.new", "(result i32)"),
    ("join", "waitable.join", "(param i32 i32)"),
    (
        "wait",
        "waitable-set.wait $memory",
        "(param i32 i32) (result i32)",
    ),
    (
        "poll",
        "waitable-set.poll $memory",
        "(param i32 i32) (result i32)",
    ),
    ("drop-set", "waitable-set.drop", "(param i32)"),
    ("drop-task", "subtask.drop", "(param i32)"),
    ("cancel-task", "subtask.cancel", "(param i32) (result i32)"),
];

/// A stream of one's own: its reading end in `$reader`, its writing end in `$writer`.
const STREAM: &str = "(local.set $ends (call $new))
    (local.set $reader (i32.wrap_i64 (local.get $ends)))
    (local.set $writer (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))";
/// The same of a future.
const FUTURE: &str = "(local.set $ends (call $promise))
    (local.set $reader (i32.wrap_i64 (local.get $ends)))
    (local.set $writer (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))";

/// A component that can call all of that, and does this.
fn waits(name: &'static str, body: &str) -> Attack {
    let (mut defined, mut imported, mut given) = (String::new(), String::new(), String::new());
    for (name, canon, ty) in CANONS {
        let canon = canon.replace("$memory", r#"(memory (core memory $libc "memory"))"#);
        defined += &format!("(core func ${name} (canon {canon}))\n");
        imported += &format!("(import \"host\" \"{name}\" (func ${name} {ty}))\n");
        given += &format!("(export \"{name}\" (func ${name}))\n");
    }
    wat(
        name,
        format!(
            r#"(component
            (import "rusm:actor/registry@0.1.0" (instance $registry (export "join" (func (param "group" string)))))
            (type $bytes (stream u8)) (type $word (future u32))
            (core module $libc (memory (export "memory") 1) (data (i32.const 65500) "begun"))
            (core instance $libc (instantiate $libc))
            {defined}
            (core func $group (canon lower (func $registry "join") (memory (core memory $libc "memory"))))
            (core module $main
                {imported}
                (import "host" "group" (func $group (param i32 i32)))
                (import "libc" "memory" (memory 1))
                (func $begins (call $group (i32.const 65500) (i32.const 5)))
                (func $check (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))
                (func (export "run") (result i32) (local $ends i64) (local $reader i32) (local $writer i32) (local $n i32)
                    {body} (i32.const 0)))
            (core instance $main (instantiate $main
                (with "libc" (instance $libc))
                (with "host" (instance (export "group" (func $group)) {given}))))
            (func $run async (result (result)) (canon lift (core func $main "run")))
            (instance $entry (export "run" (func $run)))
            (export "wasi:cli/run@0.3.0" (instance $entry)))"#
        ),
    )
}

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [ends(), sets(), endless()];
    lists.into_iter().flatten().collect()
}

/// Ends of streams and futures that are none, or not those.
fn ends() -> Vec<Attack> {
    vec![
        waits("reading a stream that nobody made", "(drop (call $read (i32.const 9) (i32.const 0) (i32.const 1)))")
            .traps("unknown handle index 9"),
        waits(
            "reading from the writing end",
            &format!("{STREAM} (drop (call $read (local.get $writer) (i32.const 0) (i32.const 1)))"),
        )
        .traps("concurrent operations"),
        waits(
            "a future taken for a stream",
            &format!("{FUTURE} (drop (call $read (local.get $reader) (i32.const 0) (i32.const 1)))"),
        )
        .traps("not a stream"),
        waits(
            "a stream read into nowhere",
            &format!("{STREAM} (drop (call $read (local.get $reader) (i32.const -8) (i32.const 16)))"),
        )
        .traps("out of bounds"),
        waits(
            "four billion bytes read at once",
            &format!("{STREAM} (drop (call $read (local.get $reader) (i32.const 0) (i32.const -1)))"),
        )
        .traps("too large"),
        waits(
            "one end read twice at once",
            &format!("{STREAM} {0} {0}", "(drop (call $read (local.get $reader) (i32.const 0) (i32.const 1)))"),
        )
        .traps("concurrent operations"),
        waits(
            "a stream dropped while it is read",
            &format!(
                "{STREAM} (drop (call $read (local.get $reader) (i32.const 0) (i32.const 1))) (call $drop-reader (local.get $reader))"
            ),
        )
        .traps("busy"),
        waits(
            "a reading end dropped twice",
            &format!("{STREAM} {0} {0}", "(call $drop-reader (local.get $reader))"),
        )
        .traps("unknown handle index"),
        waits(
            "a read taken back that never was",
            &format!("{STREAM} (drop (call $cancel-read (local.get $reader)))"),
        )
        .traps("no read is pending"),
        waits(
            "both ends of a stream in one hand",
            &format!(
                "{STREAM} (drop (call $write (local.get $writer) (i32.const 0) (i32.const 60000)))
                (drop (call $read (local.get $reader) (i32.const 0) (i32.const 60000)))"
            ),
        )
        .ends_somehow(),
        waits(
            "a promise that is broken",
            &format!("{FUTURE} (call $drop-promise (local.get $writer))"),
        )
        .traps("cannot drop future"),
        waits(
            "a future fulfilled from nowhere",
            &format!("{FUTURE} (drop (call $fulfil (local.get $writer) (i32.const -2)))"),
        )
        .traps("out of bounds"),
        waits("a task that nobody began", "(call $drop-task (i32.const 5))").traps("unknown handle index 5"),
        waits("a task taken back that nobody began", "(drop (call $cancel-task (i32.const 5)))")
            .traps("unknown handle index 5"),
    ]
}

/// Sets of what is waited for.
fn sets() -> Vec<Attack> {
    vec![
        waits("waiting for a set that nobody made", "(drop (call $wait (i32.const 3) (i32.const 16)))")
            .traps("unknown handle index 3"),
        waits("what happened told to nowhere", "(drop (call $poll (call $set) (i32.const -4)))").traps("out of bounds"),
        waits(
            "a set that is waited for in itself",
            "(local.set $n (call $set)) (call $join (local.get $n) (local.get $n))",
        )
        .traps("not a waitable"),
        waits(
            "a set dropped with what it waits for",
            &format!(
                "{STREAM} (local.set $n (call $set)) (call $join (local.get $reader) (local.get $n)) (call $drop-set (local.get $n))"
            ),
        )
        .traps("has children"),
        waits(
            "waiting for nothing for ever",
            "(call $begins) (drop (call $wait (call $set) (i32.const 16)))",
        )
        .goes_on(),
        waits(
            "waiting for a future that nobody will fulfil",
            &format!(
                "{FUTURE} (drop (call $await (local.get $reader) (i32.const 0))) (local.set $n (call $set))
                (call $join (local.get $reader) (local.get $n)) (call $begins) (drop (call $wait (local.get $n) (i32.const 16)))"
            ),
        )
        .goes_on(),
        waits(
            "looking into an empty set for ever",
            "(local.set $n (call $set)) (call $begins) (loop $l (drop (call $poll (local.get $n) (i32.const 16))) (br $l))",
        )
        .goes_on(),
    ]
}

/// As many as there are.
fn endless() -> Vec<Attack> {
    vec![
        waits("a million streams", &times(1_000_000, "(drop (call $new))"))
            .runs_into(Limit::Memory),
        waits(
            "a million futures",
            &times(1_000_000, "(drop (call $promise))"),
        )
        .runs_into(Limit::Memory),
        waits("a million sets", &times(1_000_000, "(drop (call $set))")).runs_into(Limit::Memory),
        waits(
            "a hundred thousand streams, one at a time",
            &times(
                100_000,
                &format!(
                    "{STREAM} (call $drop-reader (local.get $reader)) (call $drop-writer (local.get $writer))"
                ),
            ),
        ),
    ]
}

#[test]
fn streams_that_lie_end_their_guest_alone() {
    fight(&attacks());
}
