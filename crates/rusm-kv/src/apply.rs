//! One batch against the tables of a write transaction: first it is decided without writing, then it is written whole.

mod plan;

use crate::layout::{
    BUCKETS, Body, CHUNK, CHUNKS, Chunked, ENTRIES, EXPIRY, META, NEXT_VALUE_KEY, Stored,
    chunk_value, entry_key, expired_entry, expiry_key, is_inline, split_entry_key,
};
use redb::{ReadableTable, StorageError, Table, TableError, WriteTransaction};
use std::collections::BTreeMap;

use plan::Change;
pub(crate) use plan::{Plan, PlanError};

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
