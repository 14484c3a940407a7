//! Reading: one consistent view of the whole store, on the caller's thread.

use crate::apply::Row;
use crate::error::ReadError;
use crate::layout::{BUCKETS, Body, CHUNKS, ENTRIES, Stored, entry_key, split_entry_key};
use crate::limits::{MAX_KEY, check_bucket, check_key, check_len};
use crate::page::{Bucket, Buckets, Entry, Keys, Page};
use crate::readers::Held;
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable};
use std::fmt;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Entries that one listing looks at beyond those it gives, so that many expired ones do not hold it up.
const EXPIRED_PER_PAGE: usize = 1_000;

/// The tables as one commit left them.
pub(crate) struct View {
    entries: ReadOnlyTable<&'static [u8], &'static [u8]>,
    chunks: ReadOnlyTable<&'static [u8], &'static [u8]>,
    buckets: ReadOnlyTable<&'static str, (u64, u64)>,
}

impl View {
    /// The last commit of a database.
    pub(crate) fn of(database: &Database) -> Result<Self, redb::Error> {
        let txn = database.begin_read()?;
        Ok(Self {
            entries: txn.open_table(ENTRIES)?,
            chunks: txn.open_table(CHUNKS)?,
            buckets: txn.open_table(BUCKETS)?,
        })
    }
}

/// One consistent view of the store: what was committed before it was taken, less what had expired by then.
///
/// It costs no copy. While it is held, the space of what is overwritten or deleted is not used again and no
/// compaction runs: keep it short.
pub struct Snapshot {
    held: Held,
    now_ms: u64,
    max_value: usize,
}

impl Snapshot {
    pub(crate) fn new(held: Held, now_ms: u64) -> Self {
        Self {
            held,
            now_ms,
            max_value: usize::MAX,
        }
    }

    /// The same, for a caller who has room for values of so many bytes: a longer one is not copied, and reading it is
    /// [`ReadError::TooLarge`].
    #[must_use]
    pub fn with_max_value(self, max_value: usize) -> Self {
        Self { max_value, ..self }
    }

    /// The value of a key; none if there is none.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`] or [`ReadError::Unusable`] for a name or key that nothing can have,
    /// [`ReadError::Failed`] if the file cannot be read.
    pub fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.entry(bucket, key)?.map(|entry| entry.value))
    }

    /// The same with its expiry.
    ///
    /// # Errors
    /// As for [`Snapshot::get`].
    pub fn entry(&self, bucket: &str, key: &str) -> Result<Option<Entry>, ReadError> {
        check_bucket(bucket)?;
        check_key(key)?;
        guarded(|| {
            let entries = &self.held.view().entries;
            let entry_key = entry_key(bucket, key);
            let found = entries.get(entry_key.as_slice());
            let Some(bytes) = found.map_err(ReadError::failed)? else {
                return Ok(None);
            };
            let entry = stored(&entry_key, bytes.value())?;
            if !entry.is_live(self.now_ms) {
                return Ok(None);
            }
            self.whole(key, &entry).map(Some)
        })
    }

    /// The entries whose keys begin with `prefix`, in byte order from `start` (inclusive): up to `limit` of them,
    /// and of as many bytes as `max_bytes` allows, but at least one.
    ///
    /// # Errors
    /// As for [`Snapshot::get`].
    pub fn list(
        &self,
        bucket: &str,
        prefix: &str,
        start: Option<&str>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Page, ReadError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut bytes = 0_usize;
        let next = self.walk(bucket, prefix, start, |key, entry| {
            let size = key.len().saturating_add(entry.body.len());
            bytes = bytes.saturating_add(size);
            // What does not fit begins the next page, unless it is all there is on this one.
            let fits = bytes <= max_bytes && entry.body.len() <= self.max_value;
            if entries.len() == limit || !(fits || entries.is_empty()) {
                return Ok(false);
            }
            entries.push(self.whole(key, entry)?);
            Ok(true)
        })?;
        Ok(Page { entries, next })
    }

    /// The keys that begin with `prefix`, in byte order from `start` (inclusive), up to `limit` of them.
    ///
    /// # Errors
    /// As for [`Snapshot::get`].
    pub fn keys(
        &self,
        bucket: &str,
        prefix: &str,
        start: Option<&str>,
        limit: usize,
    ) -> Result<Keys, ReadError> {
        let mut keys = Vec::new();
        let next = self.walk(bucket, prefix, start, |key, _| {
            if keys.len() == limit {
                return Ok(false);
            }
            keys.push(key.to_owned());
            Ok(true)
        })?;
        Ok(Keys { keys, next })
    }

    /// The buckets in byte order from `start` (inclusive), up to `limit` of them.
    ///
    /// # Errors
    /// [`ReadError::Failed`] if the file cannot be read.
    pub fn buckets(&self, start: Option<&str>, limit: usize) -> Result<Buckets, ReadError> {
        guarded(|| self.read_buckets(start, limit))
    }

    fn read_buckets(&self, start: Option<&str>, limit: usize) -> Result<Buckets, ReadError> {
        let mut found = Buckets::default();
        let rows = self.held.view().buckets.range(start.unwrap_or_default()..);
        for row in rows.map_err(ReadError::failed)? {
            let (name, totals) = row.map_err(ReadError::failed)?;
            if found.buckets.len() == limit {
                found.next = Some(name.value().to_owned());
                break;
            }
            let (keys, bytes) = totals.value();
            found.buckets.push(Bucket {
                name: name.value().to_owned(),
                keys,
                bytes,
            });
        }
        Ok(found)
    }

    /// All live entries, bucket by bucket.
    pub(crate) fn rows(&self) -> Result<impl Iterator<Item = Result<Row, ReadError>>, ReadError> {
        let mut rows = guarded(|| self.held.view().entries.iter().map_err(ReadError::failed))?;
        Ok(std::iter::from_fn(move || {
            guarded(|| self.next_row(&mut rows)).transpose()
        }))
    }

    fn next_row(
        &self,
        rows: &mut redb::Range<'_, &'static [u8], &'static [u8]>,
    ) -> Result<Option<Row>, ReadError> {
        for row in rows {
            let (entry_key, value) = row.map_err(ReadError::failed)?;
            let entry = stored(entry_key.value(), value.value())?;
            if entry.is_live(self.now_ms) {
                return Ok(Some(Row {
                    entry_key: entry_key.value().to_vec(),
                    expires_at_ms: entry.expires_at_ms,
                    value: self.load(&entry)?,
                }));
            }
        }
        Ok(None)
    }

    fn whole(&self, key: &str, entry: &Stored<'_>) -> Result<Entry, ReadError> {
        Ok(Entry {
            key: key.to_owned(),
            value: self.load(entry)?,
            expires_at_ms: entry.expires_at_ms,
        })
    }

    fn load(&self, entry: &Stored<'_>) -> Result<Vec<u8>, ReadError> {
        check_len("value", entry.body.len(), self.max_value)?;
        match entry.body {
            Body::Inline(value) => Ok(value.to_vec()),
            Body::Chunked(chunked) => {
                let value = chunked.load(&self.held.view().chunks);
                value.map_err(ReadError::failed)
            }
        }
    }

    /// Shows `take` live entries in order until it says false, and gives the key to go on from.
    fn walk(
        &self,
        bucket: &str,
        prefix: &str,
        start: Option<&str>,
        take: impl FnMut(&str, &Stored<'_>) -> Result<bool, ReadError>,
    ) -> Result<Option<String>, ReadError> {
        check_bucket(bucket)?;
        check_len("prefix", prefix.len(), MAX_KEY)?;
        check_len("start of the listing", start.map_or(0, str::len), MAX_KEY)?;
        guarded(|| self.walk_checked(bucket, prefix, start, take))
    }

    fn walk_checked(
        &self,
        bucket: &str,
        prefix: &str,
        start: Option<&str>,
        mut take: impl FnMut(&str, &Stored<'_>) -> Result<bool, ReadError>,
    ) -> Result<Option<String>, ReadError> {
        let from = start.filter(|start| *start > prefix).unwrap_or(prefix);
        let first = entry_key(bucket, from);
        let range = (Bound::Included(first.as_slice()), Bound::Unbounded);
        let rows = self.held.view().entries.range::<&[u8]>(range);
        let mut expired = 0;
        for row in rows.map_err(ReadError::failed)? {
            let (name, value) = row.map_err(ReadError::failed)?;
            let (owner, key) = split_entry_key(name.value())
                .ok_or_else(|| ReadError::failed("a key is no text"))?;
            if owner != bucket || !key.starts_with(prefix) {
                return Ok(None);
            }
            let entry = stored(name.value(), value.value())?;
            let goes_on = if entry.is_live(self.now_ms) {
                take(key, &entry)?
            } else {
                expired += 1;
                expired <= EXPIRED_PER_PAGE
            };
            if !goes_on {
                return Ok(Some(key.to_owned()));
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("now_ms", &self.now_ms)
            .finish_non_exhaustive()
    }
}

/// Does some reading. redb trusts the pages that it reads and panics when they do not fit together.
fn guarded<T>(read: impl FnOnce() -> Result<T, ReadError>) -> Result<T, ReadError> {
    let done = catch_unwind(AssertUnwindSafe(read));
    done.unwrap_or_else(|_| Err(ReadError::failed("its pages do not fit together")))
}

fn stored<'a>(entry_key: &[u8], bytes: &'a [u8]) -> Result<Stored<'a>, ReadError> {
    let entry = Stored::read(entry_key, bytes);
    entry.ok_or_else(|| ReadError::failed("an entry is damaged"))
}
