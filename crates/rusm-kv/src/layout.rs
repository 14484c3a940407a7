//! What the redb file holds: its tables, keys and values.
//!
//! | table | key | value |
//! |---|---|---|
//! | `rusm-kv` | name of a fact | number: `format`, `next-value` |
//! | `entries` | bucket, a zero byte, key | checksum, time of expiry (8 bytes, big-endian; all ones for never), then 0 and the value, or 1 and where the value is: its number and length (8 bytes each, big-endian) |
//! | `chunks` | number of a value (8 bytes, big-endian), number of the chunk (4 bytes, big-endian) | checksum, at most [`CHUNK`] bytes of the value |
//! | `expiry` | time of expiry (8 bytes, big-endian), key of `entries` | nothing |
//! | `buckets` | bucket | number of entries, bytes of their keys and values |
//!
//! A bucket name has no control characters, so the zero byte ends it, and byte order of the `entries` is bucket by bucket, key
//! by key. `buckets` counts entries that have expired until they are removed.
//!
//! A checksum is the CRC-32 (ISO-HDLC) of the key and of what follows, in 4 bytes, big-endian: redb verifies its pages when it
//! repairs a file, and not when it reads one.
//!
//! Values that are long for a page are cut into chunks: redb writes a page whole, with all that is in it, and rounds
//! its size up to a power of two, so a large value would cost up to twice its size, and again with every change
//! of a neighbour; and a listing of keys would read it.

use crate::limits::MAX_VALUE;
use redb::{ReadableTable, StorageError, TableDefinition};

pub(crate) const FORMAT: u64 = 1;

pub(crate) const META: TableDefinition<'static, &str, u64> = TableDefinition::new("rusm-kv");
pub(crate) const ENTRIES: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("entries");
pub(crate) const EXPIRY: TableDefinition<'static, &[u8], ()> = TableDefinition::new("expiry");
pub(crate) const BUCKETS: TableDefinition<'static, &str, (u64, u64)> =
    TableDefinition::new("buckets");
pub(crate) const CHUNKS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("chunks");
pub(crate) const FORMAT_KEY: &str = "format";
pub(crate) const NEXT_VALUE_KEY: &str = "next-value";

/// The longest value that lies with its key.
const INLINE: usize = 2_048;
/// Bytes of a chunk: with its key, and what redb needs, four pages.
pub(crate) const CHUNK: usize = 16 * 1024 - 64;

const SEPARATOR: u8 = 0;
const TIME_BYTES: usize = size_of::<u64>();
const SUM_BYTES: usize = size_of::<u32>();

/// The key in `entries`.
pub(crate) fn entry_key(bucket: &str, key: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bucket.len() + 1 + key.len());
    bytes.extend_from_slice(bucket.as_bytes());
    bytes.push(SEPARATOR);
    bytes.extend_from_slice(key.as_bytes());
    bytes
}

/// The bucket and the key of a key in `entries`; none if it is no such key.
pub(crate) fn split_entry_key(bytes: &[u8]) -> Option<(&str, &str)> {
    let end = bytes.iter().position(|byte| *byte == SEPARATOR)?;
    let (bucket, key) = bytes.split_at_checked(end)?;
    let bucket = std::str::from_utf8(bucket).ok()?;
    let key = std::str::from_utf8(key.get(1..)?).ok()?;
    Some((bucket, key))
}

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body<'a> {
    /// With its key.
    Inline(&'a [u8]),
    /// In `chunks`.
    Chunked(Chunked),
}

/// A value in `chunks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunked {
    pub(crate) number: u64,
    pub(crate) len: usize,
}

/// An entry as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a> {
    pub(crate) expires_at_ms: Option<u64>,
    pub(crate) body: Body<'a>,
}

/// Whether a value lies with its key.
pub(crate) fn is_inline(value: &[u8]) -> bool {
    value.len() <= INLINE
}

impl<'a> Stored<'a> {
    /// Reads a value of `entries`; none if it is no such value of this key.
    pub(crate) fn read(entry_key: &[u8], bytes: &'a [u8]) -> Option<Self> {
        let (time, rest) = verified(entry_key, bytes)?.split_first_chunk::<TIME_BYTES>()?;
        let expires_at_ms = Some(u64::from_be_bytes(*time)).filter(|ms| *ms != u64::MAX);
        let (kind, rest) = rest.split_first()?;
        let body = match kind {
            0 => Body::Inline(rest),
            1 => {
                let (number, rest) = rest.split_first_chunk()?;
                let len = u64::from_be_bytes(rest.try_into().ok()?);
                let len = usize::try_from(len).ok().filter(|len| *len <= MAX_VALUE)?;
                Body::Chunked(Chunked {
                    number: u64::from_be_bytes(*number),
                    len,
                })
            }
            _ => return None,
        };
        Some(Self {
            expires_at_ms,
            body,
        })
    }

    /// The value in `entries`.
    pub(crate) fn write(&self, entry_key: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(INLINE.min(self.body.len()) + 64);
        bytes.extend_from_slice(&[0; SUM_BYTES]);
        bytes.extend_from_slice(&self.expires_at_ms.unwrap_or(u64::MAX).to_be_bytes());
        match self.body {
            Body::Inline(value) => {
                bytes.push(0);
                bytes.extend_from_slice(value);
            }
            Body::Chunked(chunked) => {
                bytes.push(1);
                bytes.extend_from_slice(&chunked.number.to_be_bytes());
                bytes.extend_from_slice(&(chunked.len as u64).to_be_bytes());
            }
        }
        sealed(entry_key, bytes)
    }

    /// An entry is gone from the moment of its expiry on.
    pub(crate) fn is_live(&self, now_ms: u64) -> bool {
        self.expires_at_ms.is_none_or(|at| now_ms < at)
    }
}

impl Body<'_> {
    /// Bytes of the value.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Inline(value) => value.len(),
            Self::Chunked(chunked) => chunked.len,
        }
    }
}

impl Chunked {
    /// The keys of its chunks, in order.
    pub(crate) fn keys(self) -> impl Iterator<Item = [u8; 12]> {
        // No value has so many chunks that 4 bytes were too few.
        let count = u32::try_from(self.len.div_ceil(CHUNK)).unwrap_or(u32::MAX);
        (0..count).map(move |index| {
            let mut key = [0; 12];
            let (number, place) = key.split_at_mut(TIME_BYTES);
            number.copy_from_slice(&self.number.to_be_bytes());
            place.copy_from_slice(&index.to_be_bytes());
            key
        })
    }

    /// The whole value, of chunks that `table` has.
    pub(crate) fn load(
        self,
        table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    ) -> Result<Vec<u8>, StorageError> {
        let mut value = Vec::with_capacity(self.len);
        for key in self.keys() {
            let chunk = table.get(key.as_slice())?;
            let chunk = chunk.as_ref().map(|chunk| chunk.value());
            let Some(bytes) = chunk.and_then(|chunk| verified(&key, chunk)) else {
                break;
            };
            value.extend_from_slice(bytes);
        }
        if value.len() != self.len {
            return Err(StorageError::Corrupted("a value is damaged".to_owned()));
        }
        Ok(value)
    }
}

/// A value of `chunks`.
pub(crate) fn chunk_value(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(SUM_BYTES + bytes.len());
    value.extend_from_slice(&[0; SUM_BYTES]);
    value.extend_from_slice(bytes);
    sealed(key, value)
}

/// Puts the checksum into the first bytes, which are kept for it.
fn sealed(key: &[u8], mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some((sum, rest)) = bytes.split_first_chunk_mut::<SUM_BYTES>() {
        *sum = checksum(key, rest).to_be_bytes();
    }
    bytes
}

/// What follows the checksum; none if that is another one.
fn verified<'a>(key: &[u8], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (sum, rest) = bytes.split_first_chunk::<SUM_BYTES>()?;
    (u32::from_be_bytes(*sum) == checksum(key, rest)).then_some(rest)
}

fn checksum(key: &[u8], bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(bytes);
    hasher.finalize()
}

/// The key in `expiry`.
pub(crate) fn expiry_key(at_ms: u64, entry_key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(TIME_BYTES + entry_key.len());
    bytes.extend_from_slice(&at_ms.to_be_bytes());
    bytes.extend_from_slice(entry_key);
    bytes
}

/// The key in `entries` of a key in `expiry`; none if it is no such key.
pub(crate) fn expired_entry(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(TIME_BYTES..)
}
