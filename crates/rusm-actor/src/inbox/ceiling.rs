//! What waits in all mailboxes of a node together: [`Ceiling`].

use crate::sync::{AtomicUsize, Ordering};

/// A bound, and how much of it is held. Without one nothing is counted.
#[derive(Debug)]
pub(crate) struct Ceiling {
    bytes_max: usize,
    held: AtomicUsize,
}

impl Ceiling {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            held: AtomicUsize::new(0),
        }
    }

    /// Bytes that wait now, room that timers hold included.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// False when there is no room, and then nothing was taken. Relaxed: the number is all that is shared.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let mut held = self.held.load(Ordering::Relaxed);
        loop {
            let sum = held.checked_add(bytes).filter(|sum| *sum <= self.bytes_max);
            let Some(sum) = sum else {
                return false;
            };
            let swapped =
                self.held
                    .compare_exchange_weak(held, sum, Ordering::Relaxed, Ordering::Relaxed);
            match swapped {
                Ok(_) => return true,
                Err(changed) => held = changed,
            }
        }
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}
