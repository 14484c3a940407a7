//! Fiber stacks of dense processes: [`Stacks`] makes them, [`DenseStack`] is one.
//!
//! A slot is a guard page and above it the stack, which grows down towards it. The guard is made once in a slot's life and stays.
//!
//! A stack is cleared when it is given back. WebAssembly code cannot read what it has not written there, so that is not what keeps
//! processes apart; it is so that a fault in a compiler would find nothing.

#![expect(
    unsafe_code,
    reason = "Wasmtime's interface for stacks of one's own is an unsafe trait"
)]

use super::guard::Guards;
use super::mapping::{Address, Purpose, page_bytes};
use super::memory::resident;
use super::pages::Pages;
use super::slab::{Slab, Slot};
use super::{Mappings, Refused, whole_pages};
use crate::engine::mappings::Charge;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;
use wasmtime::{StackCreator, StackMemory};

/// What may stay resident of a stack that is given back.
const KEEP_RESIDENT_BYTES: usize = 32 << 10;

/// Makes the stacks of an engine.
pub(super) struct Stacks(Arc<Shared>);

struct Shared {
    slab: Slab,
    guards: Guards,
    pages: Arc<Pages>,
    account: Arc<Mappings>,
    /// Mappings that each is charged with while it lives.
    charged_each: u32,
}

/// One stack.
pub(super) struct DenseStack {
    shared: Arc<Shared>,
    /// There until it is dropped.
    slot: Option<Slot>,
    guard: Address,
    _charge: Option<Charge>,
}

impl Stacks {
    /// Stacks of so many bytes, guards not counted.
    pub(super) fn new(
        bytes: usize,
        guards: Guards,
        pages: &Arc<Pages>,
        account: &Arc<Mappings>,
        charged_each: u32,
    ) -> Stacks {
        let bytes = whole_pages(bytes).unwrap_or(bytes);
        Stacks(Arc::new(Shared {
            slab: Slab::new(bytes.saturating_add(page_bytes()), Purpose::Stacks, account),
            guards,
            pages: Arc::clone(pages),
            account: Arc::clone(account),
            charged_each,
        }))
    }

    pub(super) fn make(&self) -> Result<DenseStack, Refused> {
        let shared = &self.0;
        let charge = match shared.charged_each {
            0 => None,
            each => Some(shared.account.charge(each)?),
        };
        let mut slot = shared.slab.take()?;
        if !slot.is_prepared {
            if let Err(cause) = shared.guards.install(slot.base()) {
                // Still without a guard, so whoever takes it next tries again.
                shared.slab.give_back(slot, 0);
                return Err(Refused::Guard { cause });
            }
            slot.is_prepared = true;
        }
        Ok(DenseStack {
            shared: Arc::clone(shared),
            guard: Address(slot.base()),
            slot: Some(slot),
            _charge: charge,
        })
    }
}

impl DenseStack {
    /// The lowest byte of the stack: the one above the guard.
    fn bottom(&self) -> *mut u8 {
        self.guard.0.as_ptr().wrapping_add(page_bytes())
    }

    fn bytes(&self) -> usize {
        self.shared.slab.slot_bytes() - page_bytes()
    }
}

impl Drop for DenseStack {
    fn drop(&mut self) {
        let slab = &self.shared.slab;
        let (Some(slot), Some(bottom)) = (self.slot.take(), NonNull::new(self.bottom())) else {
            return;
        };
        let keep = KEEP_RESIDENT_BYTES.min(slab.keeps_warm());
        // SAFETY: the slot is this stack's, and Wasmtime drops a stack when no fiber runs on it: nobody else has its address.
        let cleared = unsafe { self.shared.pages.clear(bottom, self.bytes(), keep) };
        slab.give_back(slot, resident(cleared));
    }
}

// SAFETY: `range` is whole pages that are readable, writable, zero and this stack's alone as long as it lives, with a guard right below.
unsafe impl StackMemory for DenseStack {
    fn top(&self) -> *mut u8 {
        self.bottom().wrapping_add(self.bytes())
    }

    fn range(&self) -> Range<usize> {
        // Wasmtime makes pointers of it again.
        let bottom = self.bottom().expose_provenance();
        bottom..bottom.saturating_add(self.bytes())
    }

    fn guard_range(&self) -> Range<*mut u8> {
        self.guard.0.as_ptr()..self.bottom()
    }
}

// SAFETY: a stack is its own and guarded. All have one size, at least what the engine asks for.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, _zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        if size > self.0.slab.slot_bytes() - page_bytes() {
            return Err(wasmtime::Error::new(Refused::Unsupported));
        }
        Ok(Box::new(self.make().map_err(wasmtime::Error::new)?))
    }
}
