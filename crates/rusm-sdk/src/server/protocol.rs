//! What a server's replies look like on the wire: a byte that says how it went, then the value.

use crate::wire::{self, Wire};

const VALUE: u8 = 0;
const UNREADABLE: u8 = 1;
const REFUSED: u8 = 2;

/// Why a server gave no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoValue {
    /// It could not read the request.
    Unreadable,
    /// It does not do that for this process.
    Refused,
    /// What it replied makes no sense.
    BadReply,
}

pub(super) fn value(reply: &impl Wire) -> Vec<u8> {
    let mut bytes = vec![VALUE];
    reply.write(&mut bytes);
    bytes
}

pub(super) fn unreadable() -> Vec<u8> {
    vec![UNREADABLE]
}

pub(super) fn refused() -> Vec<u8> {
    vec![REFUSED]
}

/// The value of a reply.
pub(super) fn read<R: Wire>(reply: &[u8]) -> Result<R, NoValue> {
    match reply {
        [VALUE, value @ ..] => wire::decode(value).map_err(|_| NoValue::BadReply),
        [UNREADABLE] => Err(NoValue::Unreadable),
        [REFUSED] => Err(NoValue::Refused),
        _ => Err(NoValue::BadReply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_a_value_or_says_why_not() {
        assert_eq!(read(&value(&7_u64)), Ok(7_u64));
        assert_eq!(read::<()>(&unreadable()), Err(NoValue::Unreadable));
        assert_eq!(read::<()>(&refused()), Err(NoValue::Refused));
        for hostile in [&[][..], &[3], &[0, 1], &[1, 0], &[2, 2]] {
            assert_eq!(read::<u64>(hostile), Err(NoValue::BadReply), "{hostile:?}");
        }
    }
}
