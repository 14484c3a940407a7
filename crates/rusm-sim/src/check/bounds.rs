//! A mailbox refuses messages when it is full, and only then; a pending timer holds room in it.

use super::{Checker, Violation, must};
use crate::fact::{Fact, LetterId};
use crate::history::History;
use rusm_actor::{CallError, Pid, SendError};
use std::collections::{BTreeMap, BTreeSet};

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Bounds;

#[derive(Default)]
struct Rooms {
    /// What waits, and what timers hold.
    held: BTreeMap<Pid, BTreeSet<LetterId>>,
    to: BTreeMap<LetterId, Pid>,
    timers: BTreeMap<rusm_actor::Ref, LetterId>,
    /// Timers to names were armed: where their messages are is not known.
    has_names: bool,
}

impl Checker for Bounds {
    fn shows(&self) -> &'static str {
        "a mailbox refuses messages when it is full, and only then; a pending timer holds room"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut rooms = Rooms::default();
        for (position, me, entry) in run.deeds() {
            match &entry.fact {
                Fact::Sends {
                    id, to: Some(to), ..
                } if to.is_there => rooms.enter(*id, to.pid),
                // To itself it is not even sent.
                Fact::Calls { id, to, .. } if to.is_there && to.pid != me => {
                    rooms.enter(*id, to.pid);
                }
                Fact::NotSent {
                    id,
                    error: SendError::MailboxFull,
                }
                | Fact::Called {
                    id,
                    result: Err(CallError::MailboxFull),
                } => rooms.refused(run, position, me, *id)?,
                Fact::Armed { timer, id, to, .. } => {
                    rooms.has_names |= to.is_none();
                    rooms.timers.insert(*timer, *id);
                    if let Some(to) = to.filter(|to| to.is_there) {
                        rooms.enter(*id, to.pid);
                    }
                }
                Fact::NotArmed { to: Some(to) } => rooms.is_full(run, position, me, to.pid)?,
                Fact::Cancelled {
                    timer,
                    left: Some(_),
                } => {
                    if let Some(id) = rooms.timers.get(timer).copied() {
                        rooms.leave(id);
                    }
                }
                Fact::Received { id: Some(id), .. } => {
                    rooms.overfull(run, position, me)?;
                    rooms.leave(*id);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Rooms {
    fn enter(&mut self, id: LetterId, to: Pid) {
        self.to.insert(id, to);
        self.held.entry(to).or_default().insert(id);
    }

    fn leave(&mut self, id: LetterId) {
        if let Some(to) = self.to.remove(&id) {
            self.held.entry(to).or_default().remove(&id);
        }
    }

    fn n_held(&self, pid: Pid) -> usize {
        self.held.get(&pid).map_or(0, BTreeSet::len)
    }

    fn refused(
        &mut self,
        run: &History,
        position: usize,
        me: Pid,
        id: LetterId,
    ) -> Result<(), Violation> {
        let to = self.to.get(&id).copied();
        self.leave(id);
        match to {
            Some(to) => self.is_full(run, position, me, to),
            None => Ok(()),
        }
    }

    fn is_full(&self, run: &History, position: usize, me: Pid, to: Pid) -> Result<(), Violation> {
        let bound = run.life(to).and_then(|life| life.tight);
        let n_held = self.n_held(to);
        must!(
            bound.is_some_and(|bound| n_held >= bound || self.has_names),
            position,
            [me, to],
            "{to} refused something of {me}: {n_held} messages wait, the bound is {bound:?}"
        );
        Ok(())
    }

    fn overfull(&self, run: &History, position: usize, me: Pid) -> Result<(), Violation> {
        let bound = run.life(me).and_then(|life| life.tight);
        let n_held = self.n_held(me);
        must!(
            bound.is_none_or(|bound| n_held <= bound),
            position,
            [me],
            "{n_held} messages wait in the mailbox of {me}, the bound is {bound:?}"
        );
        Ok(())
    }
}
