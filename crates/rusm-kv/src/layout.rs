//! What the redb file holds: its tables, keys and values.
//!
//! | table | key | value |
//! |---|---|---|
//! | `rusm-kv` | name of a fact | number: `format` |
//! | `entries` | bucket, a zero byte, key | time of expiry (8 bytes, big-endian; all ones for never), value |
//! | `expiry` | time of expiry (8 bytes, big-endian), key of `entries` | nothing |
//! | `buckets` | bucket | number of entries, bytes of their keys and values |
//!
//! A bucket name has no control characters, so the zero byte ends it, and byte order of the `entries` is bucket by bucket, key
//! by key. `buckets` counts entries that have expired until they are removed.

use redb::TableDefinition;

pub(crate) const FORMAT: u64 = 1;

pub(crate) const META: TableDefinition<'static, &str, u64> = TableDefinition::new("rusm-kv");
pub(crate) const ENTRIES: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("entries");
pub(crate) const EXPIRY: TableDefinition<'static, &[u8], ()> = TableDefinition::new("expiry");
pub(crate) const BUCKETS: TableDefinition<'static, &str, (u64, u64)> =
    TableDefinition::new("buckets");
pub(crate) const FORMAT_KEY: &str = "format";

const SEPARATOR: u8 = 0;
const TIME_BYTES: usize = size_of::<u64>();

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

/// The value in `entries`.
pub(crate) fn entry_value(expires_at_ms: Option<u64>, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(TIME_BYTES + value.len());
    bytes.extend_from_slice(&expires_at_ms.unwrap_or(u64::MAX).to_be_bytes());
    bytes.extend_from_slice(value);
    bytes
}

/// An entry as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a> {
    pub(crate) expires_at_ms: Option<u64>,
    pub(crate) value: &'a [u8],
}

impl<'a> Stored<'a> {
    /// Reads a value of `entries`; none if it is no such value.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (time, value) = bytes.split_first_chunk::<TIME_BYTES>()?;
        let expires_at_ms = Some(u64::from_be_bytes(*time)).filter(|ms| *ms != u64::MAX);
        Some(Self {
            expires_at_ms,
            value,
        })
    }

    /// An entry is gone from the moment of its expiry on.
    pub(crate) fn is_live(&self, now_ms: u64) -> bool {
        self.expires_at_ms.is_none_or(|at| now_ms < at)
    }
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
