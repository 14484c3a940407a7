//! Linear memories of dense processes: [`Memories`] makes them, [`DenseMemory`] is one.
//!
//! A memory lives in a slot of the smallest size that holds it. It grows in place while the slot has room, and then moves to a slot
//! at least twice as large: what is copied in all is at most what it has at the end. Beyond the largest slot it has a mapping of its own,
//! which the kernel moves without copying.
//!
//! Invariants:
//! - `bytes <= capacity`, and what lies between them is zero;
//! - a growth that fails changes nothing.

#![expect(
    unsafe_code,
    reason = "Wasmtime's interface for memories of one's own is an unsafe trait"
)]

use super::mapping::{Mapping, Purpose};
use super::pages::{Cleared, Pages};
use super::slab::{Slab, Slot};
use super::{Mappings, Refused, whole_pages};
use crate::engine::mappings::Charge;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// Sizes of slots. One page of WebAssembly first: what an idle process pays in page tables is in proportion to its slot.
const SLOT_BYTES: [usize; 8] = [
    64 << 10,
    128 << 10,
    256 << 10,
    512 << 10,
    1 << 20,
    2 << 20,
    8 << 20,
    32 << 20,
];
/// The least of a mapping of its own.
const OWN_BYTES_MIN: usize = 64 << 20;
/// What may stay resident of a memory that is given back.
const KEEP_RESIDENT_BYTES: usize = 256 << 10;

/// Makes the linear memories of an engine.
pub(super) struct Memories(Arc<Shared>);

/// What all memories of an engine share.
pub(super) struct Shared {
    slabs: [Slab; SLOT_BYTES.len()],
    pages: Arc<Pages>,
    account: Arc<Mappings>,
    /// Bytes copied by growth, ever.
    copied_bytes: AtomicU64,
}

/// One linear memory.
pub(super) struct DenseMemory {
    shared: Arc<Shared>,
    room: Room,
    bytes: usize,
}

/// Where a memory lives.
enum Room {
    /// In a slot of the slab with this number.
    Slot { slot: Slot, slab: usize },
    /// In a mapping of its own.
    Own { mapping: Mapping, _charge: Charge },
    /// Nowhere any more: it is being dropped.
    None,
}

impl Memories {
    pub(super) fn new(pages: &Arc<Pages>, account: &Arc<Mappings>) -> Memories {
        Memories(Arc::new(Shared {
            slabs: SLOT_BYTES.map(|bytes| Slab::new(bytes, Purpose::Memories, account)),
            pages: Arc::clone(pages),
            account: Arc::clone(account),
            copied_bytes: AtomicU64::new(0),
        }))
    }

    pub(super) fn make(&self, bytes: usize) -> Result<DenseMemory, Refused> {
        let room = self.0.room(bytes)?;
        Ok(DenseMemory {
            shared: Arc::clone(&self.0),
            room,
            bytes,
        })
    }

    #[cfg(test)]
    pub(super) fn copied_bytes(&self) -> u64 {
        self.0.copied_bytes.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// Clear room for so many bytes.
    fn room(&self, bytes: usize) -> Result<Room, Refused> {
        let fits = |slab: &Slab| bytes <= slab.slot_bytes();
        if let Some(number) = self.slabs.iter().position(fits)
            && let Some(slab) = self.slabs.get(number)
        {
            let slot = slab.take()?;
            return Ok(Room::Slot { slot, slab: number });
        }
        let capacity = own_capacity(bytes)?;
        let charge = self.account.charge(1)?;
        let mapping = Mapping::reserve(capacity, Purpose::LargeMemory);
        let mapping = mapping.map_err(|cause| Refused::Space {
            bytes: capacity,
            cause,
        })?;
        Ok(Room::Own {
            mapping,
            _charge: charge,
        })
    }
}

/// What a mapping of its own has for so many bytes: a power of two, so that growth by the page is seldom a system call.
fn own_capacity(bytes: usize) -> Result<usize, Refused> {
    let wanted = bytes.checked_next_power_of_two().and_then(whole_pages);
    wanted
        .map(|wanted| wanted.max(OWN_BYTES_MIN))
        .ok_or(Refused::Space {
            bytes,
            cause: std::io::ErrorKind::OutOfMemory.into(),
        })
}

impl DenseMemory {
    fn base(&self) -> NonNull<u8> {
        match &self.room {
            Room::Slot { slot, .. } => slot.base(),
            Room::Own { mapping, .. } => mapping.base(),
            Room::None => NonNull::dangling(),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        match &self.room {
            Room::Slot { slab, .. } => self.shared.slabs.get(*slab).map_or(0, Slab::slot_bytes),
            Room::Own { mapping, .. } => mapping.bytes(),
            Room::None => 0,
        }
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Refused> {
        if bytes > self.capacity() {
            match &mut self.room {
                Room::Own { mapping, .. } => {
                    let capacity = own_capacity(bytes)?;
                    mapping.grow(capacity).map_err(|cause| Refused::Space {
                        bytes: capacity,
                        cause,
                    })?;
                }
                Room::Slot { .. } | Room::None => self.move_to(bytes)?,
            }
        }
        self.bytes = bytes;
        Ok(())
    }

    fn move_to(&mut self, bytes: usize) -> Result<(), Refused> {
        let larger = DenseMemory {
            shared: Arc::clone(&self.shared),
            // At least twice the room, whatever is asked for: growth by the page copies little.
            room: self.shared.room(bytes.max(self.capacity() * 2))?,
            bytes: self.bytes,
        };
        // SAFETY: two slots or mappings, each owned by the memory that has it; the new one is clear and larger than what the old one has.
        let n_copied = unsafe {
            let pages = &self.shared.pages;
            pages.copy(self.base(), larger.base(), self.bytes)
        };
        let n_copied = u64::try_from(n_copied).unwrap_or(u64::MAX);
        self.shared
            .copied_bytes
            .fetch_add(n_copied, Ordering::Relaxed);
        // The smaller room is cleared and given back.
        *self = larger;
        Ok(())
    }
}

impl Drop for DenseMemory {
    fn drop(&mut self) {
        let base = self.base();
        match std::mem::replace(&mut self.room, Room::None) {
            Room::Slot { slot, slab } => {
                let Some(slab) = self.shared.slabs.get(slab) else {
                    return;
                };
                let keep = KEEP_RESIDENT_BYTES.min(slab.keeps_warm());
                // What lies beyond the memory's size was never written. It has whole pages of the slot's mapping.
                let bytes = whole_pages(self.bytes)
                    .map_or(slab.slot_bytes(), |bytes| bytes.min(slab.slot_bytes()));
                // SAFETY: the slot is this memory's, and Wasmtime is done with it: nobody else has its address.
                let cleared = unsafe { self.shared.pages.clear(base, bytes, keep) };
                slab.give_back(slot, resident(cleared));
            }
            Room::Own { mapping, .. } => drop(mapping),
            Room::None => {}
        }
    }
}

/// Bytes that a slot keeps.
pub(super) fn resident(cleared: Cleared) -> usize {
    match cleared {
        Cleared::InPlace { resident_bytes } => resident_bytes,
        Cleared::GivenBack => 0,
    }
}

// SAFETY: `as_ptr` is valid for reads and writes of `byte_capacity()` bytes, of which those from `byte_size()` on are zero, for as long as
// the value lives or until a growth beyond the capacity; growth within it does not move. The range is this value's alone.
unsafe impl LinearMemory for DenseMemory {
    fn byte_size(&self) -> usize {
        self.bytes
    }

    fn byte_capacity(&self) -> usize {
        self.capacity()
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        self.grow(new_size).map_err(wasmtime::Error::new)
    }

    fn as_ptr(&self) -> *mut u8 {
        self.base().as_ptr()
    }
}

// SAFETY: a memory is zero and its own, as its size says. A reservation or a guard would have to be honoured and cannot be: the engine that
// asks for one is refused, as are shared memories, which may be used while they grow.
unsafe impl MemoryCreator for Memories {
    fn new_memory(
        &self,
        ty: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        reserved_size_in_bytes: Option<usize>,
        guard_size_in_bytes: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if ty.is_shared() {
            return Err(Refused::Shared.to_string());
        }
        if reserved_size_in_bytes.unwrap_or(0) > 0 || guard_size_in_bytes > 0 {
            return Err(Refused::Unsupported.to_string());
        }
        let memory = self.make(minimum).map_err(|refused| refused.to_string())?;
        Ok(Box::new(memory))
    }
}
