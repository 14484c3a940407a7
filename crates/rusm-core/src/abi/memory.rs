//! Checked views of a core module's memory.
//!
//! A pointer and a length are two numbers that a hostile guest chose. Every view is checked against the
//! memory as it is now; nothing is allocated for a length, only for bytes that exist. What does not fit is
//! a [`Fault`]: it ends the guest, as a component's bad pointer does.
//!
//! What a call reads is bounded in all by `max-call-kb`, as Wasmtime bounds what a component hands over: the host may
//! have to copy it.

use crate::guest::LimitBreach;
use crate::guest::breach::Breach;
use crate::host::{Fault, Misuse};
use rusm_abi::{NONE_LENGTH, Record};
use std::cell::Cell;
use std::ops::Range;

/// The memory of the calling guest, during one call.
#[derive(Debug)]
pub(crate) struct GuestMemory<'a> {
    bytes: &'a mut [u8],
    /// How many bytes one call may hand to the host, and how many it has.
    most: u64,
    n_read: Cell<u64>,
}

/// Where a result may be written: inside the memory, which never shrinks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pointer: u32,
    length: u32,
}

impl<'a> GuestMemory<'a> {
    pub(crate) fn new(bytes: &'a mut [u8], most: u64) -> Self {
        Self {
            bytes,
            most,
            n_read: Cell::new(0),
        }
    }

    /// The bytes at a pointer. With length 0 the pointer means nothing.
    pub(crate) fn bytes(&self, pointer: i32, length: i32) -> Result<&[u8], Fault> {
        let (pointer, length) = (pointer.cast_unsigned(), length.cast_unsigned());
        let range = self.range(pointer, length)?;
        self.spend(length)?;
        self.bytes
            .get(range)
            .ok_or_else(|| self.out_of_bounds(pointer, length))
    }

    /// The text at a pointer.
    pub(crate) fn text(&self, pointer: i32, length: i32) -> Result<&str, Fault> {
        let bytes = self.bytes(pointer, length)?;
        let pointer = pointer.cast_unsigned();
        std::str::from_utf8(bytes).map_err(|_| Misuse::NotText { pointer }.into())
    }

    /// The text at a pointer, or none.
    pub(crate) fn optional_text(&self, pointer: i32, length: i32) -> Result<Option<&str>, Fault> {
        if length.cast_unsigned() == NONE_LENGTH {
            Ok(None)
        } else {
            self.text(pointer, length).map(Some)
        }
    }

    /// The record that takes up these bytes; none when there are no bytes.
    pub(crate) fn record<'b, R: Record<'b>>(
        &'b self,
        record: &'static str,
        pointer: i32,
        length: i32,
    ) -> Result<Option<R>, Fault> {
        let bytes = self.bytes(pointer, length)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let pointer = pointer.cast_unsigned();
        R::decode(bytes).map(Some).map_err(|cause| {
            Misuse::Record {
                record,
                pointer,
                cause,
            }
            .into()
        })
    }

    /// Room for a result, checked before anything is done.
    pub(crate) fn room(&self, pointer: i32, length: i32) -> Result<Room, Fault> {
        let room = Room {
            pointer: pointer.cast_unsigned(),
            length: length.cast_unsigned(),
        };
        self.range(room.pointer, room.length).map(|_| room)
    }

    /// The room, if it holds as many bytes.
    pub(crate) fn open(&mut self, room: Room, n_bytes: usize) -> Result<Option<&mut [u8]>, Fault> {
        let range = self.range(room.pointer, room.length)?;
        Ok(self
            .bytes
            .get_mut(range)
            .and_then(|room| room.get_mut(..n_bytes)))
    }

    fn spend(&self, length: u32) -> Result<(), Fault> {
        let n_read = self.n_read.get().saturating_add(u64::from(length));
        if n_read > self.most {
            return Err(Fault::Breach(LimitBreach(Breach::call(self.most, n_read))));
        }
        self.n_read.set(n_read);
        Ok(())
    }

    fn range(&self, pointer: u32, length: u32) -> Result<Range<usize>, Fault> {
        if length == 0 {
            return Ok(0..0);
        }
        let inside = |start: usize, length: usize| {
            let end = start.checked_add(length)?;
            (end <= self.bytes.len()).then_some(start..end)
        };
        let range = usize::try_from(pointer)
            .ok()
            .zip(usize::try_from(length).ok());
        range
            .and_then(|(start, length)| inside(start, length))
            .ok_or_else(|| self.out_of_bounds(pointer, length))
    }

    fn out_of_bounds(&self, pointer: u32, length: u32) -> Fault {
        Misuse::OutOfBounds {
            pointer,
            length,
            size: self.bytes.len(),
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusm_abi::{Malformed, Reason};

    fn misuse<T: std::fmt::Debug>(result: Result<T, Fault>) -> Misuse {
        match result.unwrap_err() {
            Fault::Misuse(misuse) => misuse,
            Fault::Exit(reason) => unreachable!("{reason}"),
            Fault::Breach(breach) => unreachable!("{breach}"),
        }
    }

    /// Everything inside is seen; the first byte outside, an overflow and the largest numbers are refused.
    #[test]
    fn views_end_where_the_memory_ends() {
        let mut bytes = *b"0123456789";
        let memory = GuestMemory::new(&mut bytes, u64::MAX);
        assert_eq!(memory.bytes(0, 10).unwrap(), b"0123456789");
        assert_eq!(memory.bytes(9, 1).unwrap(), b"9");
        for (pointer, length) in [
            (0, 11),
            (9, 2),
            (10, 1),
            (-1, 1),
            (1, -1),
            (-1, -1),
            (i32::MAX, i32::MAX),
        ] {
            let misuse = misuse(memory.bytes(pointer, length));
            assert!(
                matches!(misuse, Misuse::OutOfBounds { size: 10, .. }),
                "{misuse}"
            );
            assert!(memory.room(pointer, length).is_err());
            assert!(memory.text(pointer, length).is_err());
        }
    }

    /// Nothing is read through a pointer to no bytes, so it may be any.
    #[test]
    fn a_pointer_to_no_bytes_means_nothing() {
        let mut bytes = [];
        let memory = GuestMemory::new(&mut bytes, u64::MAX);
        assert_eq!(memory.bytes(-1, 0).unwrap(), b"");
        assert_eq!(memory.text(77, 0).unwrap(), "");
        assert!(memory.room(-1, 0).is_ok());
        assert_eq!(memory.optional_text(-1, -1).unwrap(), None);
        assert_eq!(memory.record::<Reason<'_>>("reason", 5, 0).unwrap(), None);
    }

    /// A result that is longer than its room is not written in part.
    #[test]
    fn room_is_opened_for_whole_results_only() {
        let mut bytes = [7; 8];
        let mut memory = GuestMemory::new(&mut bytes, u64::MAX);
        let room = memory.room(4, 3).unwrap();
        assert!(memory.open(room, 4).unwrap().is_none());
        memory.open(room, 2).unwrap().unwrap().fill(0);
        assert_eq!(bytes, [7, 7, 7, 7, 0, 0, 7, 7]);
    }

    /// All that one call reads counts, and the byte over the bound is a breach.
    #[test]
    fn what_a_call_reads_is_bounded_in_all() {
        let mut bytes = [b'x'; 64];
        let memory = GuestMemory::new(&mut bytes, 40);
        assert_eq!(memory.bytes(0, 30).unwrap().len(), 30);
        assert_eq!(memory.text(0, 10).unwrap().len(), 10);
        let Err(Fault::Breach(LimitBreach(breach))) = memory.bytes(0, 1) else {
            unreachable!("it is one byte too many")
        };
        assert_eq!(breach, Breach::call(40, 41));
        assert!(memory.room(0, 64).is_ok(), "a result is the host's already");
    }

    /// Texts and records that cannot be read are refused with where they lie.
    #[test]
    fn what_cannot_be_read_is_refused() {
        let mut bytes = [0xff; 16];
        let memory = GuestMemory::new(&mut bytes, u64::MAX);
        assert_eq!(misuse(memory.text(3, 2)), Misuse::NotText { pointer: 3 });
        let cause = Malformed::Short;
        assert_eq!(
            misuse(memory.record::<Reason<'_>>("reason", 4, 7)),
            Misuse::Record {
                record: "reason",
                pointer: 4,
                cause
            }
        );
    }
}
