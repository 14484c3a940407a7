//! Many processes: as many as the machine holds, each start beyond that refused with its reason.

use crate::app::{probe, scripted};
use crate::desk::Desk;
use crate::support::{BOTH_PATHS, PATIENCE, Scenario};
use rusm_actor::Event;
use rusm_core::{ExitReason, Pid, ProcessHandle, Program, Spawn, SpawnFailure};
use std::collections::BTreeSet;
use std::time::Instant;

const PROCESSES: usize = 20_000;
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
fn becomes_idle(scenario: &Scenario) {
    let patience = Instant::now();
    while !scenario.runtime.node().is_idle() {
        assert!(
            patience.elapsed() < PATIENCE,
            "the node finds something to do although nobody can run"
        );
        std::thread::yield_now();
    }
}

/// Whether a process that was just spawned lives; if not, why.
#[track_caller]
fn settles(scenario: &Scenario, desk: &Desk, pid: Pid) -> Result<(), ExitReason> {
    let monitor = desk.does(move |context| context.monitor(pid));
    desk.send(pid, 5, "anybody there?");
    if matches!(desk.next(), Event::Message(message) if message.from == pid) {
        desk.does(move |context| context.demonitor(monitor));
        return Ok(());
    }
    Err(scenario.recorder.wait_for_end(pid).reason)
}

/// With default kernel settings. What one more costs is refused with its reason, and nobody else notices.
#[test]
fn twenty_thousand_processes_live_at_once_and_the_rest_are_refused_with_a_reason() {
    let scenario = Scenario::alone();
    let desk = Desk::at(&scenario.runtime);
    let program = echo(&scenario);
    let start = || {
        scenario
            .runtime
            .spawn(Spawn::new("echo", &program))
            .expect("the process table has room")
            .pid()
    };
    let mut everybody: Vec<Pid> = (0..PROCESSES).map(|_| start()).collect();
    all_answer(&desk, &everybody);
    becomes_idle(&scenario);

    let mappings = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok();
    let mappings = mappings.and_then(|text| text.trim().parse::<usize>().ok());
    let Some(mappings) = mappings.filter(|mappings| *mappings <= 100_000) else {
        return; // This kernel holds more than a test wants to fill.
    };
    let refused = loop {
        let pid = start();
        match settles(&scenario, &desk, pid) {
            Ok(()) => everybody.push(pid),
            Err(reason) => break reason,
        }
        assert!(
            everybody.len() < mappings,
            "more processes than mappings, and none was refused"
        );
    };
    let text = refused.to_string();
    assert!(
        text.starts_with("not-started: no room for another process"),
        "{text}"
    );
    assert!(
        text.contains("vm.max_map_count") && text.contains(&mappings.to_string()),
        "{text}"
    );
    all_answer(&desk, &everybody);
    becomes_idle(&scenario);
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
