//! What goes over the wire as JSON, besides errors (`error.rs`) and entries (`entry.rs`).

use crate::entry::Entry;
use serde::{Deserialize, Serialize};

/// How the store does: `GET /v1/kv/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StoreStatus {
    /// Bytes of its file.
    pub file_bytes: u64,
    /// The most that it may have; none for no bound.
    pub max_bytes: Option<u64>,
    /// Why it takes no more writes, if so.
    pub poisoned: Option<String>,
    /// Batches that are submitted and not answered.
    pub waiting_writes: u64,
    /// Commits since it was opened.
    pub commits: u64,
}

/// A bucket, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketInfo {
    /// Its name.
    pub name: String,
    /// The number of its keys, expired ones that are not removed yet included.
    pub keys: u64,
    /// The bytes of its keys and values.
    pub bytes: u64,
}

/// Some buckets, in byte order: `GET /v1/kv/buckets`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketPage {
    /// The buckets.
    pub buckets: Vec<BucketInfo>,
    /// Where to go on; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Some keys of a bucket, in byte order: `GET /v1/kv/buckets/{bucket}/keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPage {
    /// The keys. There may be none although `next` is there.
    pub keys: Vec<String>,
    /// Where to go on; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The same with their values: `?values=true`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPage {
    /// The entries. There may be none although `next` is there.
    pub entries: Vec<Entry>,
    /// Where to go on; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How many entries were written: of a `PUT`, and of `POST /v1/kv/batch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Entries.
    pub written: u64,
}

/// Whether there was something to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// There was.
    pub deleted: bool,
}

/// What a compaction did: `POST /v1/kv/compact`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Compaction {
    /// Bytes of the file before.
    pub bytes_before: u64,
    /// Bytes of the file after.
    pub bytes_after: u64,
}
