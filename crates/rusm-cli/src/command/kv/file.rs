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
        let mut runs = Vec::new();
        let mut wrong = None;
        for run in entries.chunk_by(|one, next| one.bucket == next.bucket) {
            match batch_of(run) {
                Ok(batch) => runs.push((run.len(), self.0.submit(batch))),
                Err(why) => {
                    wrong = Some(why);
                    break;
                }
            }
        }
        // They wait together, and share a commit.
        let (mut n_written, mut failure, mut has_more) = (0, None, false);
        for (n_entries, submitted) in runs {
            match (submitted.wait(), &failure) {
                (Ok(_), None) => n_written += n_entries,
                (Ok(_), Some(_)) => has_more = true,
                (Err(error), None) => failure = Some(failed(error)),
                (Err(_), Some(_)) => {}
            }
        }
        if let Some(why) = failure {
            return Err(Stopped {
                why,
                written: (!has_more).then_some(n_written),
            });
        }
        match wrong {
            None => Ok(()),
            Some(why) => Err(Stopped {
                why,
                written: Some(n_written),
            }),
        }
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

/// Entries of one bucket.
fn batch_of(run: &[Entry]) -> Result<Batch, Failure> {
    let bucket = run.first().map_or("", |first| first.bucket.as_str());
    let batch = Batch::new(bucket).map_err(failed)?;
    Ok(run.iter().fold(batch, |batch, entry| {
        let at = |ms_since_1970| Expires::At { ms_since_1970 };
        let expires = entry.expires_at_ms.map_or(Expires::Never, at);
        batch.put_expiring(entry.key.clone(), entry.value.clone(), expires)
    }))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(bucket: &str, key: &str) -> Entry {
        Entry {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            value: key.into(),
            expires_at_ms: None,
        }
    }

    fn store() -> (tempfile::TempDir, FileAccess) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("x.redb"), rusm_kv::Options::default());
        (folder, FileAccess(store.unwrap()))
    }

    /// Entries of many buckets in turn share commits, as those of one do.
    #[test]
    fn buckets_in_turn_share_commits() {
        let (_folder, access) = store();
        let before = access.0.status().commits;
        let entries = (0..1_000).map(|n| entry(["a", "b", "c"][n % 3], &n.to_string()));
        access.import(entries.collect()).unwrap();
        let n_commits = access.0.status().commits - before;
        assert!(n_commits < 100, "{n_commits} commits for 1,000 batches");
        let keys: u64 = access
            .buckets(None, 10)
            .unwrap()
            .items
            .iter()
            .map(|bucket| bucket.keys)
            .sum();
        assert_eq!(keys, 1_000);
    }

    /// What stands before a bucket that is none is written, and what stands behind it is not.
    #[test]
    fn a_wrong_bucket_stops_where_it_stands() {
        let (_folder, access) = store();
        let entries = [
            entry("a", "1"),
            entry("b", "2"),
            entry("", "3"),
            entry("a", "4"),
        ];
        let stopped = access.import(entries.into()).unwrap_err();
        assert_eq!(stopped.written, Some(2));
        assert!(access.get("b", "2").unwrap().is_some() && access.get("a", "4").unwrap().is_none());
    }
}
