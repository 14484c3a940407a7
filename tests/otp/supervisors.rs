//! Supervisors that are guests: how they start, restart, stop and end (OTP statements 110 to 128, 136 to 138, pitfalls 11
//! and 12). What a supervisor did is read from its own reports, in order; what became of its children, from what they said.

use super::{PAIRS, Theatre, check, check_all};
use rusm_core::ExitReason;

#[test]
fn sup_order() {
    let reports = [
        "h: started a",
        "h: started b",
        "h: started c",
        "h: stopped c, shutdown, InTime",
        "h: stopped b, shutdown, InTime",
        "h: stopped a, shutdown, InTime",
    ];
    let children = [
        "a: initialised",
        "b: initialised",
        "c: initialised",
        "c: terminate shutdown",
        "b: terminate shutdown",
        "a: terminate shutdown",
    ];
    check_all("sup_order", &reports, &children);
}

#[test]
fn sup_start_fail() {
    let lines = [
        "start: Err(Failed(NotStarted(\"child \\\"c\\\" did not start: error: no\")))",
        "h: started a",
        "h: started b",
        "h: failed c, error: no",
        "h: stopped b, shutdown, InTime",
        "h: stopped a, shutdown, InTime",
        "left: [None, None, None]",
    ];
    check("sup_start_fail", &lines);
}

#[test]
fn sup_bad_spec() {
    let lines = [
        "not-started: two children have the id \"a\"",
        "not-started: child \"a\" is significant but permanent, so its end never counts: make it transient or temporary",
        "not-started: child \"a\" is significant, but its supervisor's auto shutdown is never",
    ];
    check_all("sup_bad_spec", &lines, &[]);
}

/// The spec of one that chose to be ignored stays, unless it is temporary.
#[test]
fn child_ignore() {
    let lines = [
        "child: (Some(\"a\"), false)",
        "child: (Some(\"c\"), true)",
        "h: ignored a",
        "h: ignored b",
        "h: started c",
        "h: stopped c, shutdown, InTime",
    ];
    check("child_ignore", &lines);
}

/// It has no time to clean up.
#[test]
fn stop_brutal() {
    let reports = ["h: started a", "h: stopped a, killed, BrutallyKilled"];
    check_all("stop_brutal", &reports, &["a: initialised"]);
}

/// Who obeys ends in time, who does not is killed, and who may take as long as it needs does.
#[test]
fn stop_timeout() {
    let lines = [
        "h: started obeys",
        "h: started cleans",
        "h: started stubborn",
        "h: started slow",
        "h: stopped slow, shutdown, InTime",
        "h: stopped stubborn, killed, TimedOut",
        "h: stopped cleans, shutdown, InTime",
        "h: stopped obeys, shutdown, InTime",
    ];
    check("stop_timeout", &lines);
}

/// Three of six have ended by themselves before their turn to be stopped: nothing hangs, nothing comes back.
#[test]
fn stop_race() {
    let lines = [
        "h: started a",
        "h: started b",
        "h: started c",
        "h: started d",
        "h: started e",
        "h: started f",
        "h: stopped f, shutdown, InTime",
        "h: stopped e, shutdown, InTime",
        "h: stopped d, shutdown, InTime",
        "h: stopped c, error: pushed, BrutallyKilled",
        "h: stopped b, error: pushed, InTime",
        "h: stopped a, error: pushed, InTime",
    ];
    check("stop_race", &lines);
}

#[test]
fn sup_parent_exit() {
    for (driver, cast) in PAIRS {
        let theatre = Theatre::new(driver, cast);
        assert_eq!(theatre.plays("sup_parent_exit"), ExitReason::Normal);
        let reports = [
            "owner: Error(\"over\")",
            "h: started a",
            "h: started b",
            "h: stopped b, shutdown, InTime",
            "h: stopped a, shutdown, InTime",
        ];
        assert_eq!(theatre.said("driver"), reports, "{driver:?} {cast:?}");
        assert_eq!(theatre.end_of("house").reason, ExitReason::error("over"));
    }
}

#[test]
fn restart_types() {
    let lines = [
        "h: started p1",
        "h: started p2",
        "h: started p3",
        "h: started t1",
        "h: started t2",
        "h: started t3",
        "h: started x1",
        "h: started x2",
        "h: started x3",
        "h: ended p1, normal, Restart",
        "h: started p1",
        "h: ended p2, shutdown, Restart",
        "h: started p2",
        "h: ended p3, error: e, Restart",
        "h: started p3",
        "h: ended t1, normal, StayEnded",
        "h: ended t2, shutdown, StayEnded",
        "h: ended t3, error: e, Restart",
        "h: started t3",
        "h: ended x1, normal, Forget",
        "h: ended x2, shutdown, Forget",
        "h: ended x3, error: e, Forget",
        "left: [\"p1\", \"p2\", \"p3\", \"t1\", \"t2\", \"t3\"]",
    ];
    check("restart_types", &lines);
}

#[test]
fn one_for_one() {
    let lines = [
        "h: started a",
        "h: started b",
        "h: started c",
        "h: ended b, error: e, Restart",
        "h: started b",
        "the same process: [true, false, true]",
    ];
    check("one_for_one", &lines);
}

#[test]
fn one_for_all() {
    let lines = [
        "h: started a",
        "h: started b",
        "h: started c",
        "h: ended b, error: e, Restart",
        "h: stopped c, shutdown, InTime",
        "h: stopped a, shutdown, InTime",
        "h: started a",
        "h: started b",
        "h: started c",
        "the same process: [false, false, false]",
    ];
    check("one_for_all", &lines);
}

#[test]
fn rest_for_one() {
    let lines = [
        "h: started a",
        "h: started b",
        "h: started c",
        "h: ended b, error: e, Restart",
        "h: stopped c, shutdown, InTime",
        "h: started b",
        "h: started c",
        "the same process: [true, false, false]",
    ];
    check("rest_for_one", &lines);
}

#[test]
fn bystander() {
    let lines = [
        "h: started a",
        "h: started t",
        "h: started x",
        "h: ended a, error: e, Restart",
        "h: stopped x, shutdown, InTime",
        "h: stopped t, shutdown, InTime",
        "h: started a",
        "h: started t",
        "left: [\"a\", \"t\"]",
    ];
    check("bystander", &lines);
}

/// Two are allowed, then none.
#[test]
fn intensity_exact() {
    let lines = [
        "h: started a",
        "h: started b",
        "h: ended a, error: e, Restart",
        "h: started a",
        "h: ended a, error: e, Restart",
        "h: started a",
        "house: Shutdown",
        "h: ended a, error: e, GiveUp",
        "h: gave up a",
        "h: stopped b, shutdown, InTime",
        "h: started a",
        "h: started b",
        "house: Shutdown",
        "h: ended a, error: e, GiveUp",
        "h: gave up a",
        "h: stopped b, shutdown, InTime",
    ];
    check("intensity_exact", &lines);
}

/// Between tries the supervisor answers, and can be stopped.
#[test]
fn restart_fails() {
    let lines = [
        "h: started a",
        "h: started b",
        "h: ended a, error: e, Restart",
        "h: failed a, error: it has not what it needs",
        "h: failed a, error: it has not what it needs",
        "while it is tried: Some(Restarting)",
        "cannot be restarted: Err(Restarting)",
        "it came back",
        "h: ended a, error: e, Restart",
        "stop: Ok(())",
    ];
    check("restart_fails", &lines);
}

/// Each failed try counts, and at last it is one too many.
#[test]
fn restart_fails_too_often() {
    let lines = [
        "h: started a",
        "house: Shutdown",
        "h: ended a, error: e, Restart",
        "h: failed a, error: it has not what it needs",
        "h: failed a, error: it has not what it needs",
        "h: gave up a",
    ];
    check("restart_fails_too_often", &lines);
}

/// The inner one begins again from its original list; the outer one has rules of its own.
#[test]
fn escalation() {
    let lines = [
        "outer: started x",
        "inner: started y",
        "outer: started inner",
        "inner: started z",
        "inner: ended y, error: e, GiveUp",
        "inner: gave up y",
        "inner: stopped z, shutdown, InTime",
        "outer: ended inner, shutdown, Restart",
        "inner: started y",
        "outer: started inner",
        "left: [\"y\"]",
        "outer: Shutdown",
        "inner: ended y, error: e, GiveUp",
        "inner: gave up y",
        "outer: ended inner, shutdown, GiveUp",
        "outer: gave up inner",
        "outer: stopped x, shutdown, InTime",
    ];
    check("escalation", &lines);
}

#[test]
fn auto_shutdown() {
    let lines = [
        "any: started a",
        "any: started b",
        "any: started c",
        "any: Shutdown",
        "any: ended a, normal, ShutDown",
        "any: stopped c, shutdown, InTime",
        "any: stopped b, shutdown, InTime",
        "all: started a",
        "all: started b",
        "all: started c",
        "all: ended a, shutdown, StayEnded",
        "all: Shutdown",
        "all: ended b, error: e, ShutDown",
        "all: stopped c, shutdown, InTime",
    ];
    check("auto_shutdown", &lines);
}

/// Stopped by request, restarted, or not significant.
#[test]
fn auto_not() {
    let lines = [
        "h: started a",
        "h: started b",
        "h: started c",
        "h: stopped a, shutdown, InTime",
        "h: ended b, error: e, Restart",
        "h: started b",
        "h: ended c, normal, Forget",
        "counts: Ok(Counts { specs: 2, active: 1, supervisors: 0, workers: 2 })",
    ];
    check("auto_not", &lines);
}

/// Pitfall 11.
#[test]
fn the_end_of_another_child_is_heard_while_one_is_stopped() {
    let lines = [
        "h: started timed",
        "h: started slow",
        "h: started b",
        "h: stopped timed, shutdown, InTime",
        "h: ended b, error: pushed, Restart",
        "h: started b",
        "h: stopped slow, shutdown, InTime",
        "h: ended b, error: pushed, Restart",
        "h: started b",
    ];
    check("two_ends", &lines);
}

/// Pitfall 12. A server that traps exits ends as by any exit of its parent; a nested supervisor ends its own in order.
#[test]
fn a_killed_supervisor_leaves_no_orphans() {
    let lines = [
        "h: started a",
        "h: started b",
        "inner: started c",
        "h: started inner",
        "killed",
        "killed",
        "shutdown",
        "killed",
        "left: [None, None, None, None]",
    ];
    check("killed", &lines);
}
