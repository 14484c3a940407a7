//! The one queue through which a process is reached.
//!
//! # Order
//! Messages and signals share it in arrival order: with two queues a notice could overtake the last
//! words of the process it is about (OTP statements 015, 016).
//!
//! # Bounds
//! A message is refused when the messages that the process has not taken yet, here and in its mailbox,
//! are at the bound. Signals are never refused, but those that have undone each other before anybody met them
//! go; see `inbox/backlog.rs`. Room is taken under the lock and given back without it, so the bound is never
//! exceeded. The same bytes count against the ceiling of the node, if it has one, from the moment they are
//! charged until they are taken out or the inbox is closed: whoever holds a process that has ended, as a waker does, holds no
//! room.
//!
//! # Slices
//! The run state changes under the same lock, so that a delivery takes one lock and not two, and the body waits
//! here between its slices: taking it out is what begins one.
//!
//! # Short cut
//! A slice need not act on messages before the body runs: they have no effect until it asks for them. So they
//! stay here, and a lone one that the body asks for goes from hand to hand without a stay in the mailbox.
//!
//! # Locking
//! One lock, held for a push or a swap. Nothing is called under it.

mod backlog;
mod ceiling;

pub(crate) use ceiling::Ceiling;

use crate::mailbox::Selector;
use crate::message::Message;
use crate::process::Task;
use crate::signal::Envelope;
use crate::state::{Ended, RunState, RunStateCell, Woken};
use crate::sync::{Arc, AtomicBool, AtomicUsize, Mutex, Ordering};

/// How much may wait in one process's mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxBounds {
    /// Messages and requests, received or not yet looked at.
    pub messages: usize,
    /// The bytes of their payloads.
    pub bytes: usize,
}

impl Default for MailboxBounds {
    /// 10,000 messages, 16 MiB.
    fn default() -> Self {
        Self {
            messages: 10_000,
            bytes: 16 << 20,
        }
    }
}

/// Why an envelope was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The process is gone.
    Closed,
    /// The bound is reached; nothing was delivered.
    Full,
}

/// What [`Inbox::take`] hands out: a lone envelope costs no buffer.
pub(crate) struct Batch {
    lone: Option<Envelope>,
    many: Vec<Envelope>,
}

/// A buffer that grew beyond this many envelopes is not kept.
const BUFFER_KEPT_MAX: usize = 64;

/// What a slice begins with.
pub(crate) struct Begun {
    /// None when the process has ended its body.
    pub(crate) task: Option<Task>,
    /// What must be acted upon before the body runs; none if only messages wait.
    pub(crate) batch: Option<Batch>,
}

/// What [`Inbox::take_lone`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lone {
    /// The only thing that waited, and it matches.
    Message(Message),
    /// Nothing waits.
    Nothing,
    /// More waits, or something else: it must be acted upon in its order.
    More,
}

#[derive(Debug, Default)]
struct Queue {
    envelopes: Vec<Envelope>,
    /// Not all of them are messages.
    must_settle: bool,
    /// The body, between its slices.
    task: Option<Task>,
    is_closed: bool,
    /// All that was ever charged: what waits, what was taken, and room that timers reserved.
    charged: Charge,
    /// The part of it that timers reserve now.
    reserved: Charge,
    backlog: backlog::Backlog,
}

/// Messages and bytes that count against the bounds. Running totals; they may wrap around.
#[derive(Clone, Copy, Debug, Default)]
struct Charge {
    messages: usize,
    bytes: usize,
}

impl Charge {
    fn add(&mut self, bytes: usize) {
        self.messages = self.messages.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(bytes);
    }

    fn take_back(&mut self, bytes: usize) {
        self.messages = self.messages.wrapping_sub(1);
        self.bytes = self.bytes.wrapping_sub(bytes);
    }

    fn less(self, other: Self) -> Self {
        Self {
            messages: self.messages.wrapping_sub(other.messages),
            bytes: self.bytes.wrapping_sub(other.bytes),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Inbox {
    queue: Mutex<Queue>,
    state: RunStateCell,
    /// Whether anything waits. Written under the lock; the owner may read it without: what it misses has
    /// changed the run state, and another slice follows.
    is_waiting: AtomicBool,
    bounds: MailboxBounds,
    /// Of the node.
    ceiling: Option<Arc<Ceiling>>,
    /// The charge of all that was ever taken. Only the owner writes, so that no read-modify-write is needed.
    taken_messages: AtomicUsize,
    taken_bytes: AtomicUsize,
    /// Set while an exit signal waits, or signals pile up; a running guest yields at its next tick to let
    /// them act.
    is_urgent: AtomicBool,
    is_killed: AtomicBool,
}

impl Batch {
    /// The envelopes, in order of arrival.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Envelope> {
        self.lone.take().into_iter().chain(self.many.drain(..))
    }
}

impl Inbox {
    pub(crate) fn new(bounds: MailboxBounds, ceiling: Option<Arc<Ceiling>>) -> Self {
        Self {
            queue: Mutex::new(Queue::default()),
            state: RunStateCell::new(RunState::Queued),
            is_waiting: AtomicBool::new(false),
            bounds,
            ceiling,
            taken_messages: AtomicUsize::new(0),
            taken_bytes: AtomicUsize::new(0),
            is_urgent: AtomicBool::new(false),
            is_killed: AtomicBool::new(false),
        }
    }

    /// Where the process stands.
    pub(crate) fn state(&self) -> RunState {
        self.state.load()
    }

    /// Gives a new process its body.
    pub(crate) fn set_task(&self, task: Task) {
        self.queue.lock().task = Some(task);
    }

    /// Begins a slice of a process that was taken out of a run queue.
    pub(crate) fn begin(&self) -> Begun {
        let mut queue = self.queue.lock();
        self.state.begin();
        let batch = queue.must_settle.then(|| self.take_all(&mut queue));
        Begun {
            task: queue.task.take(),
            batch,
        }
    }

    /// Ends a slice of a process that lives on.
    pub(crate) fn end(&self, task: Task) -> Ended {
        let mut queue = self.queue.lock();
        queue.task = Some(task);
        self.state.end()
    }

    /// Something happened that the process waits for. Under the lock, which puts it before the slice that will
    /// see it.
    pub(crate) fn wake(&self) -> Woken {
        let _queue = self.queue.lock();
        self.state.wake()
    }

    /// The process ends: no slice follows.
    pub(crate) fn finish(&self) {
        let _queue = self.queue.lock();
        self.state.finish();
    }

    /// Puts an envelope at the end, and answers whether its process has to be put into a run queue.
    pub(crate) fn push(&self, envelope: Envelope) -> Result<Woken, Refused> {
        let charge = envelope.charged_bytes();
        let mut queue = self.queue.lock();
        if queue.is_closed {
            return Err(Refused::Closed);
        }
        if let Some(bytes) = charge {
            self.charge(&mut queue, bytes)?;
        }
        self.enqueue(&mut queue, envelope);
        Ok(self.state.arrive())
    }

    /// Puts a message in whose room [`Inbox::reserve`] holds already.
    pub(crate) fn push_reserved(&self, envelope: Envelope) -> Result<Woken, Refused> {
        let mut queue = self.queue.lock();
        if queue.is_closed {
            return Err(Refused::Closed);
        }
        if let Some(bytes) = envelope.charged_bytes() {
            queue.reserved.take_back(bytes);
        }
        self.enqueue(&mut queue, envelope);
        Ok(self.state.arrive())
    }

    /// Holds room for a message of this size, as a pending timer does.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<(), Refused> {
        let mut queue = self.queue.lock();
        if queue.is_closed {
            return Err(Refused::Closed);
        }
        self.charge(&mut queue, bytes)?;
        queue.reserved.add(bytes);
        Ok(())
    }

    /// Gives back what [`Inbox::reserve`] held: the timer was cancelled.
    pub(crate) fn release_reserved(&self, bytes: usize) {
        let mut queue = self.queue.lock();
        if !queue.is_closed {
            queue.reserved.take_back(bytes);
            queue.charged.take_back(bytes);
            self.give_back(bytes);
        }
    }

    /// Gives room back: a message was taken out of the mailbox. Owner only, one at a time.
    pub(crate) fn release(&self, bytes: usize) {
        // Relaxed: a sender that reads an older value sees less room than there is.
        let messages = self.taken_messages.load(Ordering::Relaxed);
        self.taken_messages
            .store(messages.wrapping_add(1), Ordering::Relaxed);
        let taken = self.taken_bytes.load(Ordering::Relaxed);
        self.taken_bytes
            .store(taken.wrapping_add(bytes), Ordering::Relaxed);
        self.give_back(bytes);
    }

    /// To the node.
    fn give_back(&self, bytes: usize) {
        if let Some(ceiling) = &self.ceiling {
            ceiling.give_back(bytes);
        }
    }

    /// Takes what waits. Owner only, in a slice or in its place.
    pub(crate) fn take(&self) -> Batch {
        let mut queue = self.queue.lock();
        self.state.looked();
        self.take_all(&mut queue)
    }

    fn take_all(&self, queue: &mut Queue) -> Batch {
        self.is_urgent.store(false, Ordering::Relaxed);
        self.is_waiting.store(false, Ordering::Relaxed);
        queue.must_settle = false;
        queue.backlog = backlog::Backlog::default();
        if queue.envelopes.len() > 1 {
            let many = std::mem::take(&mut queue.envelopes);
            Batch { lone: None, many }
        } else {
            let lone = queue.envelopes.pop();
            Batch {
                lone,
                many: Vec::new(),
            }
        }
    }

    /// Takes the message that waits alone, if it is one that matches. Owner only, and only while its mailbox
    /// is empty.
    pub(crate) fn take_lone(&self, select: &Selector) -> Lone {
        let mut queue = self.queue.lock();
        match queue.envelopes.as_slice() {
            [] => return Lone::Nothing,
            [Envelope::Message(message)] if select.matches_message(message) => {}
            _ => return Lone::More,
        }
        let Some(Envelope::Message(message)) = queue.envelopes.pop() else {
            return Lone::More;
        };
        self.is_waiting.store(false, Ordering::Relaxed);
        self.state.used_up();
        drop(queue);
        self.release(message.payload.len());
        Lone::Message(message)
    }

    /// Puts the buffer of an emptied batch back to use.
    pub(crate) fn recycle(&self, batch: Batch) {
        let buffer = batch.many;
        if (1..=BUFFER_KEPT_MAX).contains(&buffer.capacity()) {
            let mut queue = self.queue.lock();
            if queue.envelopes.capacity() == 0 {
                queue.envelopes = buffer;
            }
        }
    }

    /// Refuses everything from now on and hands out what waits. Nothing is charged any more, neither what is handed out nor what the
    /// process has not taken out of its mailbox. Once.
    pub(crate) fn close(&self) -> Vec<Envelope> {
        let mut queue = self.queue.lock();
        queue.is_closed = true;
        self.give_back(queue.charged.less(self.taken()).bytes);
        std::mem::take(&mut queue.envelopes)
    }

    /// Whether anything waits, as far as the owner has to know in its slice.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_waiting.load(Ordering::Relaxed)
    }

    /// Whether an exit signal waits, or signals have piled up.
    pub(crate) fn is_urgent(&self) -> bool {
        // Relaxed: a hint; the signal itself is read under the lock.
        self.is_urgent.load(Ordering::Relaxed)
    }

    /// Whether a kill was ever put in: the process counts as dead for whoever asks (OTP statement 011).
    pub(crate) fn is_killed(&self) -> bool {
        // Relaxed: the asker that sent the kill set the flag itself.
        self.is_killed.load(Ordering::Relaxed)
    }

    /// Messages and bytes that have arrived and were not taken yet.
    pub(crate) fn load(&self) -> (usize, usize) {
        let queue = self.queue.lock();
        let waiting = queue.charged.less(queue.reserved).less(self.taken());
        (waiting.messages, waiting.bytes)
    }

    /// Signals and replies that have arrived and were not acted upon yet.
    pub(crate) fn n_signals(&self) -> usize {
        self.queue.lock().backlog.n_signals()
    }

    fn taken(&self) -> Charge {
        Charge {
            messages: self.taken_messages.load(Ordering::Relaxed),
            bytes: self.taken_bytes.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn bounds(&self) -> MailboxBounds {
        self.bounds
    }

    fn charge(&self, queue: &mut Queue, bytes: usize) -> Result<(), Refused> {
        let held = queue.charged.less(self.taken());
        let sum = held.bytes.checked_add(bytes);
        let fits =
            held.messages < self.bounds.messages && sum.is_some_and(|sum| sum <= self.bounds.bytes);
        let has_room = || {
            self.ceiling
                .as_ref()
                .is_none_or(|ceiling| ceiling.take(bytes))
        };
        if !fits || !has_room() {
            return Err(Refused::Full);
        }
        queue.charged.add(bytes);
        Ok(())
    }

    fn enqueue(&self, queue: &mut Queue, envelope: Envelope) {
        if envelope.is_urgent() {
            self.is_urgent.store(true, Ordering::Relaxed);
            if matches!(envelope, Envelope::Signal(crate::signal::Signal::Kill)) {
                self.is_killed.store(true, Ordering::Relaxed);
            }
        }
        let is_signal = envelope.charged_bytes().is_none();
        self.is_waiting.store(true, Ordering::Relaxed);
        let Queue {
            envelopes,
            backlog,
            must_settle,
            ..
        } = queue;
        *must_settle |= !matches!(envelope, Envelope::Message(_));
        if envelopes.capacity() == 0 {
            // Most processes never have two waiting.
            envelopes.reserve_exact(1);
        }
        envelopes.push(envelope);
        if is_signal && backlog.grow(envelopes, self.bounds) {
            self.is_urgent.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
impl Inbox {
    /// For tests of what is accepted and not of who runs.
    fn accept(&self, envelope: Envelope) -> Result<(), Refused> {
        self.push(envelope).map(|_woken| ())
    }

    fn accept_reserved(&self, envelope: Envelope) -> Result<(), Refused> {
        self.push_reserved(envelope).map(|_woken| ())
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let queue = self.queue.lock();
        if !queue.is_closed {
            self.give_back(queue.charged.less(self.taken()).bytes);
        }
    }
}

#[cfg(loom)]
#[cfg(test)]
mod models;

#[cfg(test)]
mod tests;
