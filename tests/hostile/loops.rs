//! Without end: loops, waits, recursion; in the entry, in start functions, and inside calls of the host.

use super::arena::{Arena, fight};
use super::attack::{Attack, both, component, core, core_imports, core_with, scene, wat};
use crate::app::scripted;
use crate::stage::actor;
use crate::support::GuestPath;
use crate::trial::nothing;
use rusm_core::{ExitReason, Limit, Name};

const OVERFLOW: &str = "call stack exhausted";

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [loops(), waits(), starts(), depths(), traps()];
    lists.into_iter().flatten().collect()
}

/// It computes, and is killed.
fn loops() -> Vec<Attack> {
    let spins = |name, body: &str| {
        core(name, &format!("(call $begins) (loop $l {body} (br $l))")).goes_on()
    };
    vec![
        spins("an endless loop", ""),
        spins(
            "an endless loop of calls that answer at once",
            "(drop (call $self))",
        ),
        spins(
            "an endless loop of giving way",
            "(drop (call $sched_yield))",
        ),
        spins(
            "an endless loop of looking at the clock",
            "(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))",
        ),
        spins(
            "an endless loop of looking into an empty mailbox",
            "(drop (call $receive (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 64)))",
        ),
        spins(
            "an endless loop of questions about rights",
            "(drop (call $query (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 0)))",
        ),
        spins(
            "an endless loop of joining and leaving",
            "(call $join (i32.const 65501) (i32.const 4)) (call $leave (i32.const 65501) (i32.const 4))",
        ),
        spins(
            "an endless loop of messages to itself",
            "(drop (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 0) (i32.const 65000)))",
        ),
        spins(
            "an endless loop of single instructions over all of a memory",
            "(memory.fill (i32.const 0) (i32.const 7) (i32.const 65000))",
        ),
        spins(
            "an endless loop of memory that is refused",
            "(drop (memory.grow (i32.const 0)))",
        ),
        spins(
            "an endless loop of random numbers",
            "(drop (call $random_get (i32.const 0) (i32.const 65000)))",
        ),
        core_with(
            "an endless chain of tail calls",
            "(func $next (return_call $next))",
            "(call $begins) (call $next)",
        )
        .goes_on(),
        component(
            "an endless loop of a component",
            &[],
            "(call $begins) (loop $l (br $l))",
        )
        .goes_on(),
        component(
            "an endless loop of a component that calls",
            &["process#self"],
            "(call $begins) (loop $l (drop (call $self)) (br $l))",
        )
        .goes_on(),
        core("a loop beyond its CPU time", "(loop $l (br $l))")
            .under(bounded("cpu", |limits| limits.max_cpu = Some(MOMENT)))
            .runs_into(Limit::CpuTime),
        core(
            "a loop beyond its slice",
            "(loop $l (drop (call $self)) (br $l))",
        )
        .under(bounded("slice", |limits| limits.max_slice = Some(MOMENT)))
        .runs_into(Limit::CpuTime),
        core("a loop beyond its wall time", "(loop $l (br $l))")
            .under(bounded("wall", |limits| limits.timeout = Some(MOMENT)))
            .runs_into(Limit::WallTime),
    ]
}

const MOMENT: std::time::Duration = std::time::Duration::from_millis(20);

fn bounded(name: &str, change: impl FnOnce(&mut rusm_caps::Limits)) -> rusm_caps::Profile {
    let builder = nothing().to_builder(name).with_limits(change);
    builder.build().expect("it can be honoured")
}

/// It waits in each import that can wait, and is killed.
fn waits() -> Vec<Attack> {
    let waits = |name, body: &str| core(name, &format!("(call $begins) {body}")).goes_on();
    let receive = |timeout: &str| {
        format!(
            "(drop (call $receive (i32.const 0) (i32.const 0) (i64.const {timeout}) (i32.const 0) (i32.const 64)))"
        )
    };
    // A subscription to the clock, a hundred years ahead.
    let far = r#"(data (i32.const 16) "\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\2b")"#;
    vec![
        waits("waiting for a message", &receive("-1")),
        waits("waiting for a message for ever and a day", &receive("0x8000000000000000")),
        waits("waiting for a message for a hundred years", &receive("0x7fffffffffffffff")),
        core_with(
            "sleeping for a hundred years",
            far,
            "(call $begins) (drop (call $poll_oneoff (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 256)))",
        )
        .goes_on(),
        component(
            "a component that waits for a message",
            &["receive"],
            "(call $begins) (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0)
                (i64.const 0) (i32.const 0) (i64.const 0) (i32.const 64))",
        )
        .goes_on(),
        component(
            "a component that sleeps for ever",
            &["subscribe-instant", "[method]pollable.block"],
            "(call $begins) (call $pollable.block (call $subscribe-instant (i64.const -1)))",
        )
        .goes_on(),
        component(
            "a component that waits for one of many",
            &["subscribe-duration", "poll#poll"],
            "(i32.store (i32.const 0) (call $subscribe-duration (i64.const -1)))
            (i32.store (i32.const 4) (call $subscribe-duration (i64.const 0x7fffffffffffffff)))
            (call $begins) (call $poll (i32.const 0) (i32.const 2) (i32.const 64))",
        )
        .goes_on(),
        scene("waiting for an answer that never comes", no_answer),
        scene("the one it waits for is killed meanwhile", killed_meanwhile),
        both("reading what nobody will ever type", "stdin").says(&["stdin=ok"]),
        both("calling itself", "call self 1 - well").shows(|outcome| {
            assert!(outcome.lines.iter().all(|line| line.starts_with("call=error:")), "{:?}", outcome.lines);
        }),
    ]
}

/// The victim never answers; the caller is killed while it waits.
fn no_answer(arena: &Arena, path: GuestPath) {
    let runtime = &arena.court.scenario.runtime;
    let spawn = |name: &str, script: &str| {
        let spawn = scripted(name, arena.probe(path), script).profile(actor(name, |_| ()));
        runtime
            .spawn(spawn.name(Name::new(name).expect("it is a name")))
            .expect("there is room for it")
    };
    let deaf = spawn("deaf", "receive then forget");
    let caller = spawn("caller", "call deaf 7 - question");
    arena.has_said_something("deaf");
    arena.witnesses_answer();
    caller.kill();
    assert_eq!(caller.wait(), ExitReason::Killed);
    deaf.kill();
    assert_eq!(deaf.wait(), ExitReason::Killed);
}

/// The caller learns at once that nobody will answer, and why: its question had arrived, so it knew whom it had asked.
fn killed_meanwhile(arena: &Arena, path: GuestPath) {
    let runtime = &arena.court.scenario.runtime;
    let deaf = scripted("deaf", arena.probe(path), "receive then forget")
        .name(Name::new("deaf").expect("it is a name"));
    let deaf = runtime.spawn(deaf).expect("there is room for it");
    let caller = scripted("caller", arena.probe(path), "call deaf 7 - question")
        .profile(actor("caller", |_| ()));
    let caller = runtime.spawn(caller).expect("there is room for it");
    arena.has_said_something("deaf");
    deaf.kill();
    assert_eq!(caller.wait(), ExitReason::Normal);
    let lines = arena.court.scenario.recorder.lines("caller");
    assert!(
        matches!(lines.as_slice(), [line] if line.contains("killed")),
        "{lines:?}"
    );
}

/// A module whose start function does this before there is an entry to call.
fn starts() -> Vec<Attack> {
    let begins = |body: &str| {
        format!(
            r#"(module {} (memory (export "memory") 1) (data (i32.const 65500) "begun")
            (func $begins (call $join (i32.const 65500) (i32.const 5)))
            (func $before {body}) (start $before) (func (export "_start")))"#,
            core_imports()
        )
    };
    let of_component = |body: &str| {
        format!(
            r#"(component
            (import "rusm:actor/registry@0.1.0" (instance $registry (export "join" (func (param "group" string)))))
            (core module $libc (memory (export "memory") 1) (data (i32.const 65500) "begun"))
            (core instance $libc (instantiate $libc))
            (core func $join (canon lower (func $registry "join") (memory (core memory $libc "memory"))))
            (core module $main
                (import "host" "join" (func $join (param i32 i32)))
                (func $begins (call $join (i32.const 65500) (i32.const 5)))
                (func $before {body}) (start $before) (func (export "run") (result i32) (i32.const 0)))
            (core instance $main (instantiate $main (with "host" (instance (export "join" (func $join))))))
            (func $run (result (result)) (canon lift (core func $main "run")))
            (instance $entry (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $entry)))"#
        )
    };
    vec![
        wat("a start function that never ends", begins("(call $begins) (loop $l (br $l))")).goes_on(),
        wat(
            "a start function that waits for ever",
            begins("(call $begins) (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 64)))"),
        )
        .goes_on(),
        wat("a start function that traps", begins("unreachable")).traps("unreachable"),
        wat("a start function without a floor", begins("(call $before)")).traps(OVERFLOW),
        wat(
            "a start function that ends its process",
            begins("(call $exit (i32.const 0) (i32.const 0))"),
        ),
        wat(
            "a start function that wants more memory than there is",
            begins("(drop (memory.grow (i32.const 60000)))"),
        )
        .runs_into(Limit::Memory),
        wat("a component's start function that never ends", of_component("(call $begins) (loop $l (br $l))")).goes_on(),
        wat("a component's start function that traps", of_component("unreachable")).traps("unreachable"),
    ]
}

/// Recursion, by every way to call.
fn depths() -> Vec<Attack> {
    vec![
        core_with("a function that calls itself", "(func $f (call $f) (nop))", "(call $f)").traps(OVERFLOW),
        core_with(
            "two functions that call each other",
            "(func $f (param i64) (call $g (local.get 0) (local.get 0))) (func $g (param i64 i64) (call $f (local.get 1)) (nop))",
            "(call $f (i64.const 1))",
        )
        .traps(OVERFLOW),
        core_with(
            "a table's function that calls itself through the table",
            "(type $t (func)) (table 1 funcref) (elem (i32.const 0) $f) (func $f (call_indirect (type $t) (i32.const 0)) (nop))",
            "(call $f)",
        )
        .traps(OVERFLOW),
        core_with(
            "a reference that calls itself",
            "(type $t (func)) (elem declare func $f) (func $f (call_ref $t (ref.func $f)) (nop))",
            "(call $f)",
        )
        .traps(OVERFLOW),
        core_with(
            "the deepest stack calls the host",
            // Each frame asks the host for something that needs a deep stack of its own, down to the last byte.
            "(func $f (drop (call $whereis (i32.const 65500) (i32.const 5)))
                (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))
                (drop (call $kill (i64.const 77))) (call $f) (nop))",
            "(call $f)",
        )
        .traps(OVERFLOW),
        core_with(
            "frames as large as they come",
            &format!("(func $f {} (call $f) {})", "(local v128)".repeat(4_000), "(drop (local.get 7))"),
            "(call $f)",
        )
        .traps(OVERFLOW),
        component("a component without a floor", &[], "(call $run-again) (nop)")
            .defining("(func $run-again (call $run-again) (nop))")
            .traps(OVERFLOW),
        both("a program that recurses without end", "overflow").traps(OVERFLOW),
        both("a program whose data recurses without end", "overflow-data").traps("out of bounds"),
    ]
}

/// Each way to trap.
fn traps() -> Vec<Attack> {
    vec![
        core("dividing by nothing", "(drop (i32.div_s (i32.const 1) (local.get $n)))").traps("divide by zero"),
        core("a quotient that does not fit", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))").traps("overflow"),
        core("no number as a number", "(drop (i32.trunc_f32_s (f32.const nan)))").traps("conversion to integer"),
        core("a load behind everything", "(drop (i64.load offset=0xffffffff (i32.const -1)))").traps("out of bounds"),
        core("a copy over the edge", "(memory.copy (i32.const 65535) (i32.const 0) (i32.const 2))").traps("out of bounds"),
        core_with("a call of nobody", "(type $t (func)) (table 1 funcref)", "(call_indirect (type $t) (i32.const 0))").traps("uninitialized"),
        core_with("a call behind the table", "(type $t (func)) (table 1 funcref)", "(call_indirect (type $t) (i32.const -1))")
            .traps("undefined element"),
        core_with(
            "a call of somebody else",
            "(type $t (func (param i64) (result i64))) (table 1 funcref) (elem (i32.const 0) $begins)",
            "(drop (call_indirect (type $t) (i64.const 7) (i32.const 0)))",
        )
        .traps("type mismatch"),
        core("a code that is no exit code", "(call $proc_exit (i32.const -1))").ends_somehow(),
        component("an end in the midst of a call", &["exit#exit"], "(call $exit (i32.const 1))").ends_somehow(),
    ]
}

#[test]
fn loops_waits_and_recursion_harm_nobody_else() {
    fight(&attacks());
}
