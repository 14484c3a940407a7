//! What the host answers: long results, and codes with their details.

use rusm_abi::{Denial as RawDenial, Errno, Malformed, Reason, Record};

use super::convert;
use super::import;
use crate::{Denial, ExitReason};

/// Room on the stack: most results fit, and then there is one call and no allocation for them.
const ROOM: usize = 512;

/// The bytes of a long result.
#[derive(Debug)]
pub(super) struct Long {
    room: [u8; ROOM],
    length: usize,
    /// The whole result, if it did not fit the room.
    rest: Vec<u8>,
}

impl Long {
    pub(super) fn bytes(&self) -> &[u8] {
        if self.rest.is_empty() {
            self.room.get(..self.length).unwrap_or_default()
        } else {
            &self.rest
        }
    }

    /// The bytes behind the first few; what did not fit the room is not copied out of the buffer that it came in.
    pub(super) fn into_bytes(mut self, n_head: usize) -> Vec<u8> {
        if self.rest.is_empty() {
            self.bytes().get(n_head..).unwrap_or_default().into()
        } else {
            self.rest.drain(..n_head.min(self.length));
            self.rest
        }
    }

    /// The record that these bytes are.
    pub(super) fn decode<'a, R: Record<'a>>(&'a self) -> R {
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

/// Makes a call that has a long result, and fetches all of it.
pub(super) fn long(call: impl FnOnce(&mut [u8]) -> i32) -> Result<Long, Errno> {
    let mut room = [0; ROOM];
    let length = in_memory(checked(call(&mut room))?);
    let rest = if length <= ROOM {
        Vec::new()
    } else {
        fetch(length)
    };
    Ok(Long { room, length, rest })
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
pub(super) fn detail() -> Long {
    long(import::take).expect("taking has no codes")
}

pub(super) fn denial() -> Denial {
    convert::denial(detail().decode::<RawDenial<'_>>())
}

pub(super) fn reason() -> ExitReason {
    convert::reason(detail().decode::<Reason<'_>>())
}

/// A code that this import does not have.
pub(super) fn unexpected(import: &str, errno: Errno) -> ! {
    panic!("the host answered '{import}' with {errno:?}, which it does not have")
}
