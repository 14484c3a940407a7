//! State machines (OTP statements 106 to 109).

use super::check;

/// Retried after a change of state and not before, in order, before what comes later.
#[test]
fn fsm_postpone() {
    check("fsm_postpone", &["<shut>", "<open> a b c"]);
}

/// Before what was postponed, and before the mailbox.
#[test]
fn fsm_inserted() {
    check("fsm_inserted", &["<shut> <open> one two a mail"]);
}

/// The wait for an event is over with any event, that of a state with a change, and that of a name with neither.
#[test]
fn fsm_timeouts() {
    let lines = ["<shut> Event State Named(\"own\")", "<open> Named(\"own\")"];
    check("fsm_timeouts", &lines);
}

/// Once for the first state and for each change; to go where one is is none.
#[test]
fn fsm_enter() {
    check("fsm_enter", &["<shut>", "<open> <shut>"]);
}
