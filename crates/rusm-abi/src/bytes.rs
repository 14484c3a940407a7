//! Cursors over bytes: [`Reader`], [`Writer`], and what every record of the border can do, [`Record`].
//!
//! Both cursors check every step. A reader hands out slices of what it was given and never
//! allocates, so a length that lies costs nothing; a writer has as much room as it was given.

use core::fmt;

/// In the place of a text's length or a list's count: there is none.
pub const NONE_LENGTH: u32 = u32::MAX;

/// In the place of a number of milliseconds: there is none.
pub const NONE_MS: u64 = u64::MAX;

/// The bytes are not the record that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// They end before the record does.
    Short,
    /// They go on after the record has ended.
    Trailing,
    /// A text is not UTF-8.
    NotText,
    /// A kind or a flag has no meaning.
    Unknown(u32),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("the bytes end before the record does"),
            Self::Trailing => f.write_str("the bytes go on after the record has ended"),
            Self::NotText => f.write_str("a text of the record is not UTF-8"),
            Self::Unknown(number) => write!(f, "{number} is no kind or flag of this record"),
        }
    }
}

impl core::error::Error for Malformed {}

/// The room does not hold the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the room does not hold the record")
    }
}

impl core::error::Error for Full {}

/// A record of the border.
pub trait Record<'a>: Sized {
    /// How many bytes [`Record::write`] writes.
    fn encoded_len(&self) -> usize;

    /// Writes the record.
    ///
    /// # Errors
    /// [`Full`] when the room is too small; what was written until then means nothing.
    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full>;

    /// Reads the record, leaving what follows.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are no such record.
    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed>;

    /// Writes the record to the start of `room`, whole, or leaves `room` as it was.
    ///
    /// # Errors
    /// [`Full`] when `room` is shorter than [`Record::encoded_len`].
    fn encode(&self, room: &mut [u8]) -> Result<usize, Full> {
        let length = self.encoded_len();
        let room = room.get_mut(..length).ok_or(Full)?;
        self.write(&mut Writer::new(room))?;
        Ok(length)
    }

    /// Reads a record that takes up all of `bytes`.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are no such record, or more than one.
    fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let record = Self::read(&mut reader)?;
        reader.end()?;
        Ok(record)
    }
}

/// Reads numbers and texts off the front of a slice.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the front of `bytes`.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes all that has not been read yet.
    pub fn take_rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// Confirms that everything has been read.
    ///
    /// # Errors
    /// [`Malformed::Trailing`] when something is left.
    pub fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed::Trailing)
        }
    }

    /// Takes `length` bytes.
    ///
    /// # Errors
    /// [`Malformed::Short`] when fewer are left.
    #[inline]
    pub fn bytes(&mut self, length: u32) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed::Short)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed::Short)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Takes a `u32`.
    ///
    /// # Errors
    /// [`Malformed::Short`] when fewer than 4 bytes are left.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    /// Takes a `u64`.
    ///
    /// # Errors
    /// [`Malformed::Short`] when fewer than 8 bytes are left.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// Takes an id; 0 is none.
    ///
    /// # Errors
    /// [`Malformed::Short`] when fewer than 8 bytes are left.
    pub fn id(&mut self) -> Result<Option<u64>, Malformed> {
        Ok(Some(self.u64()?).filter(|id| *id != 0))
    }

    /// Takes bytes behind their length, or none.
    ///
    /// # Errors
    /// [`Malformed::Short`] when fewer are left than the length says.
    pub fn optional_sized(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.u32()? {
            NONE_LENGTH => Ok(None),
            length => self.bytes(length).map(Some),
        }
    }

    /// Takes bytes behind their length.
    ///
    /// # Errors
    /// [`Malformed::Short`] when fewer are left than the length says, or the length says none.
    pub fn sized(&mut self) -> Result<&'a [u8], Malformed> {
        self.optional_sized()?.ok_or(Malformed::Short)
    }

    /// Takes a text, or none.
    ///
    /// # Errors
    /// [`Malformed`] when it is cut off or not UTF-8.
    pub fn optional_text(&mut self) -> Result<Option<&'a str>, Malformed> {
        self.optional_sized()?.map(as_text).transpose()
    }

    /// Takes a text.
    ///
    /// # Errors
    /// [`Malformed`] when it is cut off or not UTF-8, or there is none.
    pub fn text(&mut self) -> Result<&'a str, Malformed> {
        self.sized().and_then(as_text)
    }
}

fn as_text(bytes: &[u8]) -> Result<&str, Malformed> {
    core::str::from_utf8(bytes).map_err(|_| Malformed::NotText)
}

/// More bytes are copied in pieces of so many.
const COPIED_AT_ONCE: usize = 2_048;

/// Writes numbers and texts to the front of a slice.
#[derive(Debug)]
pub struct Writer<'a> {
    room: &'a mut [u8],
}

impl<'a> Writer<'a> {
    /// Starts at the front of `room`.
    #[inline]
    pub fn new(room: &'a mut [u8]) -> Self {
        Self { room }
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// [`Full`] when the room left is too small; nothing is written then.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Full> {
        if bytes.len() > self.room.len() {
            return Err(Full);
        }
        let (here, rest) = core::mem::take(&mut self.room).split_at_mut(bytes.len());
        // In pieces: see `Payload` of rusm-actor.
        let pieces = here
            .chunks_mut(COPIED_AT_ONCE)
            .zip(bytes.chunks(COPIED_AT_ONCE));
        pieces.for_each(|(here, piece)| here.copy_from_slice(piece));
        self.room = rest;
        Ok(())
    }

    /// Writes a few bytes, of which the compiler knows how many.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, bytes: &[u8; N]) -> Result<(), Full> {
        if N > self.room.len() {
            return Err(Full);
        }
        let (here, rest) = core::mem::take(&mut self.room).split_at_mut(N);
        here.copy_from_slice(bytes);
        self.room = rest;
        Ok(())
    }

    /// Writes a `u32`.
    ///
    /// # Errors
    /// [`Full`] when the room left is too small.
    #[inline]
    pub fn u32(&mut self, number: u32) -> Result<(), Full> {
        self.array(&number.to_le_bytes())
    }

    /// Writes a `u64`.
    ///
    /// # Errors
    /// [`Full`] when the room left is too small.
    #[inline]
    pub fn u64(&mut self, number: u64) -> Result<(), Full> {
        self.array(&number.to_le_bytes())
    }

    /// Writes an id, or 0 for none.
    ///
    /// # Errors
    /// [`Full`] when the room left is too small.
    pub fn id(&mut self, id: Option<u64>) -> Result<(), Full> {
        self.u64(id.unwrap_or(0))
    }

    /// Writes a length or a count.
    ///
    /// # Errors
    /// [`Full`] when the room left is too small, or the length is no `u32`.
    pub fn length(&mut self, length: usize) -> Result<(), Full> {
        match u32::try_from(length) {
            Ok(length) if length != NONE_LENGTH => self.u32(length),
            Ok(_) | Err(_) => Err(Full),
        }
    }

    /// Writes bytes behind their length.
    ///
    /// # Errors
    /// [`Full`] when the room left is too small.
    pub fn sized(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.length(bytes.len())?;
        self.bytes(bytes)
    }

    /// Writes bytes behind their length, or that there are none.
    ///
    /// # Errors
    /// [`Full`] when the room left is too small.
    pub fn optional_sized(&mut self, bytes: Option<&[u8]>) -> Result<(), Full> {
        match bytes {
            Some(bytes) => self.sized(bytes),
            None => self.u32(NONE_LENGTH),
        }
    }

    /// Writes a text.
    ///
    /// # Errors
    /// [`Full`] when the room left is too small.
    pub fn text(&mut self, text: &str) -> Result<(), Full> {
        self.sized(text.as_bytes())
    }

    /// Writes a text, or that there is none.
    ///
    /// # Errors
    /// [`Full`] when the room left is too small.
    pub fn optional_text(&mut self, text: Option<&str>) -> Result<(), Full> {
        self.optional_sized(text.map(str::as_bytes))
    }
}

/// What a text takes: its length and its bytes.
pub(crate) fn text_len(text: &str) -> usize {
    text.len().saturating_add(4)
}

/// What a text that may be missing takes.
pub(crate) fn optional_len(length: Option<usize>) -> usize {
    length.unwrap_or(0).saturating_add(4)
}
