//! Values as bytes: [`Wire`], for the messages of servers, tasks and supervisors.
//!
//! Integers are little-endian; a text, a list or bytes have their length before them as a `u32`. Whoever
//! reads does not trust who wrote: a length is compared with what is left before anything is made of it,
//! and bytes that are left over make the whole value [`Malformed`].
//!
//! ```
//! use rusm_sdk::wire::{self, Malformed, Reader, Wire};
//!
//! #[derive(Debug, PartialEq)]
//! enum Ask {
//!     Add(i64),
//!     Rename(String),
//! }
//!
//! impl Wire for Ask {
//!     fn write(&self, to: &mut Vec<u8>) {
//!         match self {
//!             Self::Add(by) => (0_u8, *by).write(to),
//!             Self::Rename(name) => (1_u8, name.clone()).write(to),
//!         }
//!     }
//!
//!     fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
//!         match u8::read(from)? {
//!             0 => Ok(Self::Add(i64::read(from)?)),
//!             1 => Ok(Self::Rename(String::read(from)?)),
//!             _ => Err(Malformed),
//!         }
//!     }
//! }
//!
//! let bytes = wire::encode(&Ask::Add(-3));
//! assert_eq!(wire::decode(&bytes), Ok(Ask::Add(-3)));
//! assert_eq!(wire::decode::<Ask>(&[2]), Err(Malformed));
//! ```

mod types;

use std::fmt;

/// A value that can travel in a message.
pub trait Wire: Sized {
    /// Appends its bytes.
    fn write(&self, to: &mut Vec<u8>);

    /// Takes its bytes from the front.
    ///
    /// # Errors
    /// [`Malformed`]: these bytes are no such value.
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed>;

    /// Appends the bytes of several; for types with a faster way than one by one.
    #[doc(hidden)]
    fn write_all(items: &[Self], to: &mut Vec<u8>) {
        items.iter().for_each(|item| item.write(to));
    }

    /// Takes several.
    #[doc(hidden)]
    fn read_all(count: usize, from: &mut Reader<'_>) -> Result<Vec<Self>, Malformed> {
        (0..count).map(|_| Self::read(from)).collect()
    }
}

/// The bytes are no value of the type expected: too short, too long, or with an unknown variant in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are no value of the type expected")
    }
}

impl std::error::Error for Malformed {}

/// The bytes of one value.
pub fn encode(value: &impl Wire) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.write(&mut bytes);
    bytes
}

/// The value that these bytes are, all of them.
///
/// # Errors
/// [`Malformed`].
pub fn decode<T: Wire>(bytes: &[u8]) -> Result<T, Malformed> {
    let mut reader = Reader { rest: bytes };
    let value = T::read(&mut reader)?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(Malformed)
    }
}

/// Bytes that are read from the front.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`Malformed`]: there are not so many.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A length or count, which is never more than the bytes that are left.
    ///
    /// # Errors
    /// [`Malformed`]: more is announced than there can be.
    pub fn length(&mut self) -> Result<usize, Malformed> {
        let length = usize::try_from(u32::read(self)?).map_err(|_| Malformed)?;
        if length > self.rest.len() {
            return Err(Malformed);
        }
        Ok(length)
    }
}

/// Appends a length or count.
///
/// # Panics
/// With 4 GiB or more, which no message holds.
pub(crate) fn write_length(length: usize, to: &mut Vec<u8>) {
    u32::try_from(length)
        .expect("a message is shorter than 4 GiB")
        .write(to);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written is read, and every cut of it is refused.
    #[track_caller]
    fn check<T: Wire + PartialEq + fmt::Debug>(value: &T) {
        let bytes = encode(value);
        assert_eq!(decode::<T>(&bytes).as_ref(), Ok(value));
        for end in 0..bytes.len() {
            assert_eq!(decode::<T>(&bytes[..end]), Err(Malformed), "cut at {end}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(decode::<T>(&longer), Err(Malformed));
    }

    #[test]
    fn values_come_back_as_they_went() {
        check(&());
        check(&true);
        check(&(u8::MAX, u16::MAX, u32::MAX));
        check(&(u64::MAX, i64::MIN, -1_i32));
        check(&"é\u{1f980}".to_owned());
        check(&vec![0_u8, 1, 255]);
        check(&vec!["a".to_owned(), String::new()]);
        check(&Some(7_u64));
        check(&None::<u64>);
        check(&Ok::<u8, String>(1));
        check(&Err::<u8, String>("no".to_owned()));
        check(&std::time::Duration::from_nanos(1_500_000_001));
    }

    /// Fourteen bytes that announce four billion take no memory (pitfall 19).
    #[test]
    fn a_length_is_not_trusted() {
        let bytes = [u32::MAX.to_le_bytes().as_slice(), &[0; 10]].concat();
        assert_eq!(decode::<Vec<u8>>(&bytes), Err(Malformed));
        assert_eq!(decode::<String>(&bytes), Err(Malformed));
        assert_eq!(decode::<Vec<String>>(&bytes), Err(Malformed));
        assert_eq!(decode::<Vec<()>>(&bytes), Err(Malformed));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        assert_eq!(decode::<bool>(&[2]), Err(Malformed));
        assert_eq!(decode::<Option<u8>>(&[2, 0]), Err(Malformed));
        assert_eq!(decode::<Result<u8, u8>>(&[2, 0]), Err(Malformed));
        assert_eq!(decode::<String>(&[1, 0, 0, 0, 0xff]), Err(Malformed));
        assert_eq!(decode::<crate::Pid>(&[0; 8]), Err(Malformed));
        assert_eq!(decode::<crate::ExitReason>(&[99]), Err(Malformed));
        assert_eq!(decode::<std::convert::Infallible>(&[]), Err(Malformed));
    }
}
