//! Calls, casts, and the end of a server (OTP statements 093 to 098, 101 to 103).

use super::{PAIRS, Theatre, check};
use crate::support::{BOTH_PATHS, supervision};
use rusm_core::{Exit, ExitReason};
use rusm_supervisor::{StopOutcome, SupervisorEvent};

/// Each caller of a crowd gets its own reply, though all are held and answered in reverse; another process may reply.
#[test]
fn call_reply() {
    for (driver, cast) in PAIRS {
        let theatre = Theatre::new(driver, cast);
        assert_eq!(theatre.plays("call_reply"), ExitReason::Normal);
        let replies = [
            "forwarded: Ok(\"reply by another\")",
            "at once: Ok(\"reply\")",
        ];
        assert_eq!(theatre.said("driver"), replies);
        let mut crowd = theatre.said("helper");
        crowd.sort();
        let expected: Vec<String> = (0..8).map(|n| format!("{n}: answer to {n}")).collect();
        assert_eq!(crowd, expected, "{driver:?} {cast:?}");
    }
}

/// The caller gives up; the server has the request all the same.
#[test]
fn call_timeout() {
    check(
        "call_timeout",
        &["held: Err(Timeout)", "log: Ok(\"hold-x\")"],
    );
}

#[test]
fn late_reply() {
    let lines = [
        "held: Err(Timeout)",
        "after the reply: Ok(\"after\")",
        "mailbox: None",
    ];
    check("late_reply", &lines);
}

/// None of these waits for its time-out of five seconds: none is the answer of one.
#[test]
fn call_server_dies() {
    let lines = [
        "vanishes: Err(Exited(Error(\"gone\")))",
        "is gone: Err(Exited(NoProcess))",
        "never was: Err(Exited(NoProcess))",
        "panics: \"trap\"",
    ];
    check("call_server_dies", &lines);
}

#[test]
fn call_self() {
    check(
        "call_self",
        &["itself: Ok(\"Err(CallsItself) Err(CallsItself)\")"],
    );
}

/// Lost without a word, or handled in the order sent, by pid and by name.
#[test]
fn cast_ok() {
    let lines = ["log: Ok(\"0 by-name 1\")", "log: Ok(\"by-name 2 by-name\")"];
    check("cast_ok", &lines);
}

/// Hostile bytes are answered, or handed on; the server serves on.
#[test]
fn a_server_answers_what_it_cannot_read() {
    let lines = [
        "raw: Ok([1])",
        "raw: Ok([1])",
        "raw: Ok([1])",
        "typed: Err(Unreadable)",
        "reply: Err(BadReply)",
        "other: Ok([110, 111, 116, 32, 97, 32, 99, 97, 108, 108])",
        "log: Ok(\"message-ffffffff00000002 message-ffffffff00000004\")",
    ];
    check("unreadable", &lines);
}

/// It runs when the server stops itself, fails by a callback's answer, is stopped, or gets its parent's signal while it traps;
/// not on a kill, not in a trap, and not by a signal that is not trapped.
#[test]
fn terminate_cb() {
    for (driver, cast) in PAIRS {
        let theatre = Theatre::new(driver, cast);
        assert_eq!(theatre.plays("terminate_cb"), ExitReason::Normal);
        let mut said = theatre.said("clerk");
        said.retain(|line| line.contains(": terminate "));
        let expected = [
            "itself: terminate error: done",
            "fails: terminate error: failed",
            "stopped: terminate normal",
            "signal: terminate shutdown",
        ];
        assert_eq!(said, expected, "{driver:?} {cast:?}");
        assert_eq!(theatre.said("driver"), ["reply: Ok(\"done\")"]);
    }
}

/// The end of another comes as a message; the parent's is the server's own, with the same reason.
#[test]
fn parent_exit() {
    for (driver, cast) in PAIRS {
        let theatre = Theatre::new(driver, cast);
        assert_eq!(theatre.plays("parent_exit"), ExitReason::Normal);
        let Exit { reason, .. } = theatre.end_of("clerk");
        assert_eq!(reason, ExitReason::error("over"));
        let said = [
            "child: initialised",
            "child: exit error: stumbled",
            "child: terminate error: over",
        ];
        assert_eq!(theatre.said("clerk"), said, "{driver:?} {cast:?}");
        assert_eq!(theatre.said("helper"), ["seen error: stumbled"]);
        assert_eq!(theatre.said("driver"), ["parent: Error(\"over\")"]);
    }
}

/// A server that the node itself started does not know who is above it, and obeys all the same.
#[test]
fn parent_exit_from_the_node() {
    for path in BOTH_PATHS {
        let theatre = Theatre::new(path, path);
        let clerk = theatre.spawn("clerk", &theatre.driver, &["clerk", "top", "trap"]);
        theatre
            .scenario
            .recorder
            .wait_for_line("clerk", "top: initialised");
        clerk.stop();
        let end = theatre.scenario.recorder.wait_for_end(clerk.pid());
        assert_eq!(end.reason, ExitReason::Shutdown);
        let said = ["top: initialised", "top: terminate shutdown"];
        assert_eq!(theatre.said("clerk"), said);
    }
}

/// The same below a supervisor of the manifest: stopped in order, and in its time.
#[test]
fn parent_exit_from_a_supervisor_of_the_manifest() {
    for path in BOTH_PATHS {
        let scenario = crate::support::Scenario::new();
        let probe = crate::support::guest_file("otp_probe", path);
        let manifest = format!(
            "[app]\nname = \"test\"\n[components.clerk]\nwasm = \"{}\"\nrestart = \"permanent\"\nargs = [\"clerk\", \"c\", \"trap\"]",
            probe.display()
        );
        let plan = rusm_core::BootPlan {
            manifest: rusm_manifest::parse("rusm.toml", &manifest).expect("it is one"),
            folder: ".".into(),
            built: std::collections::BTreeMap::new(),
        };
        let app = scenario.runtime.boot(&plan).expect("the app starts");
        scenario.recorder.wait_for_line("clerk", "c: initialised");
        app.stop();
        app.wait();
        let outcome = scenario.recorder.wait_for(|event| {
            let SupervisorEvent::ChildStopped {
                reason, outcome, ..
            } = supervision(event)?
            else {
                return None;
            };
            Some((reason.clone(), *outcome))
        });
        assert_eq!(outcome, (ExitReason::Shutdown, StopOutcome::InTime));
        let said = ["c: initialised", "c: terminate shutdown"];
        assert_eq!(scenario.recorder.lines("clerk"), said);
    }
}

/// Whoever stopped a server finds its name free; one that is not there, or does not answer, is an error.
#[test]
fn stop_sync() {
    let lines = [
        "stop: Ok(())",
        "name: None",
        "again: Err(NoProcess)",
        "stop: Ok(())",
        "name: None",
        "again: Err(NoProcess)",
        "nobody: Err(NoProcess)",
        "late: Err(Call(Timeout))",
    ];
    check("stop_sync", &lines);
}

/// A pid is an address and no right: only the parent may stop a server that says nothing else.
#[test]
fn a_stranger_does_not_stop_a_server() {
    for (driver, cast) in PAIRS {
        let theatre = Theatre::new(driver, cast);
        assert_eq!(theatre.plays("stop_needs_consent"), ExitReason::Normal);
        assert_eq!(theatre.said("helper"), ["stop: Err(Call(Refused))"]);
        assert_eq!(theatre.said("driver"), ["alive"], "{driver:?} {cast:?}");
    }
}
