//! Pids and references that were guessed.

use super::Neighbour;
use crate::app::{probe, scripted};
use crate::forge::module;
use crate::support::GuestPath;
use crate::trial::{Court, nothing};
use rusm_abi::IMPORTS;
use rusm_core::{ExitReason, Name, RuntimeEvent};

fn all_imports() -> String {
    IMPORTS.iter().map(crate::denials::raw_import).collect()
}

/// Replies under guessed references reach nobody who waits for one, also not beside the guesser's own references.
#[test]
fn a_guessed_reference_answers_nobody() {
    let court = Court::new();
    let program = probe(&court.scenario, GuestPath::Core);
    let callee =
        scripted("callee", &program, "receive then forget").name(Name::new("callee").unwrap());
    let callee = court.scenario.runtime.spawn(callee).unwrap();
    let caller = court
        .scenario
        .runtime
        .spawn(scripted("caller", &program, "call callee 7 - question"))
        .unwrap();
    // The call is pending from when the callee has seen the request.
    court.scenario.recorder.wait_for(|event| {
        let RuntimeEvent::GuestLine {
            component, line, ..
        } = event
        else {
            return None;
        };
        (&**component == "callee" && line.starts_with("receive=ok:request")).then_some(())
    });
    let body = "
        (local $base i64) (local $guess i64)
        (local.set $base (call $monitor (call $self)))
        (call $demonitor (local.get $base))
        (local.set $guess (i64.sub (local.get $base) (i64.const 20000)))
        (loop $next
            (call $reply (local.get $guess) (i32.const 0) (i32.const 6))
            (call $demonitor (local.get $guess))
            (drop (call $cancel-timer (local.get $guess)))
            (local.set $guess (i64.add (local.get $guess) (i64.const 1)))
            (br_if $next (i64.lt_s (local.get $guess) (i64.add (local.get $base) (i64.const 20000)))))
        (local.set $guess (i64.const 0))
        (loop $small
            (call $reply (local.get $guess) (i32.const 0) (i32.const 6))
            (local.set $guess (i64.add (local.get $guess) (i64.const 1)))
            (br_if $small (i64.lt_s (local.get $guess) (i64.const 20000))))";
    let wat = format!(
        r#"(module {} (memory (export "memory") 1) (data (i32.const 0) "forged") (func (export "_start") {body}))"#,
        all_imports()
    );
    let outcome = court.run("guesser", &wat::parse_str(&wat).unwrap());
    assert_eq!(
        outcome.reason,
        ExitReason::Normal,
        "a reference that nobody knows is nobody's"
    );
    // Had a guess hit, the call would be over and have an answer.
    callee.kill();
    assert_eq!(caller.wait(), ExitReason::Normal);
    let answers = court.scenario.recorder.lines("caller");
    assert!(
        matches!(answers.as_slice(), [answer] if answer.starts_with("call=error:") && answer.contains("killed")),
        "{answers:?}"
    );
}

/// Pids that were never given out are nobody: nothing is asked, nothing happens, and a monitor says so.
#[test]
fn a_guessed_pid_is_nobody() {
    let court = Court::new();
    let neighbour = Neighbour::in_node(&court.scenario);
    for guess in [
        "1",
        "-1",
        "0x7fffffffffffffff",
        "0x8000000000000000",
        "0xffffffff00000000",
        "0x100000000",
    ] {
        let body = format!(
            "(local $pid i64) (local $monitor i64)
            (local.set $pid (i64.const {guess}))
            (call $check (i32.eqz (call $send (local.get $pid) (i32.const 0) (i32.const 0) (i64.const 7) (i32.const 0) (i32.const 9))))
            (call $check (i32.eqz (call $signal (local.get $pid) (i32.const 0) (i32.const 0))))
            (call $check (i32.eqz (call $kill (local.get $pid))))
            (call $check (i32.eq (i32.const -9) (call $inspect (local.get $pid) (i32.const 0) (i32.const 0))))
            (call $check (i32.eq (i32.const -6) (call $call (local.get $pid) (i32.const 0) (i32.const 0) (i64.const 7)
                (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 0))))
            (local.set $monitor (call $monitor (local.get $pid)))
            (call $check (i32.eq (i32.const 40) (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 256) (i32.const 40))))
            (call $check (i32.eq (i32.load (i32.const 256)) (i32.const 3)))
            (call $check (i64.eq (i64.load (i32.const 264)) (local.get $pid)))
            (call $check (i64.eq (i64.load (i32.const 280)) (local.get $monitor)))
            (call $check (i32.eq (i32.load (i32.const 288)) (i32.const 3)))"
        );
        let outcome = court.run(guess, &module(&all_imports(), &body));
        assert_eq!(outcome.reason, ExitReason::Normal, "{guess}");
        assert_eq!(outcome.denied, [], "{guess}");
    }
    neighbour.still_answers();
}

/// The sender of a message is who sent it: it stands in no byte that the sender writes.
#[test]
fn a_sender_cannot_be_forged() {
    let court = Court::new();
    let neighbour = Neighbour::in_node(&court.scenario);
    let desk = neighbour.desk.pid().as_u64();
    // An event record, as the receiver would see it, that says somebody else had sent it.
    let body = format!(
        "(i64.store (i32.const 8) (i64.const {victim})) (i64.store (i32.const 16) (i64.const 99))
        (call $check (i32.eqz (call $send (i64.const {desk}) (i32.const 0) (i32.const 0) (i64.const 7) (i32.const 0) (i32.const 64))))",
        victim = neighbour.process.pid().as_u64()
    );
    let profile = nothing()
        .to_builder("liar")
        .send(rusm_caps::SendGrant::Anyone)
        .build()
        .unwrap();
    let outcome = court.run_as(profile, "liar", &module(&all_imports(), &body), [""; 0]);
    assert_eq!(outcome.reason, ExitReason::Normal);
    let (sender, tag, _) = neighbour.desk.message();
    assert_ne!(sender, neighbour.process.pid());
    assert_eq!(tag, 7);
    neighbour.still_answers();
}
