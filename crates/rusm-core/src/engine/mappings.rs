//! The account of memory mappings: a start that the kernel would refuse is refused here first, with the reason.
//!
//! The kernel grants one operating system process `vm.max_map_count` mappings (65,530 by default), and each guarded stack and each linear
//! memory takes some. When they run out, an innocent allocation anywhere in the node fails and the node aborts: so starts are refused
//! while there is still a reserve.
//!
//! The account is an estimate that is corrected by counting: counting reads a line per mapping, so it happens only when the estimate
//! has grown much since the last count, or when it says that there is no room. The estimate is
//! `counted at last count + charged since - credited since + what the pool may still come to map`.
//!
//! Addresses run out as well, and no count of mappings shows it: an empty memory that may grow has 4 GiB of them in one mapping, which
//! the kernel joins with its neighbours. So memories that are reserved that way have a bound of their own.

use super::config::MAPPINGS_PER_SLOT;
use super::seats::Seats;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Kept free for what is not counted per process: code, threads, malloc arenas, memories that grow into pieces.
const RESERVE: u64 = 1_024;
/// Growth of the estimate after which it is corrected.
const RECOUNT_AFTER: i64 = 4_096;
/// Counting is dear: while the account is full, at most one count in this time.
const RECOUNT_INTERVAL: Duration = Duration::from_millis(100);

/// Memories of 4 GiB of addresses each, outside of the pools: half of what a program can address (128 TiB, less on few machines).
pub(crate) const MEMORIES_MAX: u32 = 16_000;

/// Counts the mappings that exist. Replaced in tests.
pub(crate) type Count = Box<dyn Fn() -> Option<u64> + Send + Sync>;

/// The account of one node.
pub(crate) struct Mappings {
    limit: Option<u64>,
    seats: Arc<Seats>,
    count: Count,
    counted: AtomicU64,
    change: AtomicI64,
    last_count: Mutex<Option<Instant>>,
    memories: AtomicU32,
}

/// What was charged; credits itself when dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    account: Arc<Mappings>,
    mappings: u32,
    memories: u32,
}

/// No addresses for another memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unaddressable;

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) in_use: u64,
    pub(crate) limit: u64,
    pub(crate) wanted: u64,
}

impl Mappings {
    /// `limit` is `None` where the kernel has none. Counts once, so create it after the pool.
    pub(crate) fn new(limit: Option<u64>, seats: Arc<Seats>, count: Count) -> Arc<Mappings> {
        let counted = count().unwrap_or(0);
        Arc::new(Mappings {
            limit,
            seats,
            count,
            counted: AtomicU64::new(counted),
            change: AtomicI64::new(0),
            last_count: Mutex::new(None),
            memories: AtomicU32::new(0),
        })
    }

    /// Charges a start with `wanted` mappings, or says why there is no room for it.
    pub(crate) fn charge(self: &Arc<Mappings>, wanted: u32) -> Result<Charge, Full> {
        let more = i64::from(wanted);
        let change = self.change.fetch_add(more, Ordering::Relaxed) + more;
        let charge = Charge {
            account: Arc::clone(self),
            mappings: wanted,
            memories: 0,
        };
        let Some(limit) = self.limit else {
            return Ok(charge);
        };
        if self.fits(limit) && change < RECOUNT_AFTER {
            return Ok(charge);
        }
        self.recount(more);
        if self.fits(limit) {
            return Ok(charge);
        }
        drop(charge);
        Err(Full {
            in_use: self.in_use(),
            limit,
            wanted: wanted.into(),
        })
    }

    /// Whether a start that takes none may go on: it leaves alone what every charge writes, and all workers share.
    pub(crate) fn check(self: &Arc<Mappings>) -> Result<(), Full> {
        if self.limit.is_none_or(|limit| self.fits(limit)) {
            return Ok(());
        }
        self.charge(0).map(drop)
    }

    /// Mappings in use, by the estimate, without what the pool may still come to map.
    pub(crate) fn in_use(&self) -> u64 {
        self.counted
            .load(Ordering::Relaxed)
            .saturating_add_signed(self.change.load(Ordering::Relaxed))
    }

    fn fits(&self, limit: u64) -> bool {
        // The stacks of unused slots are counted already; the rest of the slot is not.
        let pool = u64::from(self.seats.never_used()) * (MAPPINGS_PER_SLOT - 2);
        self.in_use() + pool + RESERVE <= limit
    }

    /// Replaces the estimate by a count, unless that was just done or another thread is at it. What the caller has charged and not
    /// mapped yet stays on top.
    fn recount(&self, unmapped: i64) {
        let Some(mut last) = self.last_count.try_lock() else {
            return;
        };
        if last.is_some_and(|at| at.elapsed() < RECOUNT_INTERVAL) {
            return;
        }
        // Charges made while counting may be counted and stay in the change as well; those of starts that are under way on other
        // workers are forgotten until the next count. The reserve covers either.
        let before = self.change.load(Ordering::Relaxed) - unmapped;
        if let Some(counted) = (self.count)() {
            self.counted.store(counted, Ordering::Relaxed);
            self.change.fetch_sub(before, Ordering::Relaxed);
        }
        *last = Some(Instant::now());
    }
}

impl Charge {
    /// Sets aside the addresses of so many memories as well.
    pub(crate) fn with_memories(mut self, memories: u32) -> Result<Charge, Unaddressable> {
        let within = |reserved: u32| {
            let sum = reserved.checked_add(memories)?;
            (sum <= MEMORIES_MAX).then_some(sum)
        };
        let reserved = &self.account.memories;
        let taken = reserved.try_update(Ordering::Relaxed, Ordering::Relaxed, within);
        taken.map_err(|_| Unaddressable)?;
        self.memories = memories;
        Ok(self)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let Mappings {
            change, memories, ..
        } = &*self.account;
        change.fetch_sub(self.mappings.into(), Ordering::Relaxed);
        if self.memories > 0 {
            memories.fetch_sub(self.memories, Ordering::Relaxed);
        }
    }
}

impl std::fmt::Debug for Mappings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mappings")
            .field("limit", &self.limit)
            .field("in_use", &self.in_use())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
