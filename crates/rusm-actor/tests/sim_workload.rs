//! Everything that the kernel offers, done to each other by processes that are killed, panic, do not listen and
//! are refused, and every checker of `rusm_sim::check` on what happened.

use rusm_actor::{CallError, Event, ExitReason, SendError, SpawnError};
use rusm_sim::{Fact, Plan};
use std::collections::BTreeMap;

/// How many seeds unless told otherwise.
const SEEDS: u64 = 1_000;

#[test]
fn everything_at_once_on_every_seed() {
    Plan::everything().for_each_seed(env!("CARGO_PKG_NAME"), SEEDS);
}

#[test]
fn a_seed_decides_everything() {
    let plan = Plan::everything();
    for seed in 0..20 {
        let (once, again) = (plan.run(seed), plan.run(seed));
        let is_same = once
            .entries()
            .iter()
            .map(|entry| format!("{entry:?}"))
            .eq(again.entries().iter().map(|entry| format!("{entry:?}")));
        assert!(is_same, "two runs of seed {seed} differ");
    }
}

/// What the checkers judge does happen: a workload that never got there would satisfy them all.
#[test]
fn the_workload_meets_what_the_checkers_look_for() {
    let mut counts: BTreeMap<&str, usize> = OUTCOMES.iter().map(|name| (*name, 0)).collect();
    for seed in 0..300 {
        for entry in Plan::everything().run(seed).entries() {
            if let Some(outcome) = outcome(&entry.fact) {
                *counts.get_mut(outcome).unwrap() += 1;
            }
        }
    }
    let missing: Vec<_> = counts.iter().filter(|(_, count)| **count < 10).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

const OUTCOMES: &[&str] = &[
    "a message received",
    "a request received",
    "an exit notice",
    "a down notice",
    "a receive timed out",
    "a receive or call given up",
    "an empty mailbox",
    "a call answered",
    "a call too late",
    "a call to the dead",
    "a full mailbox",
    "a free name",
    "a timer taken back",
    "a timer gone",
    "a taken name",
    "a full table",
    "a killed process",
    "a process that panicked",
    "a process ended by a link with the dead",
    "letters left unread",
    "a body that ends itself",
    "a trap flag",
];

fn outcome(fact: &Fact) -> Option<&'static str> {
    Some(match fact {
        Fact::Received { event, .. } => match event {
            Event::Message(_) => "a message received",
            Event::Request(_) => "a request received",
            Event::Exit { .. } => "an exit notice",
            Event::Down { .. } => "a down notice",
        },
        Fact::TimedOut => "a receive timed out",
        Fact::GaveUp => "a receive or call given up",
        Fact::Drained => "an empty mailbox",
        Fact::Called { result: Ok(_), .. } => "a call answered",
        Fact::Called {
            result: Err(CallError::Timeout),
            ..
        } => "a call too late",
        Fact::Called {
            result: Err(CallError::Exited(_)),
            ..
        } => "a call to the dead",
        Fact::NotSent { error, .. } => match error {
            SendError::MailboxFull => "a full mailbox",
            SendError::NoName => "a free name",
        },
        Fact::Cancelled { left: Some(_), .. } => "a timer taken back",
        Fact::Cancelled { left: None, .. } => "a timer gone",
        Fact::Spawn(Err(SpawnError::NameTaken)) => "a taken name",
        Fact::Spawn(Err(SpawnError::TooMany)) => "a full table",
        Fact::Exited { reason, unread } => match reason {
            ExitReason::Killed => "a killed process",
            ExitReason::Trap(_) => "a process that panicked",
            ExitReason::NoProcess => "a process ended by a link with the dead",
            _ if *unread > 0 => "letters left unread",
            _ => return None,
        },
        Fact::Returns(reason) if !reason.is_normal() => "a body that ends itself",
        Fact::Traps(true) => "a trap flag",
        _ => return None,
    })
}
