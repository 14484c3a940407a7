//! A run that is over, for checkers to look through: [`History`].
//!
//! # Positions
//! Entries are named by their position. Between two steps of the simulation no slice is under way: what was
//! sent before a step's end has arrived, and an end that was reported before it is complete.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of most facts a life keeps nothing"
)]

use crate::fact::{Fact, Target};
use crate::ledger::Entry;
use rusm_actor::{ExitReason, Pid};
use std::collections::BTreeMap;
use std::time::Duration;

/// The life of one process; positions of what happened to it.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// Its spawn was reported.
    pub born: Option<usize>,
    /// Its body was being dropped; where it was born, if it never had one.
    pub dies: Option<usize>,
    /// Its end was reported.
    pub exited: Option<usize>,
    /// Everybody who has to be told of it has been.
    pub gone: Option<usize>,
    /// Why it ended.
    pub reason: Option<ExitReason>,
    /// What it left unread.
    pub unread: usize,
    /// How many messages its mailbox holds, when they are few.
    pub tight: Option<usize>,
    slices: Vec<(usize, usize)>,
    traps: Vec<(usize, bool)>,
    /// Where it began to look at what had arrived: slices and receives.
    looks: Vec<usize>,
    /// The last of these after which it found its mailbox empty.
    drained: Option<usize>,
}

impl Life {
    /// Whether it trapped exits at this position.
    pub fn traps_at(&self, position: usize) -> bool {
        let n_before = self.traps.partition_point(|(at, _)| *at < position);
        n_before > 0 && self.traps.get(n_before - 1).is_some_and(|(_, on)| *on)
    }

    /// Whether it trapped exits all the time between these positions; none if that changed.
    pub fn traps_between(&self, start: usize, end: usize) -> Option<bool> {
        let is_between = |at: &usize| (start..end).contains(at);
        let is_changed = self.traps.iter().any(|(at, _)| is_between(at));
        (!is_changed).then(|| self.traps_at(end))
    }

    /// Where the slice began that was under way at this position.
    pub fn slice_at(&self, position: usize) -> Option<usize> {
        let n_before = self.slices.partition_point(|(start, _)| *start <= position);
        let (start, end) = self.slices.get(n_before.checked_sub(1)?)?;
        (position <= *end).then_some(*start)
    }

    /// Where it last began to look at what had arrived: it has met everything that was sent before.
    pub fn look_before(&self, position: usize) -> Option<usize> {
        let n_before = self.looks.partition_point(|look| *look < position);
        self.looks.get(n_before.checked_sub(1)?).copied()
    }

    /// Whether it looked through its mailbox after this position, and found it empty.
    pub fn has_drained_after(&self, position: usize) -> bool {
        self.drained.is_some_and(|looked| looked > position)
    }

    /// Where the first slice began after this position.
    pub fn slice_after(&self, position: usize) -> Option<usize> {
        let n_before = self.slices.partition_point(|(start, _)| *start <= position);
        self.slices.get(n_before).map(|(start, _)| *start)
    }
}

/// What was left when nothing could run any more, and after everybody was killed.
#[derive(Clone, Debug, Default)]
pub struct Remains {
    /// Alive when nothing could run any more.
    pub alive: Vec<Pid>,
    /// Processes in the table after everybody was killed.
    pub n_processes: usize,
    /// Timers that pend after that.
    pub n_timers: usize,
    /// Requests without an answer after that.
    pub n_requests: usize,
    /// Names and groups that are not free after that.
    pub names: Vec<String>,
}

/// A run that is over.
#[derive(Clone, Debug)]
pub struct History {
    entries: Vec<Entry>,
    lives: BTreeMap<Pid, Life>,
    /// What was left.
    pub remains: Remains,
    /// Whether time passed only when nobody could run, exactly to the next timer.
    pub is_punctual: bool,
    /// The most processes that could be alive.
    pub n_processes_max: usize,
    /// The position at which nothing could run any more.
    pub rest: usize,
}

impl History {
    pub(crate) fn new(
        entries: Vec<Entry>,
        remains: Remains,
        is_punctual: bool,
        n_processes_max: usize,
        rest: usize,
    ) -> Self {
        let lives = lives(&entries);
        Self {
            entries,
            lives,
            remains,
            is_punctual,
            n_processes_max,
            rest,
        }
    }

    /// Everything that happened.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Everything that processes did, with its position.
    pub fn deeds(&self) -> impl Iterator<Item = (usize, Pid, &Entry)> {
        let all = self.entries.iter().enumerate();
        all.filter_map(|(position, entry)| Some((position, entry.who?, entry)))
    }

    /// Everybody who ever lived.
    pub fn lives(&self) -> impl Iterator<Item = (Pid, &Life)> {
        self.lives.iter().map(|(pid, life)| (*pid, life))
    }

    /// The life of one process.
    pub fn life(&self, pid: Pid) -> Option<&Life> {
        self.lives.get(&pid)
    }

    /// Whether the process was gone at this position, and everybody told.
    pub fn is_gone(&self, pid: Pid, position: usize) -> bool {
        let gone = self.life(pid).and_then(|life| life.gone);
        gone.is_some_and(|gone| gone < position)
    }

    /// Whether somebody had killed the process at this position: it is dead for whoever asks, though it may not
    /// have noticed yet.
    pub fn is_killed(&self, pid: Pid, position: usize) -> bool {
        self.entries
            .iter()
            .take(position)
            .any(|entry| match &entry.fact {
                Fact::Signals { to, reason } => to.pid == pid && *reason == ExitReason::Killed,
                Fact::Shutdown => true,
                _ => false,
            })
    }

    /// What somebody is told who asks for the end of the one it addressed; none if that has not ended.
    pub fn end_of(&self, target: Target) -> Option<&ExitReason> {
        if !target.is_there {
            return Some(&ExitReason::NoProcess);
        }
        self.life(target.pid)?.reason.as_ref()
    }

    /// Time at the end of the last step before this position.
    pub fn time_of_step_before(&self, position: usize) -> Duration {
        let before = self.entries.get(..position).unwrap_or_default();
        let step = before
            .iter()
            .rev()
            .find(|entry| matches!(entry.fact, Fact::Step));
        step.map_or(Duration::ZERO, |step| step.at)
    }
}

fn lives(entries: &[Entry]) -> BTreeMap<Pid, Life> {
    let mut lives = BTreeMap::<Pid, Life>::new();
    let mut births = BTreeMap::new();
    let mut ended: Vec<Pid> = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        match &entry.fact {
            Fact::Spawns { birth, .. } => {
                births.insert(entry.who, birth.tight);
            }
            Fact::Step => {
                for pid in ended.drain(..) {
                    lives.entry(pid).or_default().gone = Some(position);
                }
            }
            _ => {}
        }
        let Some(pid) = entry.who else {
            continue;
        };
        let life = lives.entry(pid).or_default();
        match &entry.fact {
            Fact::Spawned { parent } => {
                life.born = Some(position);
                life.tight = births.get(parent).copied().flatten();
            }
            Fact::SliceBegins => {
                life.slices.push((position, usize::MAX));
                life.looks.push(position);
            }
            Fact::SliceEnds | Fact::Panics(_) => end_slice(life, position),
            Fact::Receives { .. } => life.looks.push(position),
            Fact::Drained => life.drained = life.looks.last().copied(),
            Fact::Traps(on) => life.traps.push((position, *on)),
            Fact::Dies => {
                end_slice(life, position);
                life.dies = Some(position);
            }
            Fact::Exited { reason, unread } => {
                end_slice(life, position);
                // One whose body was never made ended some time after its birth.
                life.dies = life.dies.or(life.born);
                life.exited = Some(position);
                life.reason = Some(reason.clone());
                life.unread = *unread;
                ended.push(pid);
            }
            _ => {}
        }
    }
    lives
}

fn end_slice(life: &mut Life, position: usize) {
    if let Some((_, end)) = life.slices.last_mut()
        && *end == usize::MAX
    {
        *end = position;
    }
}
