//! Slots of one size, cut from large mappings: [`Slab`]. A slot costs no mapping of its own.
//!
//! Invariants:
//! - a slot has one owner: it is either in somebody's [`Slot`] or known to its chunk as free, never both;
//! - a chunk is unmapped only when none of its slots has an owner;
//! - what is given back is clear (zero wherever it is readable), so what is taken is.
//!
//! Slots come from the first chunk that has room, so that the later ones empty when there are fewer processes: one empty chunk is kept,
//! the others are unmapped, with their page tables.

use super::mapping::{Address, Mapping, Purpose};
use super::{Mappings, Refused};
use crate::engine::mappings::Charge;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::ptr::NonNull;
use std::sync::Arc;

/// Address space of one chunk, where the system grants that much at once.
const CHUNK_BYTES: usize = 4 << 30;
/// The most slots of a chunk: what is kept of an empty one is bounded.
const CHUNK_SLOTS_MAX: usize = 16_384;
/// Resident bytes of clear slots that are kept for the next.
const WARM_BYTES_MAX: usize = 32 << 20;
/// And how many slots.
const WARM_SLOTS_MAX: usize = 4_096;

/// All slots of one size.
#[derive(Debug)]
pub(super) struct Slab {
    slot_bytes: usize,
    purpose: Purpose,
    account: Arc<Mappings>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// A chunk that was unmapped leaves its place.
    chunks: Vec<Option<Chunk>>,
    /// Places of the chunks that have a slot to give.
    open: BTreeSet<usize>,
    /// Clear slots with resident pages, and how many bytes of them. Their chunks count them as free of owners.
    warm: Vec<Warm>,
    warm_bytes: usize,
}

#[derive(Debug)]
struct Chunk {
    mapping: Mapping,
    _charge: Charge,
    n_slots: usize,
    /// Slots from here on were never taken.
    first_new: usize,
    /// Slots that were given back: their places, and whether they were prepared.
    free: Vec<(usize, bool)>,
    n_owned: usize,
}

#[derive(Debug)]
struct Warm {
    slot: Slot,
    resident_bytes: usize,
}

/// A slot that somebody owns. It is given back by [`Slab::give_back`], and lost for good if it is just dropped.
#[derive(Debug)]
pub(super) struct Slot {
    base: Address,
    chunk: usize,
    index: usize,
    /// Whether its owner did what is done once in a slot's life, such as guarding it.
    pub(super) is_prepared: bool,
}

impl Slot {
    pub(super) fn base(&self) -> NonNull<u8> {
        self.base.0
    }
}

impl Slab {
    /// No mapping is made before a slot is taken.
    pub(super) fn new(slot_bytes: usize, purpose: Purpose, account: &Arc<Mappings>) -> Slab {
        Slab {
            slot_bytes,
            purpose,
            account: Arc::clone(account),
            state: Mutex::default(),
        }
    }

    /// Bytes of each slot.
    pub(super) fn slot_bytes(&self) -> usize {
        self.slot_bytes
    }

    /// A clear slot.
    pub(super) fn take(&self) -> Result<Slot, Refused> {
        let mut state = self.state.lock();
        if let Some(Warm {
            slot,
            resident_bytes,
        }) = state.warm.pop()
        {
            state.warm_bytes -= resident_bytes;
            if let Some(chunk) = state.chunk(slot.chunk) {
                chunk.n_owned += 1;
            }
            return Ok(slot);
        }
        loop {
            let Some(place) = state.open.first().copied() else {
                self.add_chunk(&mut state)?;
                continue;
            };
            let slot_bytes = self.slot_bytes;
            if let Some(slot) = state
                .chunk(place)
                .and_then(|chunk| chunk.take(place, slot_bytes))
            {
                return Ok(slot);
            }
            state.open.remove(&place);
        }
    }

    /// Takes a clear slot back. `resident_bytes` of it have pages.
    pub(super) fn give_back(&self, slot: Slot, resident_bytes: usize) {
        let mut state = self.state.lock();
        let place = slot.chunk;
        let Some(chunk) = state.chunk(place) else {
            return;
        };
        chunk.n_owned -= 1;
        let is_empty = chunk.n_owned == 0;
        let keeps = resident_bytes > 0
            && state.warm.len() < WARM_SLOTS_MAX
            && state.warm_bytes + resident_bytes <= WARM_BYTES_MAX;
        if keeps {
            state.warm_bytes += resident_bytes;
            state.warm.push(Warm {
                slot,
                resident_bytes,
            });
        } else {
            if let Some(chunk) = state.chunk(place) {
                chunk.free.push((slot.index, slot.is_prepared));
            }
            state.open.insert(place);
        }
        if is_empty {
            let surplus = state.close_surplus(place);
            // Unmapped when nobody waits for the lock.
            drop(state);
            drop(surplus);
        }
    }

    /// Whether a slot that is given back with so many resident bytes would be kept so.
    pub(super) fn keeps_warm(&self) -> usize {
        let state = self.state.lock();
        if state.warm.len() < WARM_SLOTS_MAX {
            WARM_BYTES_MAX - state.warm_bytes
        } else {
            0
        }
    }

    fn add_chunk(&self, state: &mut State) -> Result<(), Refused> {
        let charge = self.account.charge(1)?;
        let mut n_slots = (CHUNK_BYTES / self.slot_bytes).clamp(1, CHUNK_SLOTS_MAX);
        let mapping = loop {
            let bytes = n_slots * self.slot_bytes;
            match Mapping::reserve(bytes, self.purpose) {
                Ok(mapping) => break mapping,
                // Address space may be scarce: fewer slots then.
                Err(_) if n_slots > 1 => n_slots /= 4,
                Err(cause) => return Err(Refused::Space { bytes, cause }),
            }
            n_slots = n_slots.max(1);
        };
        let chunk = Chunk {
            mapping,
            _charge: charge,
            n_slots,
            first_new: 0,
            free: Vec::new(),
            n_owned: 0,
        };
        let place = match state.chunks.iter().position(Option::is_none) {
            Some(place) => place,
            None => {
                state.chunks.push(None);
                state.chunks.len() - 1
            }
        };
        if let Some(empty) = state.chunks.get_mut(place) {
            *empty = Some(chunk);
        }
        state.open.insert(place);
        Ok(())
    }
}

impl State {
    fn chunk(&mut self, place: usize) -> Option<&mut Chunk> {
        self.chunks.get_mut(place)?.as_mut()
    }

    /// Takes this chunk out, which has no owners left, if another one is empty as well.
    fn close_surplus(&mut self, place: usize) -> Option<Chunk> {
        let n_empty = self
            .chunks
            .iter()
            .flatten()
            .filter(|chunk| chunk.n_owned == 0)
            .count();
        if n_empty < 2 {
            return None;
        }
        self.open.remove(&place);
        self.warm.retain(|warm| warm.slot.chunk != place);
        self.warm_bytes = self.warm.iter().map(|warm| warm.resident_bytes).sum();
        self.chunks.get_mut(place)?.take()
    }
}

impl Chunk {
    fn take(&mut self, place: usize, slot_bytes: usize) -> Option<Slot> {
        let (index, is_prepared) = match self.free.pop() {
            Some(free) => free,
            None if self.first_new < self.n_slots => {
                self.first_new += 1;
                (self.first_new - 1, false)
            }
            None => return None,
        };
        let base = self.mapping.at(index * slot_bytes)?;
        self.n_owned += 1;
        Some(Slot {
            base,
            chunk: place,
            index,
            is_prepared,
        })
    }
}
