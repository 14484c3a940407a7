//! Receives and sleeps never end early (statements 025, 026), and on a punctual clock whoever has what it waits
//! for runs before time passes (statement 023).

use super::{Checker, Violation, must};
use crate::fact::{Fact, LetterId};
use crate::history::History;
use rusm_actor::Pid;
use std::collections::BTreeMap;
use std::time::Duration;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts;

impl Checker for Timeouts {
    fn shows(&self) -> &'static str {
        "023, 025, 026: a wait never ends early, and what is waited for wakes at once"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut until = BTreeMap::<Pid, Option<Duration>>::new();
        let mut sent = BTreeMap::<LetterId, Duration>::new();
        let mut replied = BTreeMap::<LetterId, Duration>::new();
        let mut waits_since = BTreeMap::<Pid, Duration>::new();
        for (position, me, entry) in run.deeds() {
            let now = entry.at;
            match &entry.fact {
                Fact::Receives { until: limit, .. } => {
                    until.insert(me, *limit);
                    waits_since.insert(me, now);
                }
                Fact::Sleeps { until: limit } => {
                    until.insert(me, Some(*limit));
                }
                Fact::Slept | Fact::TimedOut => {
                    let limit = until.get(&me).copied().flatten();
                    must!(
                        limit.is_some_and(|limit| limit <= now),
                        position,
                        [me],
                        "a wait of {me} until {limit:?} ended at {now:?}"
                    );
                }
                Fact::Sends { id, .. } => {
                    sent.insert(*id, now);
                }
                Fact::Replies { id } => {
                    replied.entry(*id).or_insert(now);
                }
                Fact::Received { id: Some(id), .. } if run.is_punctual => {
                    // It may have been there before the wait began.
                    let since = waits_since.get(&me).copied().unwrap_or_default();
                    let ready = sent.get(id).map(|sent| (*sent).max(since));
                    at_once(position, me, ready, now)?;
                }
                Fact::Called { id, result: Ok(_) } if run.is_punctual => {
                    at_once(position, me, replied.get(id).copied(), now)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn at_once(
    position: usize,
    me: Pid,
    ready: Option<Duration>,
    now: Duration,
) -> Result<(), Violation> {
    must!(
        ready.is_none_or(|ready| ready == now),
        position,
        [me],
        "what {me} waited for was there at {ready:?}, and it ran at {now:?}"
    );
    Ok(())
}
