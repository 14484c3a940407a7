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
//! charged until they are taken out or the inbox is dropped.
//!
//! # Locking
//! One lock, held for a push or a swap. Nothing is called under it.

mod backlog;
mod ceiling;

pub(crate) use ceiling::Ceiling;

use crate::signal::Envelope;
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

#[derive(Debug, Default)]
struct Queue {
    envelopes: Vec<Envelope>,
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
            bounds,
            ceiling,
            taken_messages: AtomicUsize::new(0),
            taken_bytes: AtomicUsize::new(0),
            is_urgent: AtomicBool::new(false),
            is_killed: AtomicBool::new(false),
        }
    }

    /// Puts an envelope at the end.
    pub(crate) fn push(&self, envelope: Envelope) -> Result<(), Refused> {
        let charge = envelope.charged_bytes();
        let mut queue = self.queue.lock();
        if queue.is_closed {
            return Err(Refused::Closed);
        }
        if let Some(bytes) = charge {
            self.charge(&mut queue, bytes)?;
        }
        self.enqueue(&mut queue, envelope);
        Ok(())
    }

    /// Puts a message in whose room [`Inbox::reserve`] holds already.
    pub(crate) fn push_reserved(&self, envelope: Envelope) -> Result<(), Refused> {
        let mut queue = self.queue.lock();
        if queue.is_closed {
            return Err(Refused::Closed);
        }
        if let Some(bytes) = envelope.charged_bytes() {
            queue.reserved.take_back(bytes);
        }
        self.enqueue(&mut queue, envelope);
        Ok(())
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
        queue.reserved.take_back(bytes);
        queue.charged.take_back(bytes);
        self.give_back(bytes);
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

    /// Takes what waits.
    pub(crate) fn take(&self) -> Batch {
        let mut queue = self.queue.lock();
        self.is_urgent.store(false, Ordering::Relaxed);
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

    /// Refuses everything from now on and hands out what waits.
    pub(crate) fn close(&self) -> Vec<Envelope> {
        let mut queue = self.queue.lock();
        queue.is_closed = true;
        std::mem::take(&mut queue.envelopes)
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
        let Queue {
            envelopes, backlog, ..
        } = queue;
        envelopes.push(envelope);
        if is_signal && backlog.grow(envelopes, self.bounds) {
            self.is_urgent.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        if self.ceiling.is_some() {
            let held = self.queue.lock().charged.less(self.taken());
            self.give_back(held.bytes);
        }
    }
}

#[cfg(loom)]
#[cfg(test)]
mod models;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Pid;
    use crate::message::Message;
    use crate::signal::Signal;

    fn message(bytes: usize) -> Envelope {
        Envelope::Message(Message {
            from: Pid::from_u64(1 << 24).unwrap(),
            tag: 0,
            payload: vec![0; bytes].into(),
        })
    }

    #[test]
    fn bound_sheds_messages_and_never_signals() {
        let inbox = Inbox::new(
            MailboxBounds {
                messages: 2,
                bytes: 100,
            },
            None,
        );
        assert_eq!(inbox.push(message(10)), Ok(()));
        assert_eq!(inbox.push(message(91)), Err(Refused::Full));
        assert_eq!(inbox.push(message(90)), Ok(()));
        assert_eq!(inbox.push(message(0)), Err(Refused::Full));
        assert_eq!(inbox.push(Envelope::Signal(Signal::Kill)), Ok(()));
        inbox.release(10);
        assert_eq!(inbox.push(message(10)), Ok(()));
        assert_eq!(inbox.load(), (2, 100));
    }

    #[test]
    fn reserved_room_counts_against_the_bound_but_not_as_waiting() {
        let inbox = Inbox::new(
            MailboxBounds {
                messages: 2,
                bytes: 100,
            },
            None,
        );
        assert_eq!(inbox.reserve(60), Ok(()));
        assert_eq!(inbox.load(), (0, 0));
        assert_eq!(inbox.push(message(41)), Err(Refused::Full));
        assert_eq!(inbox.reserve(40), Ok(()));
        assert_eq!(inbox.reserve(0), Err(Refused::Full));
        assert_eq!(inbox.push_reserved(message(60)), Ok(()));
        assert_eq!(inbox.load(), (1, 60));
        inbox.release_reserved(40);
        inbox.release(60);
        assert_eq!(inbox.push(message(100)), Ok(()));
        assert_eq!(inbox.load(), (1, 100));
    }

    #[test]
    fn closed_inbox_takes_nothing_and_hands_out_the_rest() {
        let inbox = Inbox::new(MailboxBounds::default(), None);
        inbox.push(message(1)).unwrap();
        assert_eq!(inbox.close().len(), 1);
        assert_eq!(
            inbox.push(Envelope::Signal(Signal::Kill)),
            Err(Refused::Closed)
        );
        assert_eq!(inbox.reserve(1), Err(Refused::Closed));
    }
    /// Bytes count from when they are charged, by message or by timer, until they are taken or nobody can
    /// take them any more.
    #[test]
    fn the_ceiling_of_the_node_holds_over_all_inboxes() {
        let ceiling = Arc::new(Ceiling::new(100));
        let inbox = || Inbox::new(MailboxBounds::default(), Some(Arc::clone(&ceiling)));
        let (first, second) = (inbox(), inbox());
        first.push(message(60)).unwrap();
        second.reserve(30).unwrap();
        assert_eq!(second.push(message(11)), Err(Refused::Full));
        assert_eq!(first.reserve(11), Err(Refused::Full));
        second.push(message(10)).unwrap();
        assert_eq!(ceiling.held(), 100);
        second.release_reserved(30);
        first.take();
        first.release(60);
        assert_eq!(ceiling.held(), 10);
        first.reserve(40).unwrap();
        first.push_reserved(message(40)).unwrap();
        first.close();
        drop((first, second));
        assert_eq!(ceiling.held(), 0);
    }
}
