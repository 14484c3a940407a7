//! The way in for batches: a bounded number of them, and of their bytes, is accepted at a time; the others
//! wait in the order in which they came.
//!
//! Whoever frees room sends on what waits, so a waiting submission need not be polled to move on, and
//! dropping it takes it out: there is no wake-up that could be lost.

use crate::batch::{Batch, Outcome};
use crate::completion::{Completion, Reply, completion};
use crate::error::WriteError;
use crossbeam_channel::Sender;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a batch is answered with.
pub(crate) type Answer = Result<Outcome, WriteError>;

/// A batch on its way to the commit thread.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) batch: Batch,
    /// What it takes of the room for bytes.
    pub(crate) bytes: usize,
    pub(crate) reply: Reply<Answer>,
}

/// Identifies a batch that waits for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// Whether those who were answered have handed in their next batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowd {
    /// They had already.
    There,
    /// It was worth waiting for them.
    Came,
    /// Not all of them, in the time that they had.
    Missing,
}

/// See the head of this file. `M` is what the commit thread receives.
#[derive(Debug)]
pub(crate) struct Gate<M> {
    slots: usize,
    bytes: usize,
    wrap: fn(Request) -> M,
    state: Mutex<State<M>>,
    /// As many batches are accepted as somebody [waits](Gate::reassemble) for, or no more will be.
    assembled: Condvar,
}

#[derive(Debug)]
struct State<M> {
    /// None once the store is closed.
    sender: Option<Sender<M>>,
    accepted: usize,
    accepted_bytes: usize,
    /// Batches that were accepted when room was given back last, those that it was of among them.
    crowd: usize,
    waiting: VecDeque<(Ticket, Request)>,
    next_ticket: u64,
}

impl<M> Gate<M> {
    /// A gate with room for so many batches and bytes. The channel has room for more messages than `slots`.
    pub(crate) fn new(
        sender: Sender<M>,
        slots: usize,
        bytes: usize,
        wrap: fn(Request) -> M,
    ) -> Self {
        Self {
            slots,
            bytes,
            wrap,
            state: Mutex::new(State {
                sender: Some(sender),
                accepted: 0,
                accepted_bytes: 0,
                crowd: 0,
                waiting: VecDeque::new(),
                next_ticket: 0,
            }),
            assembled: Condvar::new(),
        }
    }

    /// Sends a batch on, or lets it wait.
    pub(crate) fn enter(&self, batch: Batch) -> (Ticket, Completion<Answer>) {
        let (reply, answer) = completion(Err(WriteError::Poisoned {
            reason: "the commit thread has ended before its time".to_owned(),
        }));
        let bytes = batch.footprint();
        let request = Request {
            batch,
            bytes,
            reply,
        };
        let mut state = self.state.lock();
        let ticket = Ticket(state.next_ticket);
        state.next_ticket += 1;
        if state.sender.is_some() {
            state.waiting.push_back((ticket, request));
            self.admit(&mut state);
        } else {
            drop(state);
            request.reply.answer(Err(WriteError::Closed));
        }
        (ticket, answer)
    }

    /// Takes a batch out that still waits.
    pub(crate) fn leave(&self, ticket: Ticket) {
        let mut state = self.state.lock();
        let Ok(place) = state
            .waiting
            .binary_search_by_key(&ticket, |(other, _)| *other)
        else {
            return;
        };
        let left = state.waiting.remove(place);
        // What was behind a large batch may fit now.
        self.admit(&mut state);
        drop(state);
        drop(left);
    }

    /// Gives back the room of answered batches.
    pub(crate) fn release(&self, batches: usize, bytes: usize) {
        let mut state = self.state.lock();
        state.crowd = state.accepted;
        state.accepted -= batches;
        state.accepted_bytes -= bytes;
        self.admit(&mut state);
    }

    /// How many batches were accepted when the last ones were answered, those among them.
    pub(crate) fn crowd(&self) -> usize {
        self.state.lock().crowd
    }

    /// Waits until as many batches are accepted as there were before the last ones were answered, but no longer than `patience`, and
    /// not if those that are accepted have `enough` bytes.
    pub(crate) fn reassemble(&self, patience: Duration, enough: usize) -> Crowd {
        let mut state = self.state.lock();
        if state.accepted >= state.crowd || state.accepted_bytes >= enough {
            return Crowd::There;
        }
        let until = Instant::now() + patience;
        while state.accepted < state.crowd && state.sender.is_some() {
            if self.assembled.wait_until(&mut state, until).timed_out() {
                return Crowd::Missing;
            }
        }
        Crowd::Came
    }

    /// Sends a message that is no batch; false if the store is closed or too many of them wait.
    pub(crate) fn send(&self, message: M) -> bool {
        let state = self.state.lock();
        let sender = state.sender.as_ref();
        sender.is_some_and(|sender| sender.try_send(message).is_ok())
    }

    /// Ends the channel: what was accepted is still answered, what waits is answered with [`WriteError::Closed`].
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.sender = None;
        self.assembled.notify_all();
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for (_, request) in waiting {
            request.reply.answer(Err(WriteError::Closed));
        }
    }

    /// Batches that are submitted and not answered.
    pub(crate) fn unanswered(&self) -> usize {
        let state = self.state.lock();
        state.accepted + state.waiting.len()
    }

    fn admit(&self, state: &mut State<M>) {
        while let Some((_, next)) = state.waiting.front() {
            let fits = state.accepted_bytes.saturating_add(next.bytes) <= self.bytes;
            if state.accepted == self.slots || !(fits || state.accepted == 0) {
                return;
            }
            let Some((_, request)) = state.waiting.pop_front() else {
                return;
            };
            let bytes = request.bytes;
            let Some(sender) = &state.sender else {
                return;
            };
            // A commit thread that is gone answers by the drop of the request.
            if sender.try_send((self.wrap)(request)).is_ok() {
                state.accepted += 1;
                state.accepted_bytes += bytes;
                if state.accepted == state.crowd {
                    self.assembled.notify_all();
                }
            }
        }
    }
}
