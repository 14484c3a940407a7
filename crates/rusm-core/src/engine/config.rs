//! The Wasmtime configurations, one builder for all engine classes.
//!
//! Invariants:
//! - every class meters by epochs, bounds backtraces, and leaves host code at least as much of a fiber stack as guest code may use: a
//!   guest that recurses without end meets a trap, and no host function meets the guard page;
//! - no class may run on more stack, see more memory, or accept more of the language than another, so a program that works in one works
//!   in all: they differ in where memory comes from, not in what a guest may do. Only [`concurrent`] adds the component
//!   model's concurrency;
//! - shared linear memories stay refused in all of them: `memory.atomic.wait` would put a worker thread to sleep.

use super::dense::{self, Guards};
use super::machine::Machine;
use super::mappings::Mappings;
use std::num::NonZeroUsize;
use std::sync::Arc;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Stack of one guest, host functions included. Only pages that are touched cost memory.
const FIBER_STACK_BYTES: usize = 512 * 1024;
/// What WebAssembly code may use of it; the rest is for host functions called by it.
const WASM_STACK_BYTES: usize = 256 * 1024;
const _: () = assert!(FIBER_STACK_BYTES - WASM_STACK_BYTES >= 128 * 1024);

/// Frames kept in a crash report. A stack overflow would otherwise pay for thousands.
const BACKTRACE_FRAMES: usize = 16;
/// Address space of one pooled memory: all that 32 bits can reach, so that every bound a profile may name is honoured.
const MEMORY_SLOT_BYTES: u64 = 4 << 30;
/// How much of a used memory is kept for the next process, when the kernel can say which pages were touched.
const KEEP_RESIDENT_BYTES: u64 = 2 << 20;
const KEEP_TABLE_BYTES: usize = 4 * 1024;
/// Entries that a pooled table may have: address space only. Who may have as many or more is placed outside the pool.
pub(crate) const TABLE_ELEMENTS: u32 = 10 << 20;

/// What one process may take from one pool slot. A component with more takes several slots.
pub(crate) const MEMORIES_PER_SLOT: u32 = 2;
pub(crate) const TABLES_PER_SLOT: u32 = 4;

/// Mappings of one pool slot at the most: two for the guarded stack, and for a memory with a copy-on-write image one each for the image,
/// what lies before it, what lies behind it, and the untouched rest.
pub(crate) const MAPPINGS_PER_SLOT: u64 = 6;

/// How many processes the pool holds.
///
/// The pool is the fast place, not the large one: what it does not seat is placed densely. One slot in thirty-two mappings (2,047 by the
/// kernel's default) may take a fifth of them in all, and makes a node start some 3 ms later than none would. Memory bounds it as
/// well: a slot keeps up to 2 MiB warm, and at most a quarter of the machine may be kept that way.
pub(crate) fn pool_slots(machine: &Machine) -> u32 {
    let by_mappings = machine.max_map_count.map_or(1_024, |count| count / 32);
    let by_memory = machine
        .memory_bytes
        .map_or(1_024, |bytes| bytes / 4 / KEEP_RESIDENT_BYTES);
    u32::try_from(by_mappings.min(by_memory).clamp(16, 4_096)).expect("it was clamped to 4,096")
}

/// What all classes have in common.
fn common() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .async_stack_size(FIBER_STACK_BYTES)
        .max_wasm_stack(WASM_STACK_BYTES)
        .wasm_backtrace_max_frames(NonZeroUsize::new(BACKTRACE_FRAMES))
        .shared_memory(false);
    config
}

/// A pool of so many guarded slots.
pub(crate) fn pooled(machine: &Machine, slots: u32) -> Config {
    let mut config = common();
    config
        .concurrency_support(false)
        .memory_reservation(MEMORY_SLOT_BYTES)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(machine, slots)));
    config
}

/// Memories and stacks from slabs. A memory has no guard, no reserve and no image: every access is bounds-checked instead, which
/// is what makes neighbours safe from each other (see `dense.rs`).
pub(crate) fn dense(guards: Guards, account: &Arc<Mappings>) -> Config {
    let mut config = common();
    config
        .concurrency_support(false)
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .memory_reservation(0)
        .memory_reservation_for_growth(0)
        .memory_guard_size(0)
        .guard_before_linear_memory(false)
        .memory_init_cow(false);
    dense::configure(&mut config, FIBER_STACK_BYTES, guards, account);
    config
}

/// The component model's concurrency, on memories of the kernel's. Its tasks have stacks of their own, as many as a guest likes, so those
/// come from a slab.
pub(crate) fn concurrent(guards: Guards, account: &Arc<Mappings>) -> Config {
    let mut config = common();
    config
        .concurrency_support(true)
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .memory_reservation(MEMORY_SLOT_BYTES)
        .guard_before_linear_memory(false);
    dense::configure_stacks(&mut config, FIBER_STACK_BYTES, guards, account);
    config
}

fn pool(machine: &Machine, slots: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    // A store may also need a memory for its garbage-collected heap, besides those that the slot promises.
    pool.total_stacks(slots)
        .total_component_instances(slots)
        .total_core_instances(u32::MAX)
        .total_memories(slots.saturating_mul(MEMORIES_PER_SLOT + 1))
        .total_tables(slots.saturating_mul(TABLES_PER_SLOT))
        .total_gc_heaps(slots)
        .max_memories_per_module(16)
        .max_tables_per_module(16)
        .table_elements(usize::try_from(TABLE_ELEMENTS).unwrap_or(usize::MAX))
        .max_memory_size(usize::try_from(MEMORY_SLOT_BYTES).unwrap_or(usize::MAX))
        .max_core_instance_size(16 << 20)
        .max_component_instance_size(32 << 20);
    if machine.pagemap_scan {
        // Without the scan this would clear all of it at every exit: dearer than giving the pages back.
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(usize::try_from(KEEP_RESIDENT_BYTES).unwrap_or(usize::MAX))
            .table_keep_resident(KEEP_TABLE_BYTES);
    }
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(max_map_count: u64, memory_bytes: u64) -> Machine {
        Machine {
            max_map_count: Some(max_map_count),
            memory_bytes: Some(memory_bytes),
            pagemap_scan: false,
        }
    }

    #[test]
    fn the_pool_is_sized_by_the_scarcer_of_mappings_and_memory() {
        assert_eq!(pool_slots(&machine(65_530, 24 << 30)), 2_047);
        assert_eq!(pool_slots(&machine(65_530, 1 << 30)), 128);
        assert_eq!(pool_slots(&machine(1_048_576, 64 << 30)), 4_096);
        assert_eq!(pool_slots(&machine(0, 0)), 16);
    }
}
