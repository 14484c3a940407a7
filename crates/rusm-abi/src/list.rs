//! Lists: [`List`] for those behind a count, [`numbers`] for bare ids.
//!
//! A list is either the sender's slice or the receiver's bytes; both are one type, so that what is
//! written can be compared with what is read. Bytes are walked once when read, so that walking them
//! again cannot fail, and a count that lies ends the first walk and allocates nothing.

use crate::bytes::{Full, Malformed, Reader, Record, Writer};

/// Items behind their count.
#[derive(Clone, Copy, Debug)]
pub enum List<'a, T> {
    /// As the sender has them.
    Slice(&'a [T]),
    /// As the receiver has them: checked bytes.
    Bytes(Items<'a, T>),
}

/// The items of a list that was read.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a, T> {
    left: u32,
    reader: Reader<'a>,
    item: core::marker::PhantomData<T>,
}

impl<'a, T: Record<'a>> Iterator for Items<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        // The bytes were walked when the list was read, so this never ends the list early.
        T::read(&mut self.reader).ok()
    }
}

impl<'a, T: Record<'a> + Copy> List<'a, T> {
    /// The list of no items.
    pub const fn empty() -> Self {
        Self::Slice(&[])
    }

    /// How many items there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Slice(items) => items.len(),
            Self::Bytes(items) => usize::try_from(items.left).unwrap_or(usize::MAX),
        }
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let (slice, bytes) = match *self {
            Self::Slice(items) => (items, None),
            Self::Bytes(items) => (&[][..], Some(items)),
        };
        slice.iter().copied().chain(bytes.into_iter().flatten())
    }

    /// Reads the items that follow a count read before.
    pub(crate) fn read_items(count: u32, from: &mut Reader<'a>) -> Result<Self, Malformed> {
        let items = Items {
            left: count,
            reader: *from,
            item: core::marker::PhantomData,
        };
        for _ in 0..count {
            T::read(from)?;
        }
        Ok(Self::Bytes(items))
    }
}

impl<'a, T: Record<'a> + Copy + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Record<'a> + Copy> Record<'a> for List<'a, T> {
    fn encoded_len(&self) -> usize {
        self.iter()
            .fold(4, |sum: usize, item| sum.saturating_add(item.encoded_len()))
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        to.length(self.count())?;
        self.iter().try_for_each(|item| item.write(to))
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        let count = from.u32()?;
        Self::read_items(count, from)
    }
}

impl<'a> Record<'a> for u64 {
    fn encoded_len(&self) -> usize {
        8
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        to.u64(*self)
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        from.u64()
    }
}

impl<'a> Record<'a> for &'a str {
    fn encoded_len(&self) -> usize {
        crate::bytes::text_len(self)
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        to.text(self)
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        from.text()
    }
}

/// Reads bare `u64` numbers, as `members` gives them: 8 bytes each and no count.
///
/// # Errors
/// [`Malformed::Short`] when the length is no multiple of 8.
pub fn numbers(bytes: &[u8]) -> Result<impl Iterator<Item = u64> + '_, Malformed> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    if rest.is_empty() {
        Ok(chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)))
    } else {
        Err(Malformed::Short)
    }
}
