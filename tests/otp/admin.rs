//! Child administration, and dynamic supervisors (OTP statements 129 to 135), with guests on both sides.

use super::{PAIRS, Theatre, check, check_all};
use rusm_core::ExitReason;

/// A start that fails leaves no spec; one that is ignored does.
#[test]
fn adm_start() {
    let lines = [
        "Some(\"a\")",
        "already started a",
        "AlreadyPresent",
        "NotStarted(Error(\"no\"))",
        "None",
        "BadSpec(\"child \\\"c\\\" is significant, but its supervisor's auto shutdown is never\")",
        "BadSpec(\"child \\\"d\\\" cannot be spawned: a name or its arguments are longer than the node takes\")",
        "NotStarted(NotStarted(\"cannot spawn: no such component\"))",
        "ids: [Some(\"a\"), Some(\"b\")]",
        "h: started a",
        "h: stopped a, shutdown, InTime",
        "h: failed b, error: no",
        "h: ignored b",
        "h: failed e, not-started: cannot spawn: no such component",
    ];
    check("adm_start", &lines);
}

/// Though the strategy is one-for-all and no restart is allowed: a request is neither an end nor a restart.
#[test]
fn adm_terminate() {
    let lines = [
        "a: Ok(())",
        "a: Ok(())",
        "b: Ok(())",
        "b: Err(NotFound)",
        "nobody: Err(NotFound)",
        "ids: [Some(\"a\")]",
        "h: started a",
        "h: started b",
        "h: stopped a, shutdown, InTime",
        "h: stopped b, killed, BrutallyKilled",
    ];
    let children = ["a: initialised", "b: initialised", "a: terminate shutdown"];
    check_all("adm_terminate", &lines, &children);
}

#[test]
fn adm_restart_delete() {
    let lines = [
        "running a",
        "running a",
        "NotFound",
        "NotFound",
        "Some(\"a\")",
        "delete: Ok(())",
        "ids: []",
        "h: started a",
        "h: stopped a, shutdown, InTime",
        "h: started a",
        "h: stopped a, shutdown, InTime",
    ];
    check("adm_restart_delete", &lines);
}

#[test]
fn adm_list() {
    let lines = [
        "a: (false, true, Worker)",
        "b: (true, false, Worker)",
        "inner: (false, true, Supervisor)",
        "counts: Ok(Counts { specs: 3, active: 2, supervisors: 1, workers: 2 })",
        "h: started a",
        "h: started b",
        "h: started inner",
        "h: stopped b, shutdown, InTime",
        "h: stopped inner, shutdown, InTime",
        "h: stopped a, shutdown, InTime",
    ];
    check("adm_list", &lines);
}

/// The one that is restarted says the label it was started with again.
#[test]
fn dyn_same_spec() {
    let lines = [
        "ids: []",
        "WrongKind",
        "by id: Err(WrongKind)",
        "counts: Ok(Counts { specs: 2, active: 2, supervisors: 0, workers: 2 })",
        "h: started worker",
        "h: started worker",
        "h: ended worker, error: e, Restart",
        "h: started worker",
        "by process: Ok(())",
        "again: Ok(())",
        "ids: [None]",
        "NotStarted(Error(\"no\"))",
        "None",
        "ids: [None]",
        "h: stopped worker, shutdown, InTime",
        "h: failed worker, error: no",
        "h: ignored worker",
        "h: stopped worker, shutdown, InTime",
    ];
    let children = [
        "first: initialised",
        "second: initialised",
        "first: terminate error: e",
        "first: initialised",
    ];
    check_all("dyn_same_spec", &lines, &children);
}

/// Each child waits until all have been asked: one after the other they would wait for ever.
#[test]
fn dyn_stop() {
    let lines = [
        "h: started worker",
        "h: started worker",
        "h: started worker",
        "h: stopped worker, shutdown, InTime",
        "h: stopped worker, shutdown, InTime",
        "h: stopped worker, shutdown, InTime",
    ];
    check("dyn_stop", &lines);
}

/// To have a child started is to spawn with the supervisor's rights: not everybody may.
#[test]
fn a_stranger_does_not_administer_a_supervisor() {
    for (driver, cast) in PAIRS {
        let theatre = Theatre::new(driver, cast);
        assert_eq!(theatre.plays("not_admitted"), ExitReason::Normal);
        assert_eq!(
            theatre.said("helper"),
            ["list: Err(Refused)"],
            "{driver:?} {cast:?}"
        );
    }
}

#[test]
fn a_supervisor_answers_what_it_cannot_read() {
    let lines = [
        "raw: Ok([1])",
        "raw: Ok([1])",
        "raw: Ok([1])",
        "raw: Ok([0, 0, 7])",
        "counts: Ok(Counts { specs: 1, active: 1, supervisors: 0, workers: 1 })",
    ];
    check("garbage", &lines);
}
