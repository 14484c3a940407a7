//! Many processes: as many as the machine holds, each start beyond that refused with its reason.

mod floods;
mod full;

use crate::app::{probe, scripted};
use crate::desk::Desk;
use crate::support::{BOTH_PATHS, PATIENCE, Scenario};
use rusm_core::{ExitReason, Pid, ProcessHandle, Program, Spawn, SpawnFailure};
use std::collections::BTreeSet;
use std::time::Instant;

/// More than the pool has slots on any machine.
const BEYOND_THE_POOL: usize = 4_200;

/// Sends each message back to its sender: 32 bytes of event, then the payload.
const ECHO: &str = r#"(module
    (import "rusm" "receive" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
    (import "rusm" "send" (func $send (param i64 i32 i32 i64 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $length i32)
        (loop $again
            (local.set $length (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 1024)))
            (drop (call $send (i64.load (i32.const 8)) (i32.const 0) (i32.const 0) (i64.load (i32.const 16))
                (i32.const 32) (i32.sub (local.get $length) (i32.const 32))))
            (br $again))))"#;

fn echo(scenario: &Scenario) -> Program {
    let wasm = wat::parse_str(ECHO).expect("it is valid");
    scenario
        .runtime
        .load("echo", &wasm)
        .expect("it can run here")
}

/// Sends to all, then takes all answers: everybody lives at once.
#[track_caller]
fn all_answer(desk: &Desk, everybody: &[Pid]) {
    let receivers = everybody.to_vec();
    desk.does(move |context| {
        for to in receivers {
            context
                .send(to, 5, *b"anybody there?")
                .expect("its mailbox has room");
        }
    });
    let answered: BTreeSet<Pid> = everybody.iter().map(|_| desk.message().0).collect();
    assert_eq!(answered, everybody.iter().copied().collect());
}

/// Everybody is blocked, so every worker goes to sleep.
#[track_caller]
pub(crate) fn becomes_idle(scenario: &Scenario) {
    let patience = Instant::now();
    while !scenario.runtime.node().is_idle() {
        assert!(
            patience.elapsed() < PATIENCE,
            "the node finds something to do although nobody can run"
        );
        std::thread::yield_now();
    }
}

/// A small table is full at once: the spawner learns it, and those who live go on.
#[test]
fn a_full_process_table_refuses_with_a_reason() {
    let scenario = Scenario::with(|builder| builder.max_processes(64));
    let desk = Desk::at(&scenario.runtime);
    let program = echo(&scenario);
    let mut everybody = Vec::new();
    let failure = loop {
        match scenario.runtime.spawn(Spawn::new("echo", &program)) {
            Ok(process) => everybody.push(process),
            Err(failure) => break failure,
        }
        assert!(everybody.len() <= 64, "more processes than the table holds");
    };
    assert!(
        matches!(&failure, SpawnFailure::TooMany(text) if !text.is_empty()),
        "{failure:?}"
    );
    assert!(
        everybody.len() > 16,
        "the table was full after {}",
        everybody.len()
    );
    let last = everybody.pop().expect("there are some");
    last.kill();
    assert_eq!(last.wait(), ExitReason::Killed);
    let everybody: Vec<Pid> = everybody.iter().map(ProcessHandle::pid).collect();
    all_answer(&desk, &everybody);
}

/// A component has several core instances; the pool's slots are no bound on how many of them live.
#[test]
fn guests_of_both_paths_overflow_the_pool() {
    for path in BOTH_PATHS {
        let scenario = Scenario::alone();
        let desk = Desk::at(&scenario.runtime);
        let program = probe(&scenario, path);
        let start = |_| {
            scenario
                .runtime
                .spawn(scripted("probe", &program, "echo"))
                .expect("there is room")
                .pid()
        };
        let everybody: Vec<Pid> = (0..BEYOND_THE_POOL).map(start).collect();
        all_answer(&desk, &everybody);
        becomes_idle(&scenario);
    }
}
