//! Why a process ended (statements 003 to 005, 030, 033 to 035, 038): for one of the causes that there were, and
//! if a fatal signal arrived while it waited, for the first.

use super::silence::{is_alive, is_fatal};
use super::{Checker, Violation, must};
use crate::fact::Fact;
use crate::history::{History, Life};
use crate::ledger::Entry;
use rusm_actor::{ExitReason, Pid};
use std::collections::{BTreeMap, BTreeSet};

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Reasons;

/// What one process may have ended for.
#[derive(Default)]
struct Causes {
    /// What its body came to.
    own: Option<(usize, ExitReason)>,
    /// The first fatal signal that somebody sent.
    signal: Option<Signal>,
    /// Those it was ever linked with.
    peers: BTreeSet<Pid>,
    /// It linked somebody who was not there.
    links_the_dead: Option<usize>,
}

#[derive(Debug)]
struct Signal {
    position: usize,
    reason: ExitReason,
    /// The process sent it to itself: it acts at once.
    is_own: bool,
}

impl Checker for Reasons {
    fn shows(&self) -> &'static str {
        "003 to 005, 030, 033 to 035, 038: every end has a cause, and the first fatal signal fixes the reason"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut causes = BTreeMap::<Pid, Causes>::new();
        let mut births = BTreeMap::new();
        for (position, entry) in run.entries().iter().enumerate() {
            note_signal(&mut causes, run, position, entry);
            let Some(me) = entry.who else {
                continue;
            };
            match &entry.fact {
                Fact::Returns(reason) => {
                    causes.entry(me).or_default().own = Some((position, reason.clone()));
                }
                Fact::Panics(text) => {
                    let reason = ExitReason::trap(format!("host panic: {text}"));
                    causes.entry(me).or_default().own = Some((position, reason));
                }
                Fact::Links(to) if to.pid != me => {
                    if !to.is_there {
                        let dead = &mut causes.entry(me).or_default().links_the_dead;
                        dead.get_or_insert(position);
                    }
                    tie(&mut causes, me, to.pid);
                }
                Fact::Spawns { birth, .. } => {
                    births.insert(me, birth.link);
                }
                Fact::Spawned {
                    parent: Some(parent),
                } if births.get(parent) == Some(&true) => tie(&mut causes, me, *parent),
                _ => {}
            }
        }
        for (pid, life) in run.lives() {
            explain(run, pid, life, &causes.remove(&pid).unwrap_or_default())?;
        }
        Ok(())
    }
}

/// Notes a fatal signal, unless there was one before.
fn note_signal(causes: &mut BTreeMap<Pid, Causes>, run: &History, position: usize, entry: &Entry) {
    let mut note = |pid: Pid, reason: ExitReason| {
        let signal = &mut causes.entry(pid).or_default().signal;
        signal.get_or_insert(Signal {
            position,
            reason,
            is_own: entry.who == Some(pid),
        });
    };
    match &entry.fact {
        Fact::Signals { to, reason }
            if to.is_there && is_fatal(run, position, entry.who, to.pid, reason) =>
        {
            note(to.pid, reason.clone());
        }
        Fact::Shutdown => {
            let alive = run.lives().filter(|(_, life)| is_alive(life, position));
            alive.for_each(|(pid, _)| note(pid, ExitReason::Killed));
        }
        _ => {}
    }
}

fn tie(causes: &mut BTreeMap<Pid, Causes>, one: Pid, other: Pid) {
    causes.entry(one).or_default().peers.insert(other);
    causes.entry(other).or_default().peers.insert(one);
}

fn explain(run: &History, pid: Pid, life: &Life, causes: &Causes) -> Result<(), Violation> {
    let (Some(exited), Some(reason)) = (life.exited, &life.reason) else {
        return Ok(());
    };
    let first = causes.signal.as_ref();
    let is_before = |position: usize| first.is_none_or(|signal| position < signal.position);
    // A signal of somebody else may arrive in the very slice in which the body comes to its end.
    let is_under_way =
        first.is_some_and(|signal| !signal.is_own && life.slice_at(signal.position).is_some());
    let is_signal = first.is_some_and(|signal| signal.reason == *reason);
    let is_own = causes
        .own
        .as_ref()
        .is_some_and(|(position, own)| own == reason && (is_under_way || is_before(*position)));
    let is_dead_link =
        *reason == ExitReason::NoProcess && causes.links_the_dead.is_some_and(is_before);
    let is_peer = causes.peers.iter().any(|peer| {
        let peer = run.life(*peer);
        peer.is_some_and(|peer| {
            peer.reason.as_ref() == Some(reason) && peer.dies.is_some_and(is_before)
        })
    });
    must!(
        is_signal || is_own || is_dead_link || is_peer,
        exited,
        [pid],
        "{pid} ended with {reason:?}; the first fatal signal: {:?}, the body's own end: {:?}",
        causes.signal,
        causes.own
    );
    Ok(())
}
