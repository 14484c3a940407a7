//! A store whose file no node has open: this command opens it.

use super::access::{Access, Asked, Bucket, Compacted, Page, Stopped, Taker, Teller};
use crate::report::{Failure, Kind};
use rusm_control::{Condition, Entry};
use rusm_kv::{Batch, Expires, MAX_OPS, OpResult, Snapshot, Store, WriteError};
use std::ops::ControlFlow;
use std::path::Path;

/// Bytes of values that are read at once.
const PAGE_BYTES: usize = 8 << 20;
/// Entries that are read at once.
const PAGE_ENTRIES: usize = 1_000;

/// An open store.
#[derive(Debug)]
pub(super) struct FileAccess(pub(super) Store);

impl FileAccess {
    fn snapshot(&self) -> Result<Snapshot, Failure> {
        self.0.readable().wait().map_err(failed)
    }

    fn submit(&self, batch: Batch) -> Result<Vec<OpResult>, Failure> {
        let outcome = self.0.submit(batch).wait();
        outcome.map(|outcome| outcome.results).map_err(failed)
    }
}

impl Access for FileAccess {
    fn buckets(&self, start: Option<&str>, limit: usize) -> Result<Page<Bucket>, Failure> {
        let page = self.snapshot()?.buckets(start, limit).map_err(failed)?;
        let bucket = |bucket: rusm_kv::Bucket| Bucket {
            name: bucket.name,
            keys: bucket.keys,
            bytes: bucket.bytes,
        };
        Ok(Page {
            items: page.buckets.into_iter().map(bucket).collect(),
            next: page.next,
        })
    }

    fn keys(&self, asked: &Asked<'_>) -> Result<Page<String>, Failure> {
        let snapshot = self.snapshot()?;
        let page = snapshot.keys(asked.bucket, asked.prefix, asked.start, asked.limit);
        let page = page.map_err(failed)?;
        Ok(Page {
            items: page.keys,
            next: page.next,
        })
    }

    fn entries(&self, asked: &Asked<'_>) -> Result<Page<Entry>, Failure> {
        entries(&self.snapshot()?, asked)
    }

    fn get(&self, bucket: &str, key: &str) -> Result<Option<Entry>, Failure> {
        let entry = self.snapshot()?.entry(bucket, key).map_err(failed)?;
        Ok(entry.map(|entry| of_bucket(bucket, entry)))
    }

    fn put(
        &self,
        entry: Entry,
        expires_ms: Option<u64>,
        condition: Condition,
    ) -> Result<bool, Failure> {
        let batch = Batch::new(entry.bucket).map_err(failed)?;
        let batch = condition.before(batch, &entry.key);
        let expires = expires_ms.map_or(Expires::Never, |ms| Expires::After { ms });
        let batch = batch.put_expiring(entry.key, entry.value, expires);
        match self.0.submit(batch).wait() {
            Ok(_) => Ok(true),
            Err(WriteError::Conflict { .. }) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    fn delete(&self, bucket: &str, keys: &[String], tell: &mut Teller<'_>) -> Result<(), Failure> {
        for keys in keys.chunks(MAX_OPS) {
            let batch = Batch::new(bucket).map_err(failed)?;
            let batch = keys.iter().fold(batch, |batch, key| batch.delete(key));
            for (key, result) in keys.iter().zip(self.submit(batch)?) {
                tell(key, result == OpResult::Deleted(true))?;
            }
        }
        Ok(())
    }

    fn export(&self, buckets: &[String], take: &mut Taker<'_>) -> Result<(), Failure> {
        let snapshot = self.snapshot()?;
        if !buckets.is_empty() {
            return export(&snapshot, buckets.iter(), take).map(drop);
        }
        let mut start = None;
        loop {
            let page = snapshot.buckets(start.as_deref(), PAGE_ENTRIES);
            let page = page.map_err(failed)?;
            let names = page.buckets.iter().map(|bucket| &bucket.name);
            if export(&snapshot, names, take)?.is_break() || page.next.is_none() {
                return Ok(());
            }
            start = page.next;
        }
    }

    fn import(&self, entries: Vec<Entry>) -> Result<(), Stopped> {
        let all_or_nothing = |why| Stopped {
            why,
            written: Some(0),
        };
        let Some(first) = entries.first() else {
            return Ok(());
        };
        let batch = Batch::new(first.bucket.as_str()).map_err(|e| all_or_nothing(failed(e)))?;
        let batch = entries.into_iter().fold(batch, |batch, entry| {
            let at = |ms_since_1970| Expires::At { ms_since_1970 };
            let expires = entry.expires_at_ms.map_or(Expires::Never, at);
            batch.put_expiring(entry.key, entry.value, expires)
        });
        self.submit(batch).map(drop).map_err(all_or_nothing)
    }

    fn backup(&self, to: &Path) -> Result<(), Failure> {
        self.0.backup(to).map_err(failed)
    }

    fn compact(&self) -> Result<Compacted, Failure> {
        let size = self.0.compact().map_err(failed)?;
        Ok(Compacted {
            before: size.bytes_before,
            after: size.bytes_after,
        })
    }
}

fn export<'b>(
    snapshot: &Snapshot,
    buckets: impl Iterator<Item = &'b String>,
    take: &mut Taker<'_>,
) -> Result<ControlFlow<()>, Failure> {
    for bucket in buckets {
        let mut start = None;
        loop {
            let asked = Asked {
                bucket,
                prefix: "",
                start: start.as_deref(),
                limit: PAGE_ENTRIES,
            };
            let page = entries(snapshot, &asked)?;
            for entry in page.items {
                if take(entry)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            start = page.next;
            if start.is_none() {
                break;
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn entries(snapshot: &Snapshot, asked: &Asked<'_>) -> Result<Page<Entry>, Failure> {
    let (prefix, limit) = (asked.prefix, asked.limit);
    let page = snapshot.list(asked.bucket, prefix, asked.start, limit, PAGE_BYTES);
    let page = page.map_err(failed)?;
    let items = page.entries.into_iter();
    Ok(Page {
        items: items.map(|entry| of_bucket(asked.bucket, entry)).collect(),
        next: page.next,
    })
}

fn of_bucket(bucket: &str, entry: rusm_kv::Entry) -> Entry {
    Entry {
        bucket: bucket.to_owned(),
        key: entry.key,
        value: entry.value,
        expires_at_ms: entry.expires_at_ms,
    }
}

/// What the store says, as it says it.
fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::General, error.to_string())
}
