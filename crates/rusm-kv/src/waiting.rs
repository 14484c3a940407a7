//! The two things that a caller may wait for: a batch that becomes durable, and a compaction that ends.

use crate::batch::{Batch, Outcome};
use crate::clock::Clock;
use crate::commit::Message;
use crate::completion::{Completion, wait};
use crate::error::{ReadError, WriteError};
use crate::gate::{Answer, Gate, Ticket};
use crate::readers::Readers;
use crate::snapshot::Snapshot;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A batch on its way: ready when it is durable or refused.
///
/// Dropped before the batch was accepted, it is never written; afterwards it may be.
#[must_use = "a submission does not say what became of the batch until it is awaited"]
pub struct Submission(Progress);

enum Progress {
    Refused(Option<WriteError>),
    Entered {
        gate: Arc<Gate<Message>>,
        ticket: Ticket,
        answer: Completion<Answer>,
    },
}

impl Submission {
    pub(crate) fn new(gate: &Arc<Gate<Message>>, batch: Batch) -> Self {
        if let Err(refused) = batch.check() {
            return Self(Progress::Refused(Some(refused)));
        }
        let (ticket, answer) = gate.enter(batch);
        Self(Progress::Entered {
            gate: Arc::clone(gate),
            ticket,
            answer,
        })
    }

    /// Blocks this thread until the batch is durable or refused.
    ///
    /// # Errors
    /// Why it was refused.
    pub fn wait(self) -> Result<Outcome, WriteError> {
        wait(self)
    }
}

impl Future for Submission {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        match &mut self.0 {
            Progress::Refused(error) => match error.take() {
                Some(error) => Poll::Ready(Err(error)),
                None => Poll::Pending,
            },
            Progress::Entered { answer, .. } => answer.poll(cx),
        }
    }
}

impl Drop for Submission {
    fn drop(&mut self) {
        if let Progress::Entered { gate, ticket, .. } = &self.0 {
            gate.leave(*ticket);
        }
    }
}

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission").finish_non_exhaustive()
    }
}

/// A [`Snapshot`] as soon as no compaction runs.
#[must_use = "nothing is read before it is awaited"]
pub struct Readable {
    readers: Arc<Readers>,
    clock: Arc<dyn Clock>,
    ticket: Option<u64>,
}

impl Readable {
    pub(crate) fn new(readers: &Arc<Readers>, clock: &Arc<dyn Clock>) -> Self {
        Self {
            readers: Arc::clone(readers),
            clock: Arc::clone(clock),
            ticket: None,
        }
    }

    /// Blocks this thread until no compaction runs.
    ///
    /// # Errors
    /// [`ReadError::Closed`] if the store was closed meanwhile.
    pub fn wait(self) -> Result<Snapshot, ReadError> {
        wait(self)
    }
}

impl Future for Readable {
    type Output = Result<Snapshot, ReadError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let held = this.readers.poll_hold(&mut this.ticket, cx);
        held.map_ok(|held| Snapshot::new(held, this.clock.now_ms()))
    }
}

impl Drop for Readable {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.readers.forget(ticket);
        }
    }
}

impl fmt::Debug for Readable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readable").finish_non_exhaustive()
    }
}
