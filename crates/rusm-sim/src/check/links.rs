//! Every link is answered exactly once (statements 008, 041 to 047): the end of one side ends the other or
//! gives it one notice, with the true reason, and after an unlink neither.
//!
//! Link operations of the two sides that cross on the way are left out: what they come to depends on who was
//! first. A pair counts as long as each operation came when the other side had seen all that went before.

use super::{Checker, Violation, must};
use crate::fact::{Fact, Target};
use crate::history::History;
use rusm_actor::{Event, ExitReason, Pid};
use std::collections::{BTreeMap, BTreeSet};

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Links;

/// Two processes, the smaller pid first.
type Pair = (Pid, Pid);

#[derive(Default)]
struct Ties {
    pairs: BTreeMap<Pair, Tie>,
    /// Exit notices received: by whom, of whom.
    notices: BTreeMap<(Pid, Pid), Vec<(usize, ExitReason)>>,
    /// Exit signals sent on purpose: to whom, by whom.
    signals: BTreeMap<(Pid, Pid), Vec<ExitReason>>,
    /// Links asked for with somebody who was gone: by whom, with whom.
    with_the_dead: BTreeMap<(Pid, Pid), usize>,
    spawns_linked: BTreeSet<Pid>,
}

#[derive(Default)]
struct Tie {
    stands: bool,
    /// Operations crossed.
    is_unclear: bool,
    /// The last operation, and who did it.
    last: Option<(usize, Pid)>,
}

impl Checker for Links {
    fn shows(&self) -> &'static str {
        "008, 041 to 047: every link is answered once, with the true reason, and never after an unlink"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut ties = Ties::default();
        for (position, me, entry) in run.deeds() {
            ties.take_note(run, position, me, &entry.fact);
        }
        for ((one, other), tie) in &ties.pairs {
            if tie.is_unclear {
                continue;
            }
            ties.judge(run, *one, *other, tie.stands)?;
            ties.judge(run, *other, *one, tie.stands)?;
        }
        ties.no_notice_from_strangers()
    }
}

impl Ties {
    fn take_note(&mut self, run: &History, position: usize, me: Pid, fact: &Fact) {
        match fact {
            Fact::Links(to) if to.pid != me => self.link(run, position, me, *to),
            Fact::Unlinks(from) if *from != me => {
                self.operate(run, position, me, *from, false);
                if self.with_the_dead.contains_key(&(me, *from)) {
                    self.unclear(me, *from);
                }
            }
            Fact::Spawns { birth, .. } => {
                self.spawns_linked.remove(&me);
                if birth.link {
                    self.spawns_linked.insert(me);
                }
            }
            Fact::Spawned {
                parent: Some(parent),
            } if self.spawns_linked.contains(parent) => {
                let tie = self.pairs.entry(pair(me, *parent)).or_default();
                tie.stands = true;
                tie.last = Some((position, *parent));
            }
            Fact::Signals { to, reason } => {
                let signals = self.signals.entry((to.pid, me)).or_default();
                signals.push(reason.clone());
            }
            Fact::Received {
                event: Event::Exit { from, reason },
                ..
            } => {
                let notices = self.notices.entry((me, *from)).or_default();
                notices.push((position, reason.clone()));
            }
            _ => {}
        }
    }

    fn link(&mut self, run: &History, position: usize, me: Pid, to: Target) {
        if to.is_there {
            self.operate(run, position, me, to.pid, true);
        } else {
            *self.with_the_dead.entry((me, to.pid)).or_default() += 1;
            self.pairs.entry(pair(me, to.pid)).or_default();
        }
    }

    fn operate(&mut self, run: &History, position: usize, me: Pid, peer: Pid, stands: bool) {
        let mut is_unclear = has_not_seen(run, me, position, self.last_of(me, peer));
        // The other side is about to end, or does so in the course of this slice.
        let dies = run.life(peer).and_then(|life| life.dies);
        is_unclear |=
            dies.is_some_and(|dies| dies < position && !is_settled(run, me, position, peer));
        let tie = self.pairs.entry(pair(me, peer)).or_default();
        tie.is_unclear |= is_unclear;
        tie.last = Some((position, me));
        let is_over = run.is_gone(peer, position);
        if !is_over {
            tie.stands = stands;
        }
    }

    /// The last operation of the other side.
    fn last_of(&self, me: Pid, peer: Pid) -> Option<usize> {
        let (position, by) = self.pairs.get(&pair(me, peer))?.last?;
        (by == peer).then_some(position)
    }

    fn unclear(&mut self, me: Pid, peer: Pid) {
        self.pairs.entry(pair(me, peer)).or_default().is_unclear = true;
    }

    /// What became of `me` when `peer` ended.
    fn judge(&self, run: &History, me: Pid, peer: Pid, stands: bool) -> Result<(), Violation> {
        let (Some(mine), Some(theirs)) = (run.life(me), run.life(peer)) else {
            return Ok(());
        };
        let (Some(dies), Some(gone), Some(reason)) = (theirs.dies, theirs.gone, &theirs.reason)
        else {
            return Ok(());
        };
        let (false, Some(traps)) = (
            mine.dies.is_some_and(|dies| dies < gone),
            mine.traps_between(dies, gone),
        ) else {
            return Ok(()); // Ended itself, or changed its mind, meanwhile.
        };
        let n_received = self.notices_of(me, peer, reason);
        let n_signals = self.signals_of(me, peer, reason);
        let n_dead = match reason {
            ExitReason::NoProcess => self.with_the_dead.get(&(me, peer)).copied().unwrap_or(0),
            _ => 0,
        };
        let n_link = usize::from(stands);
        must!(
            n_received <= n_signals + n_link + n_dead,
            gone,
            [me, peer],
            "{me} was told {n_received} times that {peer} ended with {reason:?}, and is linked with it {n_link} times"
        );
        if !stands {
            return Ok(());
        }
        if traps {
            // A tiny mailbox may shed the notice of a link that only the other side has asked for.
            let may_be_shed = mine.tight.is_some();
            let is_owed = mine.has_drained_after(gone) && n_received == 0 && !may_be_shed;
            must!(
                !is_owed,
                gone,
                [me, peer],
                "{me} never heard of the end of {peer}, its link"
            );
        } else if !reason.is_normal() {
            must!(
                mine.slice_after(gone).is_none(),
                gone,
                [me, peer],
                "{me} lives on after {peer}, its link, ended with {reason:?}"
            );
        }
        Ok(())
    }

    fn notices_of(&self, me: Pid, peer: Pid, reason: &ExitReason) -> usize {
        let all = self.notices.get(&(me, peer)).into_iter().flatten();
        all.filter(|(_, why)| why == reason).count()
    }

    fn signals_of(&self, me: Pid, peer: Pid, reason: &ExitReason) -> usize {
        let all = self.signals.get(&(me, peer)).into_iter().flatten();
        all.filter(|why| *why == reason).count()
    }

    /// Exit notices come from links and signals only.
    fn no_notice_from_strangers(&self) -> Result<(), Violation> {
        for ((me, from), notices) in &self.notices {
            let is_linked = self.pairs.contains_key(&pair(*me, *from));
            // From outside a signal has its receiver's name.
            if is_linked || me == from {
                continue;
            }
            for (position, reason) in notices {
                must!(
                    self.signals_of(*me, *from, reason) > 0,
                    *position,
                    [*me, *from],
                    "{me} was told that {from} ended, which it never had to do with"
                );
            }
        }
        Ok(())
    }
}

fn pair(one: Pid, other: Pid) -> Pair {
    (one.min(other), one.max(other))
}

/// Whether the slice of `me` at `position` began before the other side's last operation.
fn has_not_seen(run: &History, me: Pid, position: usize, last: Option<usize>) -> bool {
    let slice = run.life(me).and_then(|life| life.slice_at(position));
    last.is_some_and(|last| slice.is_none_or(|slice| slice < last))
}

/// Whether `me` has met all that the end of `peer` caused before the slice at `position` began.
fn is_settled(run: &History, me: Pid, position: usize, peer: Pid) -> bool {
    let slice = run.life(me).and_then(|life| life.slice_at(position));
    slice.is_some_and(|slice| run.is_gone(peer, slice))
}
