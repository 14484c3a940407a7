//! The commit thread: it takes what has gathered, writes it in one transaction with one sync, and answers all.

use crate::apply::{PlanError, Tables};
use crate::batch::Outcome;
use crate::error::{CompactError, WriteError};
use crate::gate::{Answer, Gate, Request};
use crate::readers::Readers;
use crate::snapshot::View;
use crate::store::{Compacted, Shared};
use crossbeam_channel::Receiver;
use redb::{CompactionError, Database};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The most batches of one commit.
const BATCHES: usize = 1_024;
/// No more batches join a commit that has so many bytes.
const BYTES: usize = 16 * 1024 * 1024;
/// Entries that have expired and are removed by one commit, beyond twice the number of its batches.
const SWEPT: usize = 256;
/// How long a compaction waits for those who read.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the commit thread is told.
pub(crate) enum Message {
    Write(Request),
    Compact(crate::completion::Reply<Result<Compacted, CompactError>>),
}

/// What the commit thread has.
pub(crate) struct Committer {
    pub(crate) database: Database,
    pub(crate) messages: Receiver<Message>,
    pub(crate) gate: Arc<Gate<Message>>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) shared: Arc<Shared>,
}

type Waiting = crate::completion::Reply<Answer>;

impl Committer {
    /// Works until the last [`Store`](crate::Store) is gone and all that was accepted is answered.
    pub(crate) fn run(mut self) {
        while let Ok(first) = self.messages.recv() {
            let mut next = Some(first);
            while let Some(message) = next.take() {
                match message {
                    Message::Write(first) => next = self.gather(first),
                    Message::Compact(reply) => {
                        let result = self.compact();
                        reply.answer(result);
                    }
                }
            }
        }
        self.readers.close();
    }

    /// Commits a batch with those that have gathered behind it; gives the message that ended the group.
    fn gather(&mut self, first: Request) -> Option<Message> {
        let mut bytes = first.bytes;
        let mut group = vec![first];
        let mut next = None;
        while group.len() < BATCHES && bytes < BYTES {
            match self.messages.try_recv() {
                Ok(Message::Write(request)) => {
                    bytes = bytes.saturating_add(request.bytes);
                    group.push(request);
                }
                Ok(other) => {
                    next = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        self.answer(group, bytes);
        next
    }

    fn answer(&mut self, group: Vec<Request>, bytes: usize) {
        let count = group.len();
        let (batches, replies): (Vec<_>, Vec<Waiting>) = group
            .into_iter()
            .map(|request| (request.batch, request.reply))
            .unzip();
        let answers = match self.shared.poisoned() {
            Some(reason) => vec![Err(WriteError::Poisoned { reason }); count],
            None => {
                let work = || self.commit(&batches);
                let done = catch_unwind(AssertUnwindSafe(work));
                let done = done.unwrap_or_else(|_| Err("the commit thread panicked".to_owned()));
                done.unwrap_or_else(|reason| {
                    self.shared.poison(&reason);
                    vec![Err(WriteError::Poisoned { reason }); count]
                })
            }
        };
        drop(batches);
        for (reply, answer) in replies.into_iter().zip(answers) {
            reply.answer(answer);
        }
        self.gate.release(count, bytes);
    }

    /// The answers to the batches, which are durable if one of them wrote anything. An error poisons the store.
    fn commit(&mut self, batches: &[crate::batch::Batch]) -> Result<Vec<Answer>, String> {
        let now_ms = self.shared.clock.now_ms();
        let txn = self
            .database
            .begin_write()
            .map_err(|error| error.to_string())?;
        let mut answers = Vec::with_capacity(batches.len());
        let mut changed = false;
        {
            let mut tables = Tables::open(&txn).map_err(|error| error.to_string())?;
            for batch in batches {
                match tables.plan(batch, now_ms) {
                    Ok(plan) => {
                        changed |= tables.write(&plan).map_err(|error| error.to_string())?;
                        answers.push(Ok(Outcome {
                            results: plan.results,
                        }));
                    }
                    Err(PlanError::Refused(error)) => answers.push(Err(error)),
                    Err(PlanError::Storage(error)) => return Err(error.to_string()),
                }
            }
            if changed {
                let most = SWEPT.saturating_add(batches.len().saturating_mul(2));
                tables
                    .sweep(now_ms, most)
                    .map_err(|error| error.to_string())?;
            }
        }
        if !changed {
            txn.abort().map_err(|error| error.to_string())?;
            return Ok(answers);
        }
        txn.commit().map_err(|error| error.to_string())?;
        self.publish()?;
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        Ok(answers)
    }

    fn publish(&self) -> Result<(), String> {
        let view = View::of(&self.database).map_err(|error| error.to_string())?;
        self.readers.publish(view);
        Ok(())
    }

    fn compact(&mut self) -> Result<Compacted, CompactError> {
        if let Some(reason) = self.shared.poisoned() {
            return Err(CompactError::Poisoned { reason });
        }
        if !self.readers.exclude(PATIENCE) {
            return Err(CompactError::Busy);
        }
        let before = self.shared.file_bytes();
        let result = self.database.compact();
        let published = self.publish();
        let poison = match (result, published) {
            (Ok(_), Ok(())) => {
                return Ok(Compacted {
                    bytes_before: before,
                    bytes_after: self.shared.file_bytes(),
                });
            }
            (Err(CompactionError::TransactionInProgress), Ok(())) => {
                return Err(CompactError::Busy);
            }
            (Err(error), _) => error.to_string(),
            (_, Err(reason)) => reason,
        };
        self.shared.poison(&poison);
        Err(CompactError::Poisoned { reason: poison })
    }
}
