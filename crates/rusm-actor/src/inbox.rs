//! The one queue through which a process is reached.
//!
//! # Order
//! Messages and signals share it in arrival order: with two queues a notice could overtake the last
//! words of the process it is about (OTP statements 015, 016).
//!
//! # Bounds
//! A message is refused when the messages that the process has not taken yet, here and in its mailbox,
//! are at the bound. Signals are never refused. Room is added under the lock and given back without it,
//! so the bound is never exceeded.
//!
//! # Locking
//! One lock, held for a push or a swap. Nothing is called under it.

use crate::signal::Envelope;
use crate::sync::{AtomicBool, AtomicUsize, Mutex, Ordering};

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

#[derive(Debug, Default)]
struct Queue {
    envelopes: Vec<Envelope>,
    is_closed: bool,
}

#[derive(Debug)]
pub(crate) struct Inbox {
    queue: Mutex<Queue>,
    bounds: MailboxBounds,
    /// Messages and bytes that count against the bound: what waits, and room that timers reserved.
    messages: AtomicUsize,
    bytes: AtomicUsize,
    /// The part of it that timers reserved.
    reserved_messages: AtomicUsize,
    reserved_bytes: AtomicUsize,
    /// Set while an exit signal waits; a running guest yields at its next tick to let it act.
    is_urgent: AtomicBool,
    is_killed: AtomicBool,
}

impl Inbox {
    pub(crate) fn new(bounds: MailboxBounds) -> Self {
        Self {
            queue: Mutex::new(Queue::default()),
            bounds,
            messages: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            reserved_messages: AtomicUsize::new(0),
            reserved_bytes: AtomicUsize::new(0),
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
            self.charge(bytes)?;
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
            self.unreserve(bytes);
        }
        self.enqueue(&mut queue, envelope);
        Ok(())
    }

    /// Holds room for a message of this size, as a pending timer does.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<(), Refused> {
        let queue = self.queue.lock();
        if queue.is_closed {
            return Err(Refused::Closed);
        }
        self.charge(bytes)?;
        self.reserved_messages.fetch_add(1, Ordering::Relaxed);
        self.reserved_bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Gives back what [`Inbox::reserve`] held: the timer was cancelled.
    pub(crate) fn release_reserved(&self, bytes: usize) {
        self.unreserve(bytes);
        self.release(bytes);
    }

    /// Gives room back: a message was taken.
    pub(crate) fn release(&self, bytes: usize) {
        // Relaxed: counters only; the lock in `push` orders the additions among each other.
        self.messages.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Swaps what waits into `batch`, which must be empty.
    pub(crate) fn take(&self, batch: &mut Vec<Envelope>) {
        debug_assert!(
            batch.is_empty(),
            "a batch is handled before the next is taken"
        );
        let mut queue = self.queue.lock();
        self.is_urgent.store(false, Ordering::Relaxed);
        std::mem::swap(&mut queue.envelopes, batch);
    }

    /// Refuses everything from now on and hands out what waits.
    pub(crate) fn close(&self) -> Vec<Envelope> {
        let mut queue = self.queue.lock();
        queue.is_closed = true;
        std::mem::take(&mut queue.envelopes)
    }

    /// Whether an exit signal waits.
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
        // Relaxed, and read one after the other: a picture for people, not for decisions.
        let waiting = |held: &AtomicUsize, reserved: &AtomicUsize| {
            let reserved = reserved.load(Ordering::Relaxed);
            held.load(Ordering::Relaxed).saturating_sub(reserved)
        };
        (
            waiting(&self.messages, &self.reserved_messages),
            waiting(&self.bytes, &self.reserved_bytes),
        )
    }

    pub(crate) fn bounds(&self) -> MailboxBounds {
        self.bounds
    }

    /// Under the queue's lock, so that two senders cannot both take the last place.
    fn charge(&self, bytes: usize) -> Result<(), Refused> {
        let messages = self.messages.load(Ordering::Relaxed);
        let held = self.bytes.load(Ordering::Relaxed);
        let fits = messages < self.bounds.messages
            && held
                .checked_add(bytes)
                .is_some_and(|sum| sum <= self.bounds.bytes);
        if !fits {
            return Err(Refused::Full);
        }
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn unreserve(&self, bytes: usize) {
        self.reserved_messages.fetch_sub(1, Ordering::Relaxed);
        self.reserved_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn enqueue(&self, queue: &mut Queue, envelope: Envelope) {
        if envelope.is_urgent() {
            self.is_urgent.store(true, Ordering::Relaxed);
            if matches!(envelope, Envelope::Signal(crate::signal::Signal::Kill)) {
                self.is_killed.store(true, Ordering::Relaxed);
            }
        }
        queue.envelopes.push(envelope);
    }
}

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
        let inbox = Inbox::new(MailboxBounds {
            messages: 2,
            bytes: 100,
        });
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
        let inbox = Inbox::new(MailboxBounds {
            messages: 2,
            bytes: 100,
        });
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
        let inbox = Inbox::new(MailboxBounds::default());
        inbox.push(message(1)).unwrap();
        assert_eq!(inbox.close().len(), 1);
        assert_eq!(
            inbox.push(Envelope::Signal(Signal::Kill)),
            Err(Refused::Closed)
        );
        assert_eq!(inbox.reserve(1), Err(Refused::Closed));
    }
}
