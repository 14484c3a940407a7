//! Seats in the pool: who may instantiate there.
//!
//! Wasmtime's pool refuses one resource at a time, possibly in the middle of an instantiation, when a component's first core instance
//! has already run its start function. So a process takes a seat first, for all that it will need, and gives it back when its store is
//! gone: with a seat the pool cannot run out, without one the process is placed elsewhere before any of its code ran.

use super::config::{MEMORIES_PER_SLOT, TABLES_PER_SLOT};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The pool's free slots.
#[derive(Debug)]
pub(crate) struct Seats {
    free: AtomicU32,
    /// The most that were ever taken at once: slots beyond were never touched and have no memory mapped yet.
    peak: AtomicU32,
    total: u32,
}

/// A place in the pool; returns itself when dropped. Drop it after the store it was taken for.
#[derive(Debug)]
pub(crate) struct Seat<'a> {
    seats: &'a Seats,
    slots: u32,
}

impl Seats {
    pub(crate) fn new(total: u32) -> Arc<Seats> {
        Arc::new(Seats {
            free: AtomicU32::new(total),
            peak: AtomicU32::new(0),
            total,
        })
    }

    /// A seat for code with so many memories and tables; `None` if the pool has no room for it.
    pub(crate) fn take(&self, memories: u32, tables: u32) -> Option<Seat<'_>> {
        let slots = slots_for(memories, tables);
        // Relaxed throughout: the counter guards no other data; the pool itself synchronises the memory that it hands over.
        let before = self
            .free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
                free.checked_sub(slots)
            })
            .ok()?;
        let taken = self.total.saturating_sub(before).saturating_add(slots);
        // Looked at first: all workers share it, and it is rarely written.
        if taken > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(taken, Ordering::Relaxed);
        }
        Some(Seat { seats: self, slots })
    }

    /// All slots, taken or not.
    pub(crate) fn total(&self) -> u32 {
        self.total
    }

    /// Slots that no process has used yet.
    pub(crate) fn never_used(&self) -> u32 {
        self.total.saturating_sub(self.peak.load(Ordering::Relaxed))
    }

    /// Slots that nobody has.
    pub(crate) fn free(&self) -> u32 {
        self.free.load(Ordering::Relaxed)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.seats.free.fetch_add(self.slots, Ordering::Relaxed);
    }
}

/// How many slots code with so many memories and tables takes; at least one, for its stack.
fn slots_for(memories: u32, tables: u32) -> u32 {
    memories
        .div_ceil(MEMORIES_PER_SLOT)
        .max(tables.div_ceil(TABLES_PER_SLOT))
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_with_many_memories_or_tables_takes_several_slots() {
        assert_eq!(slots_for(0, 0), 1);
        assert_eq!(slots_for(2, 4), 1);
        assert_eq!(slots_for(3, 1), 2);
        assert_eq!(slots_for(1, 9), 3);
    }

    #[test]
    fn seats_run_out_and_come_back() {
        let seats = Seats::new(3);
        let first = seats.take(1, 1).unwrap();
        let pair = seats.take(4, 0).unwrap();
        assert!(seats.take(1, 1).is_none());
        assert_eq!(seats.never_used(), 0);
        drop(pair);
        assert!(
            seats.take(5, 0).is_none(),
            "three slots do not fit where two are free"
        );
        assert!(seats.take(4, 0).is_some());
        drop(first);
        assert_eq!(seats.free(), 3);
    }
}
