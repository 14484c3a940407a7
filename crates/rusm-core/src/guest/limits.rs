//! What one process may allocate inside WebAssembly: linear memory, tables, instances.
//!
//! Invariants:
//! - the bound holds for the **sum** of all linear memories, garbage-collected heaps and tables of the process, whatever number of
//!   instances it has;
//! - a breach while the guest runs ends it ([`LimitBreach`]), on both guest paths alike; code that declares more than its profile allows
//!   never starts ([`TooLarge`]);
//! - a growth beyond the guest's *own* declared maximum is its own affair: the instruction answers -1, as the language says.

use super::LimitBreach;
use super::breach::Breach;
use crate::identity::Usage;
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// Core instances, memories and tables of one process. More than any real program has; fewer than would cost the host anything.
const INSTANCES_MAX: usize = 1_000;
const MEMORIES_MAX: usize = 100;
const TABLES_MAX: usize = 1_000;
/// What one table element costs the host.
const TABLE_ELEMENT_BYTES: u64 = 8;

/// The code declares more memory than its profile allows, so it was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the code needs at least {} KiB of memory to start and its profile allows {} KiB: raise max-memory-mb",
    .declared_bytes.div_ceil(1024), .bound_bytes / 1024
)]
pub(crate) struct TooLarge {
    pub(crate) declared_bytes: u64,
    pub(crate) bound_bytes: u64,
}

/// The allocation account of one process.
#[derive(Debug)]
pub(crate) struct GuestLimits {
    bound_bytes: u64,
    memory_bytes: u64,
    table_bytes: u64,
    peak_bytes: u64,
    /// What the last granted growth added, until it is known to have succeeded.
    pending_bytes: u64,
    stage: Stage,
    /// Told how much is in use, for whoever inspects the process.
    usage: Option<Arc<Usage>>,
}

/// Until when a memory that appears is a declaration, and from when it is growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Starting,
    Running,
}

impl GuestLimits {
    pub(crate) fn new(max_memory_bytes: u64) -> GuestLimits {
        GuestLimits {
            bound_bytes: max_memory_bytes,
            memory_bytes: 0,
            table_bytes: 0,
            peak_bytes: 0,
            pending_bytes: 0,
            stage: Stage::Starting,
            usage: None,
        }
    }

    /// Shows to others what is in use.
    pub(crate) fn shown_in(mut self, usage: Arc<Usage>) -> GuestLimits {
        self.usage = Some(usage);
        self
    }

    /// From now on memory that appears is growth: called when the instance exists and its entry is about to be called.
    pub(crate) fn started(&mut self) {
        self.stage = Stage::Running;
    }

    /// Forgets an instance that could not be made, so that another may be tried.
    pub(crate) fn restart(&mut self) {
        let usage = self.usage.take();
        *self = GuestLimits {
            usage,
            ..GuestLimits::new(self.bound_bytes)
        };
    }

    /// The most that was in use at once.
    pub(crate) fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }

    fn set_memory(&mut self, bytes: u64) {
        self.memory_bytes = bytes;
        if let Some(usage) = &self.usage {
            usage.set_memory_bytes(bytes);
        }
    }

    /// Whether so many more bytes stay within the bound; the error says how the guest ends if not.
    fn check(&self, current: u64, added: u64) -> wasmtime::Result<()> {
        let total = self.total_with(added);
        if total <= self.bound_bytes {
            return Ok(());
        }
        match self.stage {
            Stage::Starting if current == 0 => Err(TooLarge {
                declared_bytes: total,
                bound_bytes: self.bound_bytes,
            }
            .into()),
            Stage::Starting | Stage::Running => {
                Err(LimitBreach(Breach::memory(self.bound_bytes, total)).into())
            }
        }
    }

    fn total_with(&self, added: u64) -> u64 {
        self.memory_bytes
            .saturating_add(self.table_bytes)
            .saturating_add(added)
    }
}

impl ResourceLimiter for GuestLimits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.pending_bytes = 0;
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let added = bytes(desired.saturating_sub(current));
        self.check(bytes(current), added)?;
        self.pending_bytes = added;
        self.set_memory(self.memory_bytes.saturating_add(added));
        self.peak_bytes = self.peak_bytes.max(self.memory_bytes);
        Ok(true)
    }

    /// The host could not provide what was granted: the machine is out of memory or mappings. The guest would get -1 and most would
    /// trap on it; its end says why instead.
    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        let pending = std::mem::take(&mut self.pending_bytes);
        if pending == 0 {
            return Ok(());
        }
        self.set_memory(self.memory_bytes.saturating_sub(pending));
        let asked = self.total_with(pending);
        Err(LimitBreach(Breach::out_of_memory(self.bound_bytes, asked)).into())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let added = bytes(desired.saturating_sub(current)).saturating_mul(TABLE_ELEMENT_BYTES);
        self.check(bytes(current), added)?;
        self.table_bytes = self.table_bytes.saturating_add(added);
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

fn bytes(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 65_536;

    fn limits(pages: u64) -> GuestLimits {
        GuestLimits::new(pages * 65_536)
    }

    #[test]
    fn the_bound_holds_for_the_sum_of_all_memories() {
        let mut limits = limits(4);
        assert!(limits.memory_growing(0, 2 * PAGE, None).unwrap());
        assert!(limits.memory_growing(0, PAGE, None).unwrap());
        limits.started();
        assert!(limits.memory_growing(PAGE, 2 * PAGE, None).unwrap());
        let breach = limits.memory_growing(2 * PAGE, 3 * PAGE, None).unwrap_err();
        let expected = LimitBreach(Breach::memory(4 * 65_536, 5 * 65_536));
        assert_eq!(breach.downcast_ref(), Some(&expected));
        assert_eq!(limits.memory_bytes, 4 * 65_536);
    }

    #[test]
    fn code_that_declares_too_much_is_told_apart_from_code_that_grows_too_much() {
        let mut limits = limits(4);
        let error = limits.memory_growing(0, 5 * PAGE, None).unwrap_err();
        assert_eq!(
            error.downcast_ref(),
            Some(&TooLarge {
                declared_bytes: 5 * 65_536,
                bound_bytes: 4 * 65_536
            })
        );
        assert!(
            error.to_string().contains("320 KiB") && error.to_string().contains("256 KiB"),
            "{error}"
        );
        // A start function that grows is guest code already.
        assert!(limits.memory_growing(0, PAGE, None).unwrap());
        let error = limits.memory_growing(PAGE, 9 * PAGE, None).unwrap_err();
        assert!(error.is::<LimitBreach>());
    }

    #[test]
    fn growth_beyond_its_own_maximum_is_refused_without_ending_the_guest() {
        let mut limits = limits(100);
        limits.started();
        assert!(
            !limits
                .memory_growing(PAGE, 3 * PAGE, Some(2 * PAGE))
                .unwrap()
        );
        assert!(!limits.table_growing(1, 3, Some(2)).unwrap());
        assert_eq!(limits.memory_bytes, 0);
        limits
            .memory_grow_failed(wasmtime::Error::msg("beyond the type"))
            .unwrap();
    }

    #[test]
    fn a_growth_that_the_host_could_not_provide_ends_the_guest_and_is_not_counted() {
        let mut limits = limits(100);
        limits.started();
        assert!(limits.memory_growing(0, PAGE, None).unwrap());
        assert!(limits.memory_growing(PAGE, 3 * PAGE, None).unwrap());
        let error = limits
            .memory_grow_failed(wasmtime::Error::msg("out of mappings"))
            .unwrap_err();
        let expected = LimitBreach(Breach::out_of_memory(100 * 65_536, 3 * 65_536));
        assert_eq!(error.downcast_ref(), Some(&expected));
        assert_eq!(
            (limits.memory_bytes, limits.peak_bytes()),
            (65_536, 3 * 65_536)
        );
    }

    #[test]
    fn tables_count_as_the_host_memory_that_they_are() {
        let mut limits = limits(1);
        limits.started();
        assert!(limits.table_growing(0, 8_192, None).unwrap());
        assert!(
            limits
                .table_growing(8_192, 8_193, None)
                .unwrap_err()
                .is::<LimitBreach>()
        );
        assert!(
            limits
                .memory_growing(0, PAGE, None)
                .unwrap_err()
                .is::<LimitBreach>()
        );
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        let mut limits = limits(1);
        limits.started();
        assert!(limits.memory_growing(0, usize::MAX, None).is_err());
        assert!(limits.table_growing(0, usize::MAX, None).is_err());
    }
}
