//! A call gets the reply to it and no other, or the true reason why there is none (statements 093 to 097).

use super::{Checker, Violation, must};
use crate::fact::{Fact, LetterId, Target};
use crate::history::History;
use rusm_actor::{CallError, ExitReason, Pid};
use std::collections::BTreeMap;
use std::time::Duration;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Calls;

struct Call {
    to: Target,
    until: Option<Duration>,
    /// The first reply, and who gave it.
    reply: Option<(usize, Pid)>,
}

impl Checker for Calls {
    fn shows(&self) -> &'static str {
        "093 to 097: a call gets its own reply, at most one, or the true reason why there is none"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut calls = BTreeMap::<LetterId, Call>::new();
        for (position, me, entry) in run.deeds() {
            match &entry.fact {
                Fact::Calls { id, to, until, .. } => {
                    let call = Call {
                        to: *to,
                        until: *until,
                        reply: None,
                    };
                    calls.insert(*id, call);
                }
                Fact::Replies { id } => {
                    if let Some(call) = calls.get_mut(id) {
                        call.reply.get_or_insert((position, me));
                    }
                }
                Fact::Called { id, result } => {
                    let Some(call) = calls.remove(id) else {
                        continue;
                    };
                    match result {
                        Ok(answered) => replied(position, me, (*id, &call), *answered)?,
                        Err(error) => failed(run, position, me, (&call, entry.at), error)?,
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn replied(
    position: usize,
    me: Pid,
    (id, call): (LetterId, &Call),
    answered: LetterId,
) -> Result<(), Violation> {
    must!(
        answered == id && call.reply.is_some(),
        position,
        [me, call.to.pid],
        "{me} asked {id:?} and got the reply to {answered:?}"
    );
    Ok(())
}

fn failed(
    run: &History,
    position: usize,
    me: Pid,
    (call, now): (&Call, Duration),
    error: &CallError,
) -> Result<(), Violation> {
    let callee = call.to.pid;
    // A reply that was there when the slice began is taken before anything else.
    let slice = run.life(me).and_then(|life| life.slice_at(position));
    let is_answered = |(at, by): (usize, Pid)| {
        let counts = !matches!(error, CallError::Exited(_)) || by == callee;
        counts && slice.is_some_and(|slice| at < slice)
    };
    must!(
        !call.reply.is_some_and(is_answered),
        position,
        [me, callee],
        "a call of {me} failed with {error:?}, though the reply was there"
    );
    let is_true = match error {
        CallError::Timeout => call.until.is_some_and(|until| until <= now),
        CallError::Exited(reason) => tells_truth(run, call.to, reason),
        CallError::SelfCall => callee == me,
        CallError::MailboxFull => call.to.is_there,
        CallError::NoName => false,
    };
    must!(
        is_true,
        position,
        [me, callee],
        "a call of {me} to {:?} until {:?} failed at {now:?} with {error:?}",
        call.to,
        call.until
    );
    Ok(())
}

fn tells_truth(run: &History, callee: Target, reason: &ExitReason) -> bool {
    run.end_of(callee) == Some(reason)
}
