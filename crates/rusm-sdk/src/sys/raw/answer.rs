//! What the host answers: long results, and codes with their details.

use rusm_abi::{Denial as RawDenial, Errno, Malformed, Reason, Record};

use super::convert;
use super::import::{self, Room};
use crate::{Denial, ExitReason};

/// The bytes of a long result.
pub(super) enum Long<'a> {
    /// All of it fitted the room.
    InRoom(&'a [u8]),
    /// It did not, and was taken after the call.
    Taken(Vec<u8>),
}

impl<'a> Long<'a> {
    /// Makes a call that has a long result, and fetches all of it.
    pub(super) fn of(
        room: &'a mut Room,
        call: impl FnOnce(&mut Room) -> i32,
    ) -> Result<Self, Errno> {
        let length = in_memory(checked(call(room))?);
        Ok(if length <= Room::LENGTH {
            Self::InRoom(room.written())
        } else {
            Self::Taken(fetch(length))
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::InRoom(bytes) => bytes,
            Self::Taken(bytes) => bytes,
        }
    }

    /// The bytes behind the first few; what did not fit the room is not copied out of the buffer that it came in.
    pub(super) fn into_bytes(self, n_head: usize) -> Vec<u8> {
        match self {
            Self::InRoom(bytes) => bytes.get(n_head..).unwrap_or_default().into(),
            Self::Taken(mut bytes) => {
                bytes.drain(..n_head.min(bytes.len()));
                bytes
            }
        }
    }

    /// The record that these bytes are.
    pub(super) fn decode<'b, R: Record<'b>>(&'b self) -> R {
        known(R::decode(self.bytes()))
    }

    /// The text that these bytes are.
    pub(super) fn text(&self) -> String {
        str::from_utf8(self.bytes())
            .expect("the host answers texts in UTF-8")
            .into()
    }
}

/// The host's own records read back; anything else is a host of another version.
pub(super) fn known<T>(read: Result<T, Malformed>) -> T {
    read.expect("the host writes records as `rusm-abi` defines them")
}

/// The bytes of a record.
pub(super) fn encoded<'a>(record: &impl Record<'a>) -> Vec<u8> {
    let mut bytes = vec![0; record.encoded_len()];
    record
        .encode(&mut bytes)
        .expect("the room is as long as the record");
    bytes
}

/// A result that is a length, a count or a flag; or a code.
pub(super) fn checked(result: i32) -> Result<u32, Errno> {
    u32::try_from(result).map_err(|_| {
        Errno::from_i32(result)
            .unwrap_or_else(|| panic!("the host answered the unknown code {result}"))
    })
}

/// Takes a result whose length is known and does not fit the room.
fn fetch(length: usize) -> Vec<u8> {
    let rest = import::take_whole(length);
    assert_eq!(rest.len(), length, "the host hands over what it announced");
    rest
}

fn in_memory(length: u32) -> usize {
    usize::try_from(length).expect("the memory of a guest has 32 bits")
}

/// What waits after a code.
pub(super) fn detail<R>(read: impl FnOnce(Long<'_>) -> R) -> R {
    let mut room = Room::new();
    read(Long::of(&mut room, import::take).expect("taking has no codes"))
}

pub(super) fn denial() -> Denial {
    detail(|denial| convert::denial(denial.decode::<RawDenial<'_>>()))
}

pub(super) fn reason() -> ExitReason {
    detail(|reason| convert::reason(reason.decode::<Reason<'_>>()))
}

/// A code that this import does not have.
pub(super) fn unexpected(import: &str, errno: Errno) -> ! {
    panic!("the host answered '{import}' with {errno:?}, which it does not have")
}
