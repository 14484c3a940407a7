//! What others know: their memory, their arguments, the environment of the node. Nobody finds a byte of it.

use super::arena::{Arena, fight};
use super::attack::{Attack, both, component, core, core_imports, scene, wat};
use crate::app::scripted;
use crate::stage::actor;
use crate::support::GuestPath;
use crate::trial::nothing;
use rusm_core::{ExitReason, Program, Spawn};

/// How many times a slot is used by one who writes and then by one who looks.
const ROUNDS: usize = 1_000;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        scene("what the last process left in memory, tables and globals", canary),
        scene("what the last process left to be taken", left_to_take),
        scene("the arguments of somebody else", arguments),
        both("the environment of the node", "environment then env PATH then env HOME then env CARGO then arguments").shows(|outcome| {
            let [environment, path, home, cargo, arguments] = outcome.lines.as_slice() else {
                panic!("{:?}", outcome.lines)
            };
            assert_eq!(environment, "environment=ok");
            for line in [path, home, cargo] {
                assert!(line.starts_with("env=error"), "{line}");
            }
            assert!(arguments.starts_with("arguments=ok:the environment of the node"), "{arguments}");
        }),
        core(
            "a memory that grows into what was there before",
            &format!("(drop (memory.grow (i32.const 200))) {}", is_zero(0, 65_000, 65_536, 200 << 16)),
        ),
        component(
            "a component's memory that grows into what was there before",
            &[],
            &format!("(drop (memory.grow (i32.const 200))) {}", is_zero(16, 60_000, 65_536, 200 << 16)),
        ),
        both("the files of the node", "read /etc/passwd then read ../../../../etc/passwd then list / then list . then read /proc/self/environ")
            .shows(|outcome| {
                assert!(outcome.lines.iter().all(|line| !line.contains("=ok")), "{:?}", outcome.lines);
            }),
        both("the table of processes", "processes then inspect #witness").shows(|outcome| {
            assert!(outcome.lines.iter().take(1).all(|line| line == "processes=denied:process-control"), "{:?}", outcome.lines);
        }),
        wat(
            "what a start function of the last process left on the stack",
            // Locals begin as zeros, whatever lay where they lie.
            r#"(module (func $f (result i64) (local i64 i64 i64 i64 v128) (i64.or (i64.or (local.get 0) (local.get 1)) (i64.or (local.get 2)
                (i64.or (local.get 3) (i64x2.extract_lane 0 (local.get 4))))))
            (func (export "_start") (if (i64.ne (call $f) (i64.const 0)) (then (unreachable)))))"#,
        ),
    ]
}

/// A check that two stretches of memory hold nothing but zeros, a word at a time.
fn is_zero(from: u32, to: u32, and_from: u32, and_to: u32) -> String {
    let stretch = |label: &str, from: u32, to: u32| {
        format!(
            "(local.set $n (i32.const {from})) (loop ${label} (call $check (i64.eqz (i64.load (local.get $n))))
            (br_if ${label} (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 8))) (i32.const {to}))))"
        )
    };
    format!(
        "{}{}",
        stretch("one", from, to),
        stretch("two", and_from, and_to)
    )
}

const LAYOUT: &str = r#"(memory (export "memory") 4) (table $t 100 funcref) (global $g (mut i64) (i64.const 0)) (func $secret (unreachable))
    (elem declare func $secret)"#;

/// One writes wherever it can, and ends or traps; the next in its slot finds zeros.
fn canary(arena: &Arena, path: GuestPath) {
    let imports = core_imports();
    let writes = "(memory.fill (i32.const 0) (i32.const 0xa5) (i32.const 262144)) (drop (memory.grow (i32.const 4)))
        (memory.fill (i32.const 262144) (i32.const 0xa5) (i32.const 262144))
        (table.fill $t (i32.const 0) (ref.func $secret) (i32.const 100)) (global.set $g (i64.const -1)) (i32.store8 (i32.const 0) (i32.const 1))";
    let looks = "(local $n i32)
        (loop $l (if (i64.ne (i64.load (local.get $n)) (i64.const 0)) (then (unreachable)))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 8))) (i32.const 262144))))
        (if (i32.ne (i32.const 4) (memory.grow (i32.const 4))) (then (unreachable)))
        (loop $l (if (i64.ne (i64.load (local.get $n)) (i64.const 0)) (then (unreachable)))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 8))) (i32.const 524288))))
        (local.set $n (i32.const 0))
        (loop $l (if (i32.eqz (ref.is_null (table.get $t (local.get $n)))) (then (unreachable)))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 100))))
        (if (i64.ne (global.get $g) (i64.const 0)) (then (unreachable)))";
    let text = |body: &str| match path {
        GuestPath::Core => {
            format!(r#"(module {imports} {LAYOUT} (func (export "_start") {body}))"#)
        }
        GuestPath::Component => format!(
            r#"(component (core module $m {LAYOUT} (func (export "run") (result i32) {body} (i32.const 0)))
            (core instance $m (instantiate $m)) (func $run (result (result)) (canon lift (core func $m "run")))
            (instance $entry (export "run" (func $run))) (export "wasi:cli/run@0.2.0" (instance $entry)))"#
        ),
    };
    let runtime = &arena.court.scenario.runtime;
    let load = |name: &str, body: &str| {
        let wasm = wat::parse_str(text(body)).expect("it is valid");
        runtime.load(name, &wasm).expect("it can run here")
    };
    let (writer, crasher) = (
        load("writer", writes),
        load("crasher", &format!("{writes} unreachable")),
    );
    let reader = load("reader", looks);
    let run = |name: &str, program: &Program| {
        let process = runtime
            .spawn(Spawn::new(name, program).profile(nothing()))
            .expect("there is room for it");
        process.wait()
    };
    for round in 0..ROUNDS {
        match round % 2 {
            0 => assert_eq!(run("writer", &writer), ExitReason::Normal),
            _ => assert!(matches!(run("crasher", &crasher), ExitReason::Trap(_))),
        }
        assert_eq!(run("reader", &reader), ExitReason::Normal, "round {round}");
    }
}

/// A result that waited for one process is nobody else's.
fn left_to_take(arena: &Arena, _: GuestPath) {
    let text = |body: &str| {
        format!(
            r#"(module {} (memory (export "memory") 1) (data (i32.const 65500) "begun") (func (export "_start") {body}))"#,
            core_imports()
        )
    };
    let runtime = &arena.court.scenario.runtime;
    let load = |name: &str, body: &str| {
        let wasm = wat::parse_str(text(body)).expect("it is valid");
        runtime.load(name, &wasm).expect("it can run here")
    };
    let leaver = load(
        "leaver",
        "(call $join (i32.const 65500) (i32.const 5)) (drop (call $members (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 0)))",
    );
    let taker = load(
        "taker",
        "(if (call $take (i32.const 0) (i32.const 64)) (then (unreachable)))",
    );
    for _ in 0..50 {
        for (name, program) in [("leaver", &leaver), ("taker", &taker)] {
            let process = runtime
                .spawn(Spawn::new(name, program).profile(nothing()))
                .expect("there is room for it");
            assert_eq!(process.wait(), ExitReason::Normal, "{name}");
        }
    }
}

/// Each sees its own, also when both run the same code at once.
fn arguments(arena: &Arena, path: GuestPath) {
    let runtime = &arena.court.scenario.runtime;
    let secret = scripted(
        "keeper",
        arena.probe(path),
        "say --password=hunter2 then forget",
    )
    .profile(actor("keeper", |_| ()));
    let secret = runtime.spawn(secret).expect("there is room for it");
    arena
        .court
        .scenario
        .recorder
        .wait_for_line("keeper", "say=ok:--password=hunter2");
    let snoop = scripted(
        "snoop",
        arena.probe(path),
        "arguments then environment then env password",
    )
    .profile(nothing());
    assert_eq!(
        runtime.spawn(snoop).expect("there is room for it").wait(),
        ExitReason::Normal
    );
    let lines = arena.court.scenario.recorder.lines("snoop");
    assert!(!lines.concat().contains("hunter2"), "{lines:?}");
    assert!(lines.concat().contains("snoop arguments then"), "{lines:?}");
    secret.kill();
    assert_eq!(secret.wait(), ExitReason::Killed);
}

#[test]
fn nobody_finds_what_others_left() {
    fight(&attacks());
}
