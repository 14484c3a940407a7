//! Tasks: awaited, crashed, late, looked after, shut down.

use super::{PAIRS, Theatre, check};
use rusm_core::ExitReason;

#[test]
fn task_await() {
    let lines = ["Ok(16)", "Ok(9)", "Ok(4)", "Ok(1)", "mailbox: None"];
    check("task_await", &lines);
}

/// Without a link a crash is a value.
#[test]
fn task_crash() {
    let lines = ["trap", "Err(Exited(Error(\"broken\")))", "mailbox: None"];
    check("task_crash", &lines);
}

#[test]
fn task_crash_linked() {
    for (driver, cast) in PAIRS {
        let theatre = Theatre::new(driver, cast);
        let reason = theatre.plays("task_crash_linked");
        assert_eq!(reason, ExitReason::error("broken"), "{driver:?} {cast:?}");
        assert!(theatre.said("driver").is_empty());
    }
}

#[test]
fn task_crash_trapped() {
    let lines = [
        "Err(Exited(Error(\"broken\")))",
        "notice error: broken",
        "mailbox: None",
    ];
    check("task_crash_trapped", &lines);
}

/// Who is not done in time is killed, linked or not, and its owner lives on.
#[test]
fn task_timeout() {
    let lines = [
        "Err(Timeout)",
        "then: NoProcess",
        "Err(Timeout)",
        "then: NoProcess",
        "mailbox: None",
    ];
    check("task_timeout", &lines);
}

#[test]
fn task_yield() {
    let lines = ["running", "shutdown: None", "Ok(49)"];
    check("task_yield", &lines);
}

#[test]
fn task_shutdown() {
    let lines = [
        "obeys: None",
        "is killed: None",
        "at once: None",
        "was done: Some(Ok(49))",
        "had crashed: Some(Err(Exited(Error(\"broken\"))))",
        "mailbox: None",
    ];
    check("task_shutdown", &lines);
}

/// Neither an input nor an output of another type, nor one that is too long, is more than an error.
#[test]
fn task_types() {
    let lines = [
        "Err(Exited(Error(\"a task cannot read its input: is it of the type it expects?\")))",
        "Err(BadOutput)",
        "Input(TooLarge)",
        "Spawn(UnknownComponent)",
    ];
    check("task_types", &lines);
}

#[test]
fn task_owner_ends() {
    for (driver, cast) in PAIRS {
        let theatre = Theatre::new(driver, cast);
        let reason = ExitReason::error("owner");
        assert_eq!(theatre.plays("task_owner_ends"), reason);
        assert_eq!(theatre.end_of("task").reason, reason, "{driver:?} {cast:?}");
    }
}
