//! The floor under the machine's memory: a start that could push the machine out of memory is refused.
//!
//! The kernel is asked rarely: once per so many bytes promised to starts, and at every start only while memory is
//! short. A guest's own bound is the business of `guest/limits.rs`; this is the node's.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Between two looks at the machine starts may cost so much of the floor.
const FLOOR_PER_LOOK: u64 = 8;
/// The floor: a twentieth of the machine, within these bounds.
const FLOOR_MIN_BYTES: u64 = 64 << 20;
const FLOOR_MAX_BYTES: u64 = 1 << 30;
/// What a start costs the host besides its memory: store, stack pages, tables, mailbox.
const HOST_BYTES_PER_START: u64 = 32 << 10;

/// Says how many bytes are available. Replaced in tests.
pub(crate) type Available = Box<dyn Fn() -> Option<u64> + Send + Sync>;

/// Watches the machine's memory.
pub(crate) struct MemoryFloor {
    available: Available,
    floor_bytes: u64,
    promised_bytes: AtomicU64,
    short: AtomicBool,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short {
    pub(crate) available_bytes: u64,
    pub(crate) floor_bytes: u64,
    pub(crate) wanted_bytes: u64,
}

impl MemoryFloor {
    pub(crate) fn new(machine_bytes: Option<u64>, available: Available) -> MemoryFloor {
        let floor_bytes = machine_bytes.map_or(FLOOR_MIN_BYTES, |bytes| {
            (bytes / 20).clamp(FLOOR_MIN_BYTES, FLOOR_MAX_BYTES)
        });
        MemoryFloor {
            available,
            floor_bytes,
            // The first start looks.
            promised_bytes: AtomicU64::new(floor_bytes),
            short: AtomicBool::new(false),
        }
    }

    /// Admits a start that is born with `memory_bytes` of linear memory, or says why not.
    pub(crate) fn admit(&self, memory_bytes: u64) -> Result<(), Short> {
        let wanted_bytes = memory_bytes.saturating_add(HOST_BYTES_PER_START);
        // Relaxed throughout: a look too many or too few does no harm.
        let promised = self
            .promised_bytes
            .fetch_add(wanted_bytes, Ordering::Relaxed)
            .saturating_add(wanted_bytes);
        if promised < self.floor_bytes / FLOOR_PER_LOOK && !self.short.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.promised_bytes.store(0, Ordering::Relaxed);
        let Some(available_bytes) = (self.available)() else {
            return Ok(());
        };
        let short = available_bytes < self.floor_bytes.saturating_add(wanted_bytes);
        self.short
            .store(available_bytes < self.floor_bytes, Ordering::Relaxed);
        if short {
            Err(Short {
                available_bytes,
                floor_bytes: self.floor_bytes,
                wanted_bytes,
            })
        } else {
            Ok(())
        }
    }
}

impl std::fmt::Debug for MemoryFloor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryFloor")
            .field("floor_bytes", &self.floor_bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn starts_are_refused_under_the_floor_and_looked_at_rarely_above_it() {
        let free = Arc::new(AtomicU64::new(10 << 30));
        let n_looks = Arc::new(AtomicU64::new(0));
        let (free_seen, looks) = (Arc::clone(&free), Arc::clone(&n_looks));
        let available: Available = Box::new(move || {
            looks.fetch_add(1, Ordering::Relaxed);
            Some(free_seen.load(Ordering::Relaxed))
        });
        let floor = MemoryFloor::new(Some(20 << 30), available);
        for _ in 0..1_000 {
            floor.admit(65_536).unwrap();
        }
        assert!(n_looks.load(Ordering::Relaxed) <= 8);

        free.store(1 << 20, Ordering::Relaxed);
        let admitted = (0..3_000).filter(|_| floor.admit(65_536).is_ok()).count();
        let cost = 65_536 + HOST_BYTES_PER_START;
        assert!(
            admitted as u64 * cost <= (1 << 30) / FLOOR_PER_LOOK,
            "an eighth of the floor at most before it is noticed, and then every start is looked at: {admitted}"
        );
        free.store(10 << 30, Ordering::Relaxed);
        assert!(floor.admit(65_536).is_ok());
    }

    #[test]
    fn a_single_huge_start_is_refused_by_its_own_size() {
        let floor = MemoryFloor::new(Some(20 << 30), Box::new(|| Some(3 << 30)));
        assert!(floor.admit(1 << 20).is_ok());
        let short = floor.admit(4 << 30).unwrap_err();
        assert_eq!(short.available_bytes, 3 << 30);
        assert!(
            floor.admit(1 << 20).is_ok(),
            "one greedy start does not close the door for the others"
        );
    }
}
