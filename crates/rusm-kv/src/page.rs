//! What a listing gives: a part, and where to go on.

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Vec<u8>,
    /// When it goes away, in milliseconds since the beginning of 1970; none for never.
    pub expires_at_ms: Option<u64>,
}

/// Some entries of a bucket, in byte order of their keys.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Page {
    /// The entries. There may be none although `next` is there: then all that were looked at had expired.
    pub entries: Vec<Entry>,
    /// Where to go on; none at the end.
    pub next: Option<String>,
}

/// Some keys of a bucket, in byte order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Keys {
    /// The keys. There may be none although `next` is there: then all that were looked at had expired.
    pub keys: Vec<String>,
    /// Where to go on; none at the end.
    pub next: Option<String>,
}

/// A bucket and what it holds, entries that have expired and are not yet removed included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The name.
    pub name: String,
    /// The number of its entries.
    pub keys: u64,
    /// The bytes of their keys and values.
    pub bytes: u64,
}

/// Some buckets, in byte order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Buckets {
    /// The buckets.
    pub buckets: Vec<Bucket>,
    /// Where to go on; none at the end.
    pub next: Option<String>,
}
