//! A timer fires once, never early, in due order, and not after it was taken back (statements 073 to 079).

use super::{Checker, Violation, must};
use crate::fact::{Fact, LetterId, Target};
use crate::history::{History, Life};
use rusm_actor::{Event, Message, Payload, Pid, Ref, Selector};
use std::collections::BTreeMap;
use std::time::Duration;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Timers;

struct Timer {
    armed_by: Pid,
    /// Nobody: a name.
    to: Option<Target>,
    tag: u64,
    due: Duration,
    is_cancelled: bool,
    is_received: bool,
}

#[derive(Default)]
struct All {
    timers: BTreeMap<LetterId, Timer>,
    by_ref: BTreeMap<Ref, LetterId>,
    selects: BTreeMap<Pid, Selector>,
}

impl Checker for Timers {
    fn shows(&self) -> &'static str {
        "073 to 079: a timer fires once, never early, in due order, and never after it was taken back"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut all = All::default();
        for (position, me, entry) in run.deeds() {
            match &entry.fact {
                Fact::Armed {
                    timer,
                    id,
                    to,
                    tag,
                    due,
                } => {
                    all.by_ref.insert(*timer, *id);
                    let timer = Timer {
                        armed_by: me,
                        to: *to,
                        tag: *tag,
                        due: *due,
                        is_cancelled: false,
                        is_received: false,
                    };
                    all.timers.insert(*id, timer);
                }
                Fact::Receives { select, .. } => {
                    all.selects.insert(me, select.clone());
                }
                Fact::Received { id: Some(id), .. } => all.received(position, me, *id, entry.at)?,
                Fact::Cancelled { timer, left } => {
                    all.cancelled(run, position, me, (*timer, *left, entry.at))?;
                }
                Fact::Drained => all.drained(run, position, me)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl All {
    fn received(
        &mut self,
        position: usize,
        me: Pid,
        id: LetterId,
        now: Duration,
    ) -> Result<(), Violation> {
        let Some(timer) = self.timers.get(&id) else {
            return Ok(()); // Not of a timer.
        };
        let who = [me, timer.armed_by];
        must!(
            timer.due <= now,
            position,
            [who[0], who[1]],
            "{id:?} came at {now:?}, before {:?}",
            timer.due
        );
        must!(
            !timer.is_cancelled,
            position,
            [who[0], who[1]],
            "{id:?} came after its timer was taken back"
        );
        must!(
            !timer.is_received,
            position,
            [who[0], who[1]],
            "{id:?} came twice"
        );
        let is_to_me = timer.to.is_none_or(|to| to.pid == me);
        must!(
            is_to_me,
            position,
            [who[0], who[1]],
            "{id:?} came to {me} instead of {:?}",
            timer.to
        );
        if timer.to.is_some() {
            self.none_before(position, me, timer)?;
        }
        if let Some(timer) = self.timers.get_mut(&id) {
            timer.is_received = true;
        }
        Ok(())
    }

    /// No timer that was due before this one has a message that waits and matches as well.
    fn none_before(&self, position: usize, me: Pid, received: &Timer) -> Result<(), Violation> {
        let select = self.selects.get(&me);
        let earlier = self.timers.iter().find(|(_, timer)| {
            timer.waits_for(me)
                && timer.due < received.due
                && select.is_some_and(|select| select.matches(&timer.event()))
        });
        match earlier {
            Some((id, timer)) => Err(Violation::new(
                position,
                [me, timer.armed_by],
                format!(
                    "{me} received a timer due at {:?} before {id:?}, due at {:?}",
                    received.due, timer.due
                ),
            )),
            None => Ok(()),
        }
    }

    fn cancelled(
        &mut self,
        run: &History,
        position: usize,
        me: Pid,
        (timer, left, now): (Ref, Option<Duration>, Duration),
    ) -> Result<(), Violation> {
        let timer = self
            .by_ref
            .get(&timer)
            .and_then(|id| self.timers.get_mut(id));
        let Some(timer) = timer else {
            return Ok(());
        };
        match left {
            Some(left) => {
                must!(
                    !timer.is_cancelled && !timer.is_received,
                    position,
                    [me, timer.armed_by],
                    "a timer was taken back that had fired, or a second time"
                );
                must!(
                    left == timer.due.saturating_sub(now),
                    position,
                    [me],
                    "{left:?} were left at {now:?} of a timer due at {:?}",
                    timer.due
                );
                timer.is_cancelled = true;
            }
            None => {
                let holder = timer.to.map_or(timer.armed_by, |to| to.pid);
                let is_alive = |life: &Life| life.dies.is_none_or(|dies| position < dies);
                let stands = timer.to.is_none_or(|to| to.is_there)
                    && run.life(holder).is_some_and(is_alive)
                    && !timer.is_cancelled;
                must!(
                    !stands || timer.due <= now,
                    position,
                    [me, holder],
                    "a timer due at {:?} was not there at {now:?}",
                    timer.due
                );
            }
        }
        Ok(())
    }

    /// The mailbox is empty: what had fired before the look began must have been received.
    fn drained(&self, run: &History, position: usize, me: Pid) -> Result<(), Violation> {
        let look = run.life(me).and_then(|life| life.look_before(position));
        let time = look.map_or(Duration::ZERO, |look| run.time_of_step_before(look));
        let lost = self
            .timers
            .iter()
            .find(|(_, timer)| timer.waits_for(me) && timer.due < time);
        match lost {
            Some((id, timer)) => Err(Violation::new(
                position,
                [me, timer.armed_by],
                format!(
                    "{id:?} of a timer due at {:?} is lost: the mailbox is empty",
                    timer.due
                ),
            )),
            None => Ok(()),
        }
    }
}

impl Timer {
    fn waits_for(&self, pid: Pid) -> bool {
        let is_to = self.to.is_some_and(|to| to.is_there && to.pid == pid);
        is_to && !self.is_cancelled && !self.is_received
    }

    fn event(&self) -> Event {
        Event::Message(Message {
            from: self.armed_by,
            tag: self.tag,
            payload: Payload::from(""),
        })
    }
}
