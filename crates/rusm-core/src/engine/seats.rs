//! Seats in the pool: who may instantiate there.
//!
//! Wasmtime's pool refuses one resource at a time, possibly in the middle of an instantiation, when a component's first core instance
//! has already run its start function. So a process takes a seat first, for all that it will need, and gives it back when its store is
//! gone: with a seat the pool cannot run out, without one the process is placed elsewhere before any of its code ran.

use super::config::{MEMORIES_PER_SLOT, TABLES_PER_SLOT};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The free slots of all pools.
#[derive(Debug)]
pub(crate) struct Seats {
    pools: Vec<Pool>,
    /// Slots that were never taken: they have no memory mapped yet. Rarely written, so workers may all read it.
    never_used: AtomicU32,
}

/// One pool, on cache lines of its own: its worker writes to it at every start and end.
#[derive(Debug)]
#[repr(align(128))]
struct Pool {
    free: AtomicU32,
    /// The most that were ever taken at once.
    peak: AtomicU32,
    total: u32,
}

/// A place in the pool; returns itself when dropped. Drop it after the store it was taken for.
#[derive(Debug)]
pub(crate) struct Seat<'a> {
    seats: &'a Seats,
    pool: usize,
    slots: u32,
}

impl Seats {
    /// Of pools with so many slots each.
    pub(crate) fn new(slots: &[u32]) -> Arc<Seats> {
        let pool = |&slots: &u32| Pool {
            free: AtomicU32::new(slots),
            peak: AtomicU32::new(0),
            total: slots,
        };
        let pools: Vec<Pool> = slots.iter().map(pool).collect();
        let never_used = AtomicU32::new(pools.iter().map(|pool| pool.total).sum());
        Arc::new(Seats { pools, never_used })
    }

    /// A seat in this pool for code with so many memories and tables; `None` if there is no room for it.
    pub(crate) fn take(&self, pool: usize, memories: u32, tables: u32) -> Option<Seat<'_>> {
        let slots = slots_for(memories, tables);
        let taken = self.pools.get(pool)?.take(slots)?;
        if taken.first_time > 0 {
            self.never_used
                .fetch_sub(taken.first_time, Ordering::Relaxed);
        }
        Some(Seat {
            seats: self,
            pool,
            slots,
        })
    }

    /// All slots, taken or not.
    pub(crate) fn total(&self) -> u32 {
        self.pools.iter().map(|pool| pool.total).sum()
    }

    /// Slots that no process has used yet.
    pub(crate) fn never_used(&self) -> u32 {
        self.never_used.load(Ordering::Relaxed)
    }

    /// Slots that nobody has.
    pub(crate) fn free(&self) -> u32 {
        let free = |pool: &Pool| pool.free.load(Ordering::Relaxed);
        self.pools.iter().map(free).sum()
    }
}

/// Slots that were taken.
struct Taken {
    /// How many of them nobody had before.
    first_time: u32,
}

impl Pool {
    fn take(&self, slots: u32) -> Option<Taken> {
        // Relaxed throughout: the counter guards no other data; the pool itself synchronises the memory that it hands over.
        let before = self
            .free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
                free.checked_sub(slots)
            })
            .ok()?;
        let in_use = self.total.saturating_sub(before).saturating_add(slots);
        let peak = self.peak.fetch_max(in_use, Ordering::Relaxed);
        Some(Taken {
            first_time: in_use.saturating_sub(peak),
        })
    }
}

impl Seat<'_> {
    pub(crate) fn pool(&self) -> usize {
        self.pool
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if let Some(pool) = self.seats.pools.get(self.pool) {
            pool.free.fetch_add(self.slots, Ordering::Relaxed);
        }
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
        let seats = Seats::new(&[3]);
        let first = seats.take(0, 1, 1).unwrap();
        let pair = seats.take(0, 4, 0).unwrap();
        assert!(seats.take(0, 1, 1).is_none());
        assert_eq!(seats.never_used(), 0);
        drop(pair);
        assert!(
            seats.take(0, 5, 0).is_none(),
            "three slots do not fit where two are free"
        );
        assert!(seats.take(0, 4, 0).is_some());
        drop(first);
        assert_eq!(seats.free(), 3);
    }
}
