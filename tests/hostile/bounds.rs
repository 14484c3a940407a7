//! Whoever takes more than it may: of memory, tables, handles, streams, pollables, random bytes, of one call.

use super::arena::fight;
use super::attack::{Attack, component, component_of, core, core_with, times, wat};
use crate::forge::Wasi;
use crate::trial::nothing;
use rusm_caps::{Limits, Profile};
use rusm_core::Limit;

const MIB: u64 = 1 << 20;

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = memories();
    attacks.extend(tables());
    attacks.extend(handles());
    attacks.extend(calls());
    attacks
}

fn bounded(change: impl FnOnce(&mut Limits)) -> Profile {
    let profile = nothing().to_builder("bounded").with_limits(change).build();
    profile.expect("it can be honoured")
}

fn small() -> Profile {
    bounded(|limits| {
        limits.max_memory_bytes = 4 * MIB;
        limits.max_table_elements = 10_000;
        limits.max_handles = 8;
    })
}

fn for_ever(body: &str) -> String {
    format!("(loop $for_ever {body} (br $for_ever))")
}

fn memories() -> Vec<Attack> {
    let nine = "(memory 4 60)".repeat(9);
    vec![
        core("memory that grows for ever", &for_ever("(drop (memory.grow (i32.const 3)))"))
            .under(small())
            .runs_into(Limit::Memory),
        core_with(
            "ten memories that grow in turn",
            &nine,
            &for_ever(&(0..10).map(|n| format!("(drop (memory.grow {n} (i32.const 1)))")).collect::<String>()),
        )
        .under(small())
        .runs_into(Limit::Memory),
        core_with("ten memories that are too much together", &"(memory 8)".repeat(9), "")
            .under(small())
            .fails_to_start("max-memory-mb"),
        core_with("a hundred and one memories", &"(memory 0)".repeat(101), "")
            .fails_to_load("memories"),
        core_with("growth in a start function", "(func $grow (drop (memory.grow (i32.const 100)))) (start $grow)", "")
            .under(small())
            .runs_into(Limit::Memory),
        wat(
            "a component of many modules with a memory each",
            modules_of_a_component("(memory 7)", 10),
        )
        .under(small())
        .fails_to_start("max-memory-mb"),
        core(
            "growth by as much as there is no number for",
            "(call $check (i32.eq (memory.grow (i32.const -1)) (i32.const -1)))",
        )
        .under(small()),
        core_with("a recursion without end", "(func $f (call $f))", "(call $f)")
            .traps("call stack exhausted"),
        core_with(
            "a recursion without end that calls the host at each step",
            "(func $f (param i32) (drop (call $whereis (i32.const 0) (i32.const 1))) (call $f (local.get 0)) (drop (call $self)))",
            "(call $f (i32.const 1))",
        )
        .traps("call stack exhausted"),
    ]
}

/// A component that instantiates a module with these items so many times and runs nothing.
fn modules_of_a_component(items: &str, n: usize) -> String {
    let instances = "(core instance (instantiate $m))".repeat(n);
    format!(
        r#"(component (core module $m {items} (func (export "run") (result i32) (i32.const 0)))
            {instances} (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@0.2.12" (instance $run)))"#
    )
}

fn tables() -> Vec<Attack> {
    let grow = |n: u32| format!("(drop (table.grow {n} (ref.null func) (i32.const 100)))");
    vec![
        core_with(
            "a table that grows for ever",
            "(table 1 funcref)",
            &for_ever(&grow(0)),
        )
        .under(small())
        .runs_into(Limit::Memory),
        core_with(
            "ten tables that grow in turn",
            &"(table 1 funcref)".repeat(10),
            &for_ever(&(0..10).map(grow).collect::<String>()),
        )
        .under(small())
        .runs_into(Limit::Memory),
        core_with("a table declared too large", "(table 10001 funcref)", "")
            .under(small())
            .fails_to_start("max-table-elements"),
        core_with(
            "tables too large together",
            &"(table 2000 externref)".repeat(6),
            "",
        )
        .under(small())
        .fails_to_start("max-table-elements"),
        core_with(
            "a table of four thousand million elements",
            "(table 0xffffffff funcref)",
            "",
        )
        .fails_to_start("max-table-elements"),
        wat(
            "a component of many modules with a table each",
            modules_of_a_component("(table 2000 funcref)", 10),
        )
        .under(small())
        .fails_to_start("max-table-elements"),
        wat(
            "a component of two thousand instances",
            r#"(component (component $c (core module $m) REPEATED) (instance (instantiate $c)) (instance (instantiate $c))
                (core module $m (func (export "run") (result i32) (i32.const 0))) (core instance $i (instantiate $m))
                (func $run (result (result)) (canon lift (core func $i "run")))
                (instance $run (export "run" (func $run)))
                (export "wasi:cli/run@0.2.12" (instance $run)))"#
                .replace("REPEATED", &"(core instance (instantiate $m))".repeat(990)),
        )
        .fails_to_start("cannot make an instance"),
    ]
}

fn handles() -> Vec<Attack> {
    let own = r#"(component (type $r (resource (rep i32)))
        (core func $new (canon resource.new $r))
        (core module $m (import "" "new" (func $new (param i32) (result i32)))
            (func (export "run") (result i32) (loop $l (drop (call $new (i32.const 1))) (br $l)) (i32.const 0)))
        (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $run (export "run" (func $run)))
        (export "wasi:cli/run@0.2.12" (instance $run)))"#;
    let streams = r#"(component (type $s (stream u8))
        (core func $new (canon stream.new $s))
        (core module $m (import "" "new" (func $new (result i64)))
            (func (export "run") (result i32) (loop $l (drop (call $new)) (br $l)) (i32.const 0)))
        (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
        (func $run async (result (result)) (canon lift (core func $i "run")))
        (instance $run (export "run" (func $run)))
        (export "wasi:cli/run@0.3.0" (instance $run)))"#;
    vec![
        component(
            "pollables without end",
            &["subscribe-duration"],
            &for_ever("(drop (call $subscribe-duration (i64.const 1)))"),
        )
        .under(small())
        .runs_into(Limit::Memory),
        component("standard output without end", &["get-stdout"], &for_ever("(drop (call $get-stdout))"))
            .under(small())
            .runs_into(Limit::Memory),
        component(
            "streams of standard input without end",
            &["get-stdin", "streams#[method]input-stream.subscribe"],
            &for_ever("(drop (call $input-stream.subscribe (call $get-stdin)))"),
        )
        .under(small())
        .runs_into(Limit::Memory),
        wat("resources of its own without end", own).under(small()).runs_into(Limit::Memory),
        wat("streams of WASI 0.3 without end", streams).under(small()).runs_into(Limit::Memory),
        core(
            "a poll of more things than there is memory for",
            "(call $check (i32.eq (call $poll_oneoff (i32.const 0) (i32.const 32768) (i32.const 1000) (i32.const 8)) (i32.const 48)))
             (call $check (i32.eq (call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 8)) (i32.const 48)))",
        )
        .under(small()),
        component_of(
            Wasi::V03,
            "random bytes of WASI 0.3 beyond the bound",
            &["get-random-bytes"],
            "(call $get-random-bytes (i64.const -1) (i32.const 16))
             (call $check (i32.le_u (i32.load (i32.const 20)) (i32.const 1024)))",
        )
        .under(bounded(|limits| limits.max_random_bytes = 1 << 10)),
    ]
}

fn calls() -> Vec<Attack> {
    let little = || {
        bounded(|limits| {
            limits.max_call_bytes = 64 << 10;
            limits.max_random_bytes = 1 << 10;
        })
    };
    let grown = "(drop (memory.grow (i32.const 16)))";
    vec![
        core(
            "random bytes beyond the bound",
            "(call $check (i32.eqz (call $random_get (i32.const 0) (i32.const 1024))))
             (drop (call $random_get (i32.const 0) (i32.const 1025)))",
        )
        .under(little())
        .runs_into(Limit::Memory),
        component(
            "random bytes of a component beyond the bound",
            &["get-random-bytes"],
            "(call $get-random-bytes (i64.const 1024) (i32.const 16))
             (call $get-random-bytes (i64.const 1025) (i32.const 16))",
        )
        .under(little())
        .runs_into(Limit::Memory),
        component(
            "insecure random bytes beyond the bound",
            &["get-insecure-random-bytes"],
            "(call $get-insecure-random-bytes (i64.const -1) (i32.const 16))",
        )
        .under(little())
        .runs_into(Limit::Memory),
        core(
            "a call that hands over more than one call may",
            &format!("{grown} (drop (call $load (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 65536)))"),
        )
        .under(little())
        .runs_into(Limit::Memory),
        core(
            "a write of more pieces than one call may have",
            &format!("{grown} (call $check (i32.eq (call $fd_write (i32.const 1) (i32.const 0) (i32.const 100000) (i32.const 8)) (i32.const 48)))"),
        )
        .under(little()),
        component(
            "a list longer than one call may hand over",
            &["registry#whereis"],
            &format!("{grown} (call $whereis (i32.const 0) (i32.const 65537) (i32.const 16))"),
        )
        .under(little())
        .runs_into(Limit::Memory),
        core(
            "calls that hand over as much as one may, one after the other",
            &times(100, "(drop (call $whereis (i32.const 0) (i32.const 65536)))"),
        )
        .under(little())
        .ends_somehow(),
    ]
}

#[test]
fn whoever_takes_too_much_ends_alone() {
    fight(&attacks());
}
