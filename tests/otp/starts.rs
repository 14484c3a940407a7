//! The start of a server, and what it does first (OTP statements 099, 100, 104, 105).

use super::{PAIRS, Theatre, check};
use rusm_core::{ExitReason, RuntimeEvent};

const TIMEOUT: &str = "Timeout";

/// Back from a start that failed the caller finds the name free and its mailbox empty, though it traps exits.
#[test]
fn start_sync() {
    let lines = [
        "Failed(Error(\"no\"))",
        "name: None",
        "mailbox: None",
        "trap",
        "name: None",
        "mailbox: None",
        "Ignored",
        "name: None",
        "mailbox: None",
        TIMEOUT,
        "name: None",
        "mailbox: None",
        "running",
        "started",
        "mailbox: None",
    ];
    check("start_sync", &lines);
}

/// A server that has been started has initialised before.
#[test]
fn start_sync_waits_for_the_initialisation() {
    for (driver, cast) in PAIRS {
        let theatre = Theatre::new(driver, cast);
        assert_eq!(theatre.plays("start_sync"), ExitReason::Normal);
        let events = theatre.scenario.recorder.events();
        let place = |wanted: &str| {
            let is_it = |event: &RuntimeEvent| matches!(event, RuntimeEvent::GuestLine { line, .. } if **line == *wanted);
            events.iter().position(is_it).expect("it was said")
        };
        assert!(place("c: initialised") < place("started"), "{events:?}");
    }
}

#[test]
fn start_variants() {
    let lines = [
        "running",
        "already started, holder: true",
        "Ignored",
        "Failed(Error(\"no\"))",
        "trap",
        TIMEOUT,
        "Spawn(UnknownComponent)",
    ];
    check("start_variants", &lines);
}

/// What else comes from a process that failed to start is not thrown away with the notice of its end.
#[test]
fn a_failed_start_keeps_messages() {
    let lines = ["Failed(Error(\"no\"))", "one", "two", "mailbox: None"];
    check("start_keeps_messages", &lines);
}

/// A cast that waits already comes after the continuation.
#[test]
fn continue_first() {
    let lines = [
        "log: Ok(\"continued early\")",
        "log: Ok(\"continued late\")",
    ];
    check("continue_first", &lines);
}

/// A starter that is asked at once can answer: it does not wait for what follows on the initialisation.
#[test]
fn start_is_over_before_what_follows() {
    let lines = ["log: Ok(\"continued Ok([121, 101, 115])\")"];
    check("start_is_over_before_what_follows", &lines);
}

/// An initialisation that receives sees nothing of its starter's question, and does not lose it.
#[test]
fn an_initialisation_may_receive() {
    check("an_initialisation_may_receive", &["log: Ok(\"\")"]);
}

/// It fires when nothing comes, and not if something has come already; asking whether the server has started is not something.
#[test]
fn server_timeout() {
    let lines = [
        "idle: \"timeout\"",
        "log: Ok(\"mail\")",
        "log: Ok(\"\")",
        "idle: \"timeout\"",
    ];
    check("server_timeout", &lines);
}
