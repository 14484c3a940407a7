//! One batch against the tables of a write transaction: first it is decided without writing, then it is written whole.

use crate::batch::{Batch, Expires, Op, OpResult};
use crate::error::WriteError;
use crate::layout::{
    BUCKETS, Body, CHUNK, CHUNKS, Chunked, ENTRIES, EXPIRY, META, NEXT_VALUE_KEY, Stored,
    chunk_value, entry_key, expired_entry, expiry_key, is_inline, split_entry_key,
};
use redb::{ReadableTable, StorageError, Table, TableError, WriteTransaction};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Bytes of entries that have expired, beyond which a commit removes no more of them.
const SWEPT_BYTES: i64 = 16 * 1024 * 1024;

/// The tables of one write transaction.
pub(crate) struct Tables<'txn> {
    meta: Table<'txn, &'static str, u64>,
    entries: Table<'txn, &'static [u8], &'static [u8]>,
    chunks: Table<'txn, &'static [u8], &'static [u8]>,
    expiry: Table<'txn, &'static [u8], ()>,
    buckets: Table<'txn, &'static str, (u64, u64)>,
    /// What [`Tables::finish`] still has to write.
    totals: BTreeMap<String, Totals>,
}

/// What a batch does to one key.
enum Change<'b> {
    Put(Option<u64>, Cow<'b, [u8]>),
    Delete,
}

/// What a batch does, decided and not yet written.
pub(crate) struct Plan<'b> {
    bucket: &'b str,
    changes: BTreeMap<&'b str, Change<'b>>,
    pub(crate) results: Vec<OpResult>,
}

/// Why a batch was not planned.
pub(crate) enum PlanError {
    /// It is refused; the others go on.
    Refused(WriteError),
    /// The store cannot be read.
    Storage(StorageError),
}

impl From<StorageError> for PlanError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<WriteError> for PlanError {
    fn from(error: WriteError) -> Self {
        Self::Refused(error)
    }
}

/// What is known of an entry that is gone.
#[derive(Clone, Copy)]
struct Old {
    expires: Option<u64>,
    len: usize,
    chunked: Option<Chunked>,
}

/// An entry on its way from one store to another.
pub(crate) struct Row {
    pub(crate) entry_key: Vec<u8>,
    pub(crate) expires_at_ms: Option<u64>,
    pub(crate) value: Vec<u8>,
}

/// How the totals of a bucket change.
#[derive(Clone, Copy, Default)]
struct Totals {
    keys: i64,
    bytes: i64,
}

impl<'txn> Tables<'txn> {
    pub(crate) fn open(txn: &'txn WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            meta: txn.open_table(META)?,
            entries: txn.open_table(ENTRIES)?,
            chunks: txn.open_table(CHUNKS)?,
            expiry: txn.open_table(EXPIRY)?,
            buckets: txn.open_table(BUCKETS)?,
            totals: BTreeMap::new(),
        })
    }

    /// Decides what a batch does at a time. Reads only.
    pub(crate) fn plan<'b>(&self, batch: &'b Batch, now_ms: u64) -> Result<Plan<'b>, PlanError> {
        let mut plan = Plan {
            bucket: &batch.bucket,
            changes: BTreeMap::new(),
            results: Vec::with_capacity(batch.ops.len()),
        };
        for (index, op) in batch.ops.iter().enumerate() {
            let result = self.step(&mut plan, index, op, now_ms)?;
            plan.results.push(result);
        }
        Ok(plan)
    }

    fn step<'b>(
        &self,
        plan: &mut Plan<'b>,
        index: usize,
        op: &'b Op,
        now_ms: u64,
    ) -> Result<OpResult, PlanError> {
        match op {
            Op::Put {
                key,
                value,
                expires,
            } => {
                let change = Change::Put(expires.at(now_ms), Cow::Borrowed(value));
                plan.changes.insert(key, change);
                Ok(OpResult::Done)
            }
            Op::Delete { key } => {
                let was_there = self.look(plan, key, now_ms, |entry| entry.is_some())?;
                plan.changes.insert(key, Change::Delete);
                Ok(OpResult::Deleted(was_there))
            }
            Op::Expect { key, value } => {
                let is_so = self.look(plan, key, now_ms, |entry| match (entry, value) {
                    (None, None) => Ok(true),
                    (Some(entry), Some(value)) => self.holds(entry.body, value),
                    _ => Ok(false),
                })?;
                if is_so? {
                    Ok(OpResult::Done)
                } else {
                    Err(WriteError::Conflict { index }.into())
                }
            }
            Op::Increment { key, by } => {
                let (expires, before) = self.look(plan, key, now_ms, |entry| match entry {
                    Some(entry) => (entry.expires_at_ms, number(entry.body)),
                    None => (None, Some(0)),
                })?;
                let before = before.ok_or(WriteError::NotANumber { index })?;
                let sum = before
                    .checked_add(*by)
                    .ok_or(WriteError::Overflow { index })?;
                let text = sum.to_string().into_bytes();
                plan.changes
                    .insert(key, Change::Put(expires, Cow::Owned(text)));
                Ok(OpResult::Value(sum))
            }
        }
    }

    /// Shows `f` the live entry of a key, as the batch so far has left it.
    fn look<R>(
        &self,
        plan: &Plan<'_>,
        key: &str,
        now_ms: u64,
        f: impl FnOnce(Option<Stored<'_>>) -> R,
    ) -> Result<R, StorageError> {
        let guard;
        let entry = match plan.changes.get(key) {
            Some(Change::Delete) => None,
            Some(Change::Put(expires_at_ms, value)) => Some(Stored {
                expires_at_ms: *expires_at_ms,
                body: Body::Inline(value),
            }),
            None => {
                let entry_key = entry_key(plan.bucket, key);
                guard = self.entries.get(entry_key.as_slice())?;
                match &guard {
                    Some(guard) => Some(stored(&entry_key, guard.value())?),
                    None => None,
                }
            }
        };
        Ok(f(entry.filter(|entry| entry.is_live(now_ms))))
    }

    fn holds(&self, body: Body<'_>, value: &[u8]) -> Result<bool, StorageError> {
        if body.len() != value.len() {
            return Ok(false);
        }
        match body {
            Body::Inline(bytes) => Ok(bytes == value),
            Body::Chunked(chunked) => Ok(chunked.load(&self.chunks)? == value),
        }
    }

    /// Writes what was planned; says whether that changed anything.
    pub(crate) fn write(&mut self, plan: &Plan<'_>) -> Result<bool, StorageError> {
        for (key, change) in &plan.changes {
            let entry_key = entry_key(plan.bucket, key);
            let totals = match change {
                Change::Put(expires, value) => self.put(&entry_key, *expires, value)?,
                Change::Delete => self.remove(&entry_key)?,
            };
            self.count(plan.bucket, totals);
        }
        Ok(!plan.changes.is_empty())
    }

    /// Removes up to `most` entries that have expired, and no more once they had so many bytes; says whether there
    /// were any.
    pub(crate) fn sweep(&mut self, now_ms: u64, most: usize) -> Result<bool, StorageError> {
        let due = self.due(now_ms, most)?;
        let mut bytes = 0;
        for entry_key in &due {
            let totals = self.remove(entry_key)?;
            self.count(bucket_of(entry_key)?, totals);
            bytes -= totals.bytes;
            if bytes >= SWEPT_BYTES {
                break;
            }
        }
        Ok(!due.is_empty())
    }

    /// Writes an entry of another store.
    pub(crate) fn copy(&mut self, row: &Row) -> Result<(), StorageError> {
        let totals = self.put(&row.entry_key, row.expires_at_ms, &row.value)?;
        self.count(bucket_of(&row.entry_key)?, totals);
        Ok(())
    }

    /// Writes the totals of the buckets: the last step before the commit.
    pub(crate) fn finish(mut self) -> Result<(), StorageError> {
        for (bucket, change) in &self.totals {
            let before = self.buckets.get(bucket.as_str())?.map(|row| row.value());
            let (keys, bytes) = before.unwrap_or_default();
            let keys = keys.saturating_add_signed(change.keys);
            let bytes = bytes.saturating_add_signed(change.bytes);
            if keys == 0 {
                self.buckets.remove(bucket.as_str())?;
            } else {
                self.buckets.insert(bucket.as_str(), (keys, bytes))?;
            }
        }
        Ok(())
    }

    fn due(&self, now_ms: u64, most: usize) -> Result<Vec<Vec<u8>>, StorageError> {
        // Times are the first bytes of the keys: everything below the next moment is due.
        let end = now_ms.saturating_add(1).to_be_bytes();
        let mut due = Vec::new();
        for row in self.expiry.range(..end.as_slice())?.take(most) {
            let (key, _) = row?;
            let entry = expired_entry(key.value());
            due.push(
                entry
                    .ok_or_else(|| corrupted("a time of expiry is cut"))?
                    .to_vec(),
            );
        }
        Ok(due)
    }

    fn put(
        &mut self,
        entry_key: &[u8],
        expires: Option<u64>,
        value: &[u8],
    ) -> Result<Totals, StorageError> {
        let body = match is_inline(value) {
            true => Body::Inline(value),
            false => Body::Chunked(self.put_chunks(value)?),
        };
        let entry = Stored {
            expires_at_ms: expires,
            body,
        };
        let before = match self
            .entries
            .insert(entry_key, entry.write(entry_key).as_slice())?
        {
            Some(old) => Some(measure(entry_key, old.value())?),
            None => None,
        };
        let expired_before = before.and_then(|old| old.expires);
        self.reschedule(entry_key, expired_before, expires)?;
        self.remove_chunks(before)?;
        let gone = before.map_or(0, |old| pair_len(entry_key, old.len));
        Ok(Totals {
            keys: i64::from(before.is_none()),
            bytes: pair_len(entry_key, value.len()) - gone,
        })
    }

    fn remove(&mut self, entry_key: &[u8]) -> Result<Totals, StorageError> {
        let old = match self.entries.remove(entry_key)? {
            Some(old) => measure(entry_key, old.value())?,
            None => return Ok(Totals::default()),
        };
        self.reschedule(entry_key, old.expires, None)?;
        self.remove_chunks(Some(old))?;
        Ok(Totals {
            keys: -1,
            bytes: -pair_len(entry_key, old.len),
        })
    }

    fn put_chunks(&mut self, value: &[u8]) -> Result<Chunked, StorageError> {
        let number = self.meta.get(NEXT_VALUE_KEY)?.map_or(0, |row| row.value());
        self.meta.insert(NEXT_VALUE_KEY, number + 1)?;
        let chunked = Chunked {
            number,
            len: value.len(),
        };
        for (key, chunk) in chunked.keys().zip(value.chunks(CHUNK)) {
            let value = chunk_value(&key, chunk);
            self.chunks.insert(key.as_slice(), value.as_slice())?;
        }
        Ok(chunked)
    }

    fn remove_chunks(&mut self, old: Option<Old>) -> Result<(), StorageError> {
        let chunked = old.and_then(|old| old.chunked);
        for key in chunked.into_iter().flat_map(Chunked::keys) {
            self.chunks.remove(key.as_slice())?;
        }
        Ok(())
    }

    fn reschedule(
        &mut self,
        entry_key: &[u8],
        from: Option<u64>,
        to: Option<u64>,
    ) -> Result<(), StorageError> {
        if from == to {
            return Ok(());
        }
        if let Some(at) = from {
            self.expiry.remove(expiry_key(at, entry_key).as_slice())?;
        }
        if let Some(at) = to {
            self.expiry
                .insert(expiry_key(at, entry_key).as_slice(), ())?;
        }
        Ok(())
    }

    fn count(&mut self, bucket: &str, change: Totals) {
        if !self.totals.contains_key(bucket) {
            self.totals.insert(bucket.to_owned(), Totals::default());
        }
        if let Some(totals) = self.totals.get_mut(bucket) {
            totals.keys += change.keys;
            totals.bytes += change.bytes;
        }
    }
}

impl Expires {
    fn at(self, now_ms: u64) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::After { ms } => Some(now_ms.saturating_add(ms)),
            Self::At { ms_since_1970 } => Some(ms_since_1970),
        }
        // All ones stand for never.
        .filter(|at| *at != u64::MAX)
    }
}

fn number(body: Body<'_>) -> Option<i64> {
    let Body::Inline(text) = body else {
        return None;
    };
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn stored<'a>(entry_key: &[u8], bytes: &'a [u8]) -> Result<Stored<'a>, StorageError> {
    let entry = Stored::read(entry_key, bytes);
    entry.ok_or_else(|| corrupted("an entry is damaged"))
}

fn measure(entry_key: &[u8], bytes: &[u8]) -> Result<Old, StorageError> {
    let entry = stored(entry_key, bytes)?;
    let chunked = match entry.body {
        Body::Inline(_) => None,
        Body::Chunked(chunked) => Some(chunked),
    };
    Ok(Old {
        expires: entry.expires_at_ms,
        len: entry.body.len(),
        chunked,
    })
}

/// Bytes of the key, without its bucket, and of the value.
fn pair_len(entry_key: &[u8], value: usize) -> i64 {
    let key = split_entry_key(entry_key).map_or(0, |(_, key)| key.len());
    i64::try_from(key.saturating_add(value)).unwrap_or(i64::MAX)
}

fn bucket_of(entry_key: &[u8]) -> Result<&str, StorageError> {
    let parts = split_entry_key(entry_key);
    Ok(parts.ok_or_else(|| corrupted("a key has no bucket"))?.0)
}

fn corrupted(why: &str) -> StorageError {
    StorageError::Corrupted(why.to_owned())
}
