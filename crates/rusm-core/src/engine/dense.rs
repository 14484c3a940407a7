//! The dense place: processes by the million, in a handful of memory mappings.
//!
//! Linear memories and fiber stacks are slots of large lazily backed mappings ([`slab`]). A slot costs no mapping of its own, only the
//! pages that are touched and their share of a page table. Wasmtime asks [`memory`] and [`stack`] for them.
//!
//! # Why no guest reaches a neighbour
//!
//! - **Memory.** Guards and reservations of this engine have size zero, so Wasmtime compiles a bounds check into every access (and the
//!   masking of speculative ones, which stays on). The check is against the length in the instance's own context, which is what
//!   [`memory::DenseMemory`] says its length is, and that never exceeds its slot. Bulk operations and host functions check
//!   against the same length. Nothing here depends on what lies behind a slot.
//! - **What was there before.** A slot has one owner, and is cleared when it is given back, before anybody else can have it. Growth
//!   within a slot shows pages that were never written or were cleared; growth into another copies to a clear one.
//! - **Stacks.** WebAssembly code may use [`super::config::WASM_STACK_BYTES`] and checks it at every function's entry, so endless
//!   recursion is a trap. Host functions have at least as much below that; they do not recurse by a guest's choice. Below it lies a guard
//!   page, so an overflow of host code is a fault of the whole node and never a silent write into a neighbour.
//!
//! # When the kernel refuses
//!
//! Address space, pages of a slot and guards are asked for through calls that can fail; each failure is a [`Refused`] that ends the start,
//! or makes the growth fail, of one process. What cannot fail in time is the first touch of a page: the memory floor
//! (`engine/memory.rs`) keeps starts away from that.

use super::mappings::Mappings;
use pages::Pages;
use std::sync::Arc;
use wasmtime::Config;

mod guard;
mod mapping;
mod memory;
mod pages;
mod slab;
mod stack;

#[cfg(test)]
mod tests;

pub(super) use guard::Guards;

/// The kernel gave no room. The text is for whoever started the process.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("the kernel gives no {bytes} bytes of address space: {cause}")]
    Space { bytes: usize, cause: std::io::Error },
    #[error("the kernel guards no stack: {cause}")]
    Guard { cause: std::io::Error },
    #[error("{in_use} of the kernel's {limit} memory mappings are in use (raise vm.max_map_count)")]
    Mappings { in_use: u64, limit: u64 },
    #[error("shared memory support is disabled")]
    Shared,
    #[error("a memory of this kind is not supported")]
    Unsupported,
}

impl From<super::mappings::Full> for Refused {
    fn from(full: super::mappings::Full) -> Refused {
        Refused::Mappings {
            in_use: full.in_use,
            limit: full.limit,
        }
    }
}

/// Lets an engine take its memories and stacks from slabs. Their mappings are charged to `account`.
pub(super) fn configure(
    config: &mut Config,
    stack_bytes: usize,
    guards: Guards,
    account: &Arc<Mappings>,
) {
    let pages = Arc::new(Pages::new());
    // A process has one stack, and is charged for its guard when it starts.
    let stacks = stack::Stacks::new(stack_bytes, guards, &pages, account, 0);
    config
        .with_host_memory(Arc::new(memory::Memories::new(&pages, account)))
        .with_host_stack(Arc::new(stacks));
}

/// Lets an engine take its stacks alone from a slab, where a process may have any number of them: each is charged to `account` while
/// it lives, and one for which there is no room is refused.
pub(super) fn configure_stacks(
    config: &mut Config,
    stack_bytes: usize,
    guards: Guards,
    account: &Arc<Mappings>,
) {
    let pages = Arc::new(Pages::new());
    let each = guards.mappings_each();
    let stacks = stack::Stacks::new(stack_bytes, guards, &pages, account, each);
    config.with_host_stack(Arc::new(stacks));
}

/// Rounds up to whole pages of the host; none if that is more than there can be.
fn whole_pages(bytes: usize) -> Option<usize> {
    bytes.checked_next_multiple_of(mapping::page_bytes())
}
