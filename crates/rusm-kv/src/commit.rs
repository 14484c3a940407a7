//! The commit thread: it takes what has gathered, and has it written with one sync.
//!
//! A group is applied in memory, and others join it meanwhile ([`Joining`]). If more has gathered by then, writing, syncing and answering are left to another thread
//! ([`Landing`]), and the next group is applied meanwhile. If nobody waits, there is nothing to gain, and this thread does it all. If
//! the disk is slow beside that work, a group waits for the commit before it and for those who were answered by it, so that more join
//! it: then syncs are what is scarce.

use crate::completion::Reply;
use crate::engine::Engine;
use crate::error::{CompactError, WriteError};
use crate::gate::{Answer, Request};
use crate::joining::{Joined, Joining};
use crate::landing::{Flight, Ground, Landing};
use crate::linger::Linger;
use crate::snapshot::View;
use crate::store::Compacted;
use crate::transact::{Attempt, attempt, flush, reclaim};
use crossbeam_channel::Receiver;
use redb::CompactionError;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How long a compaction waits for those who read.
const COMPACT_PATIENCE: Duration = Duration::from_secs(5);
/// How long a write that may fit into a longer file waits for those who read.
const STRETCH_PATIENCE: Duration = Duration::from_millis(200);
/// Commits before the file is made longer again, after it did not help.
const COMMITS_BETWEEN_STRETCHES: u64 = 64;

/// A disk is slow that takes so many times as long for a commit as applying one does. Then as many writes wait for one sync as go
/// through two that overlap with the work.
const SLOW_DISK: u32 = 2;

/// Entries that have expired and are removed at once where there is no room.
const SWEPT_FOR_ROOM: usize = 16;

/// What the commit thread is told.
pub(crate) enum Message {
    Write(Request),
    Compact(Reply<Result<Compacted, CompactError>>),
}

/// What the commit thread has.
pub(crate) struct Committer {
    pub(crate) engine: Engine,
    pub(crate) messages: Receiver<Message>,
    pub(crate) ground: Ground,
    pub(crate) landing: Landing,
    pub(crate) linger: Linger,
    /// Commits so far.
    pub(crate) commits: u64,
    /// How long it took to apply the last group.
    pub(crate) applied: Duration,
    /// The number of commits before which the file is not made longer by hand.
    pub(crate) next_stretch: u64,
    /// The numbers of commits and of released snapshots when room was last got back.
    pub(crate) flushed: Option<(u64, u64)>,
}

/// A group that others may join.
struct Open {
    /// What the last commit took, if it is worth waiting for others.
    took: Option<Duration>,
    joined: Joined,
}

/// What became of a group.
struct Done {
    answers: Vec<Answer>,
    /// What the commit has left; none if nothing was written.
    view: Option<View>,
}

impl Done {
    fn unwritten(answers: Vec<Answer>) -> Self {
        Self {
            answers,
            view: None,
        }
    }
}

impl Committer {
    /// Works until the last [`Store`](crate::Store) is gone and all that was accepted is answered.
    pub(crate) fn run(mut self) {
        while let Ok(first) = self.messages.recv() {
            let mut next = Some(first);
            while let Some(message) = next.take() {
                match message {
                    Message::Write(first) => next = self.gather(first),
                    Message::Compact(reply) => reply.answer(self.compact()),
                }
            }
        }
        drop(self.landing);
        self.ground.readers.close();
    }

    /// Commits a batch with those that join it; gives the message that ended the group.
    fn gather(&mut self, first: Request) -> Option<Message> {
        let took = self.landing.took();
        if took > self.applied * SLOW_DISK {
            self.landing.wait();
        }
        // Where the work takes longer than the disk, it is better ended at once.
        let is_worth_it = took > self.applied && !self.landing.is_any_aloft();
        let mut open = Open {
            took: is_worth_it.then(|| self.applied + took),
            joined: Joined::default(),
        };
        self.settle(first, &mut open);
        open.joined.next
    }

    /// Answers a group: all from one commit, or, if they do not fit together, each half from its own.
    fn settle(&mut self, first: Request, open: &mut Open) {
        let mut groups = vec![vec![first]];
        let mut open = Some(open);
        while let Some(mut group) = groups.pop() {
            match self.try_commit(&mut group, open.take()) {
                Ok(Some(done)) => self.land(group, done),
                Ok(None) if group.len() > 1 => {
                    let later = group.split_off(group.len() / 2);
                    groups.push(later);
                    groups.push(group);
                }
                Ok(None) => {
                    let done = self.make_room(&mut group);
                    self.land_or_poison(group, done);
                }
                Err(reason) => self.land_or_poison(group, Err(reason)),
            }
        }
    }

    /// What a commit has done, with those who joined it; none if the group does not fit into the file.
    fn try_commit(
        &mut self,
        group: &mut Vec<Request>,
        open: Option<&mut Open>,
    ) -> Result<Option<Done>, String> {
        if let Some(reason) = self.ground.shared.poisoned() {
            let poisoned = Err(WriteError::Poisoned { reason });
            return Ok(Some(Done::unwritten(vec![poisoned; group.len()])));
        }
        if self.engine.disk().is_tight() {
            // What nobody reads any more is wanted.
            self.landing.wait();
        }
        let start = Instant::now();
        let (attempted, waited) = self.attempt(group, open)?;
        self.applied = start.elapsed().saturating_sub(waited);
        match attempted {
            Attempt::Done { answers, wrote } if wrote => {
                let view = Some(self.committed()?);
                Ok(Some(Done { answers, view }))
            }
            Attempt::Done { answers, .. } => Ok(Some(Done::unwritten(answers))),
            Attempt::Over => Ok(None),
        }
    }

    /// Applies a group; says as well how long it waited for others.
    fn attempt(
        &mut self,
        group: &mut Vec<Request>,
        open: Option<&mut Open>,
    ) -> Result<(Attempt, Duration), String> {
        let (engine, ground) = (&self.engine, &self.ground);
        let Some(Open { took, joined }) = open else {
            let attempted =
                caught(|| attempt(engine, group, &mut |_| false, &*ground.shared.clock))?;
            return Ok((attempted, Duration::ZERO));
        };
        let mut joining = Joining::new(&self.messages, &ground.gate, &mut self.linger, *took);
        let mut more = |group: &mut Vec<Request>| joining.more(group, joined);
        let attempted = caught(|| attempt(engine, group, &mut more, &*ground.shared.clock))?;
        Ok((attempted, joined.waited))
    }

    /// What becomes of a batch that does not fit on its own: there may be room that redb does not use by itself.
    fn make_room(&mut self, group: &mut Vec<Request>) -> Result<Done, String> {
        self.landing.wait();
        if self.flush()?
            && let Some(done) = self.try_commit(group, None)?
        {
            return Ok(done);
        }
        // A batch that only deletes makes room itself.
        let is_hopeful = self.commits >= self.next_stretch
            || !group.iter().any(|request| request.batch.takes_room());
        if is_hopeful
            && self.stretch()?
            && let Some(done) = self.try_commit(group, None)?
        {
            return Ok(done);
        }
        if self.sweep()?
            && let Some(done) = self.try_commit(group, None)?
        {
            return Ok(done);
        }
        let max_bytes = self.ground.shared.max_bytes.unwrap_or(u64::MAX);
        let full = Err(WriteError::Full { max_bytes });
        Ok(Done::unwritten(vec![full; group.len()]))
    }

    /// Gets back what was given up, if anything was since the last time. Says whether it did, as all of these.
    fn flush(&mut self) -> Result<bool, String> {
        if self.flushed == Some((self.commits, self.ground.readers.released())) {
            return Ok(false);
        }
        let engine = &self.engine;
        let has_room = caught(|| flush(engine))?;
        if has_room {
            self.publish()?;
        }
        self.flushed = Some((self.commits, self.ground.readers.released()));
        Ok(has_room)
    }

    /// Makes the file longer.
    fn stretch(&mut self) -> Result<bool, String> {
        if !self.engine.can_stretch() || !self.ground.readers.exclude(STRETCH_PATIENCE) {
            return Ok(false);
        }
        // Until then, it has not helped.
        self.next_stretch = self.commits + COMMITS_BETWEEN_STRETCHES;
        let engine = &mut self.engine;
        let stretched = caught(|| engine.stretch());
        self.readable_again()?;
        stretched
    }

    /// Removes some of what has expired.
    fn sweep(&mut self) -> Result<bool, String> {
        let now_ms = self.ground.shared.clock.now_ms();
        let engine = &self.engine;
        // Each may need pages before it gives any back: it may be that only one fits.
        if caught(|| Ok(reclaim(engine, now_ms, SWEPT_FOR_ROOM)? || reclaim(engine, now_ms, 1)?))? {
            self.publish()?;
            return self.flush();
        }
        Ok(false)
    }

    fn compact(&mut self) -> Result<Compacted, CompactError> {
        self.landing.wait();
        if let Some(reason) = self.ground.shared.poisoned() {
            return Err(CompactError::Poisoned { reason });
        }
        if !self.ground.readers.exclude(COMPACT_PATIENCE) {
            return Err(CompactError::Busy);
        }
        let bytes_before = self.engine.disk().len();
        let engine = &mut self.engine;
        let compacted = caught(|| match engine.compact() {
            Err(CompactionError::TransactionInProgress) => Ok(false),
            other => other.map(|_| true).map_err(|error| error.to_string()),
        });
        let readable = self.readable_again();
        let failure = self.engine.disk().failure().map_or(Ok(()), Err);
        match failure.and(readable).and(compacted) {
            Ok(true) => Ok(Compacted {
                bytes_before,
                bytes_after: self.engine.disk().len(),
            }),
            Ok(false) => Err(CompactError::Busy),
            Err(reason) => {
                self.poison(&reason);
                Err(CompactError::Poisoned { reason })
            }
        }
    }

    /// What a commit has left, once its sync has happened.
    fn committed(&mut self) -> Result<View, String> {
        self.commits += 1;
        caught(|| self.engine.view().map_err(|error| error.to_string()))
    }

    /// Shows everybody what a commit has left whose sync has happened.
    fn publish(&mut self) -> Result<(), String> {
        let view = self.committed()?;
        self.ground.publish(view);
        Ok(())
    }

    /// Ends the time in which nobody could read.
    fn readable_again(&self) -> Result<(), String> {
        match caught(|| self.engine.view().map_err(|error| error.to_string())) {
            Ok(view) => self.ground.readers.publish(view),
            Err(reason) => {
                self.ground.readers.fail(&reason);
                return Err(reason);
            }
        }
        Ok(())
    }

    fn land_or_poison(&mut self, group: Vec<Request>, done: Result<Done, String>) {
        let done = done.unwrap_or_else(|reason| {
            // redb knows only that something had failed before.
            let reason = self.engine.disk().failure().unwrap_or(reason);
            // What was committed before may still become durable.
            self.landing.wait();
            self.poison(&reason);
            Done::unwritten(vec![Err(WriteError::Poisoned { reason }); group.len()])
        });
        self.land(group, done);
    }

    fn land(&self, group: Vec<Request>, done: Done) {
        let sync = self.engine.disk().last_sync();
        let flight = Flight {
            group,
            answers: done.answers,
            view: done.view,
            sync,
        };
        if self.hands_over() {
            self.landing.send(flight);
        } else {
            self.landing.land(flight);
        }
    }

    /// Whether the rest of a commit is left to the other thread: somebody waits for this one, or for that one.
    fn hands_over(&self) -> bool {
        let is_awaited = !self.messages.is_empty() && !self.engine.disk().is_tight();
        is_awaited || self.landing.is_any_aloft()
    }

    fn poison(&self, reason: &str) {
        self.engine.disk().freeze(reason);
        self.ground.shared.poison(reason);
    }
}

/// Does some work; a panic, of a redb that finds its pages damaged, is an error.
fn caught<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|panic| Err(format!("the commit thread panicked: {}", message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text")
}
