//! Each checker, shown a run in which just its guarantee is broken.

use super::*;
use crate::fact::{Birth, Fact, LetterId, Target};
use crate::history::Remains;
use crate::ledger::Entry;
use crate::plan::Plan;
use rusm_actor::{Event, ExitReason, Message, Name, Ref, Selector, SendError};
use std::time::Duration;

const A: u64 = 1;
const B: u64 = 2;

fn pid(number: u64) -> Pid {
    Pid::from_u64(number).unwrap()
}

fn there(number: u64) -> Target {
    Target {
        pid: pid(number),
        is_there: true,
    }
}

/// A run in which this happens, all at the start of time, and nothing else.
fn run(facts: Vec<(u64, Fact)>) -> History {
    let entries = facts.into_iter().map(|(who, fact)| Entry {
        at: Duration::ZERO,
        who: Pid::from_u64(who),
        fact,
    });
    let entries: Vec<Entry> = entries.collect();
    let rest = entries.len();
    History::new(entries, Remains::default(), true, 100, rest)
}

fn sends(id: u64) -> Fact {
    Fact::Sends {
        id: LetterId(id),
        to: Some(there(B)),
        tag: 0,
    }
}

fn received(id: u64) -> Fact {
    let message = Message {
        from: pid(A),
        tag: 0,
        payload: "".into(),
    };
    Fact::Received {
        event: Event::Message(message),
        id: Some(LetterId(id)),
    }
}

fn receives(until: Option<Duration>) -> Fact {
    let select = Selector::any();
    Fact::Receives { select, until }
}

fn ends(reason: ExitReason) -> Fact {
    Fact::Exited { reason, unread: 0 }
}

fn boom() -> ExitReason {
    ExitReason::error("boom")
}

fn name() -> Name {
    Name::new("name").unwrap()
}

fn reference() -> Ref {
    Ref::from_u64(7).unwrap()
}

#[track_caller]
fn caught(checker: impl Checker, history: &History, by: &str) {
    let violation = checker.check(history).unwrap_err();
    assert!(violation.what.contains(by), "{}", violation.what);
}

#[test]
fn a_process_that_never_ends() {
    let born = run(vec![(A, Fact::Spawned { parent: None })]);
    caught(Lives, &born, "no end was reported");
}

#[test]
fn a_letter_that_is_lost_or_comes_twice() {
    let lost = vec![
        (A, sends(1)),
        (B, Fact::SliceBegins),
        (B, receives(None)),
        (B, Fact::Drained),
    ];
    caught(Delivery, &run(lost), "is lost");
    let twice = vec![(A, sends(1)), (B, received(1)), (B, received(1))];
    caught(Delivery, &run(twice), "a second time");
    let unread = vec![(A, sends(1)), (B, ends(boom()))];
    caught(Delivery, &run(unread), "left 0 unread");
}

#[test]
fn a_letter_that_overtakes() {
    let overtaken = vec![
        (A, sends(1)),
        (A, sends(2)),
        (B, receives(None)),
        (B, received(2)),
    ];
    caught(Order, &run(overtaken), "before LetterId(1)");
    let passed_over = vec![
        (A, sends(1)),
        (B, receives(Some(Duration::ZERO))),
        (B, Fact::TimedOut),
    ];
    caught(Order, &run(passed_over), "was there");
}

fn kill() -> Fact {
    Fact::Signals {
        to: there(B),
        reason: ExitReason::Killed,
    }
}

#[test]
fn a_kill_that_does_not_end_its_receiver() {
    let runs_on = vec![(A, kill()), (B, Fact::SliceBegins)];
    caught(Silence, &run(runs_on), "runs on");
}

#[test]
fn an_end_without_a_cause_or_with_the_second_one() {
    caught(Reasons, &run(vec![(B, ends(boom()))]), "ended with");
    let second = Fact::Signals {
        to: there(B),
        reason: boom(),
    };
    let second_wins = vec![(A, kill()), (A, second), (B, ends(boom()))];
    caught(Reasons, &run(second_wins), "the first fatal signal");
}

/// Links both, ends one, and lets the other do this.
fn after_the_end_of_a_link(trapping: bool, then: Vec<(u64, Fact)>) -> History {
    let mut facts = vec![
        (A, Fact::SliceBegins),
        (A, Fact::Traps(trapping)),
        (A, Fact::Links(there(B))),
        (A, Fact::SliceEnds),
        (B, Fact::Dies),
        (B, ends(boom())),
        (0, Fact::Step),
        (A, Fact::SliceBegins),
    ];
    facts.extend(then);
    run(facts)
}

#[test]
fn a_link_that_is_not_answered_or_twice() {
    let lives_on = after_the_end_of_a_link(false, vec![]);
    caught(Links, &lives_on, "lives on");
    let unheard = vec![(A, receives(None)), (A, Fact::Drained)];
    caught(
        Links,
        &after_the_end_of_a_link(true, unheard),
        "never heard",
    );
    let notice = Fact::Received {
        event: Event::Exit {
            from: pid(B),
            reason: boom(),
        },
        id: None,
    };
    let twice = vec![(A, notice.clone()), (A, notice)];
    caught(Links, &after_the_end_of_a_link(true, twice), "told 2 times");
}

#[test]
fn a_monitor_that_is_not_answered() {
    let monitored = Fact::Monitored {
        monitor: reference(),
        target: there(B),
    };
    let facts = vec![
        (A, monitored),
        (B, ends(boom())),
        (0, Fact::Step),
        (A, Fact::SliceBegins),
        (A, Fact::Drained),
    ];
    caught(Monitors, &run(facts), "never heard");
}

#[test]
fn a_call_with_the_reply_to_another() {
    let calls = |id| Fact::Calls {
        id: LetterId(id),
        to: there(B),
        tag: 0,
        until: None,
    };
    let called = Fact::Called {
        id: LetterId(1),
        result: Ok(LetterId(2)),
    };
    let replies = Fact::Replies { id: LetterId(1) };
    let wrong = vec![(A, calls(1)), (B, replies), (A, called)];
    caught(Calls, &run(wrong), "got the reply to");
    let mut stuck = run(vec![(A, calls(1)), (B, Fact::Replies { id: LetterId(1) })]);
    stuck.remains.alive = vec![pid(A)];
    caught(Stuck, &stuck, "which was given");
}

#[test]
fn a_name_with_two_holders() {
    let registered = |who| {
        let (name, result) = (name(), Ok(()));
        (who, Fact::Registered { name, result })
    };
    caught(Names, &run(vec![registered(A), registered(B)]), "holds");
}

#[test]
fn a_join_that_does_not_count() {
    let listed = Fact::Members {
        group: name(),
        members: vec![],
    };
    let facts = vec![(A, Fact::Joined(name())), (B, listed)];
    caught(Groups, &run(facts), "0 times in name, not 1");
}

#[test]
fn a_timer_that_is_early_or_was_taken_back() {
    let armed = |due| Fact::Armed {
        timer: reference(),
        id: LetterId(1),
        to: Some(there(B)),
        tag: 0,
        due,
    };
    let early = vec![(A, armed(Duration::from_millis(1))), (B, received(1))];
    caught(Timers, &run(early), "before 1ms");
    let cancelled = Fact::Cancelled {
        timer: reference(),
        left: Some(Duration::ZERO),
    };
    let late = vec![(A, armed(Duration::ZERO)), (A, cancelled), (B, received(1))];
    caught(Timers, &run(late), "after its timer was taken back");
}

#[test]
fn a_wait_that_ends_early() {
    let facts = vec![
        (A, receives(Some(Duration::from_millis(1)))),
        (A, Fact::TimedOut),
    ];
    caught(Timeouts, &run(facts), "ended at 0ns");
}

#[test]
fn a_spawn_beyond_the_limit() {
    let spawns = Fact::Spawns {
        birth: Birth::default(),
        n_alive: 100,
    };
    let facts = vec![(A, spawns), (A, Fact::Spawn(Ok(pid(B))))];
    caught(Spawns, &run(facts), "among 100 of 100");
}

#[test]
fn a_refusal_without_need() {
    let error = SendError::MailboxFull;
    let id = LetterId(1);
    let facts = vec![(A, sends(1)), (A, Fact::NotSent { id, error })];
    caught(Bounds, &run(facts), "refused something");
}

#[test]
fn a_process_and_a_timer_that_are_left_over() {
    let mut left = run(vec![]);
    left.remains.n_timers = 1;
    caught(Leftovers, &left, "1 timers");
    left.remains.alive = vec![pid(A)];
    caught(Stuck, &left, "must come");
}

#[test]
fn real_runs_satisfy_all_of_them() {
    for seed in 0..20 {
        Plan::everything().check(seed).unwrap();
    }
}
