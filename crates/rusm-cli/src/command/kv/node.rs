//! A store that a running node has open: the node is asked over its control socket.

use super::access::{Access, Asked, Bucket, Compacted, Page, Stopped, Taker, Teller};
use super::file::FileAccess;
use super::import::Import;
use super::lines::bounded_line;
use super::new_file::NewFile;
use crate::report::{Failure, Kind};
use rusm_control::{Client, ClientError, Code, Condition, Entry, Listing};
use rusm_kv::{Options, Store};
use std::fmt::Display;
use std::ops::ControlFlow;
use std::path::Path;

/// A node that answers.
#[derive(Debug)]
pub(super) struct NodeAccess(pub(super) Client);

impl Access for NodeAccess {
    fn buckets(&self, start: Option<&str>, limit: usize) -> Result<Page<Bucket>, Failure> {
        let page = self.0.buckets(start, Some(limit)).map_err(failed)?;
        let bucket = |bucket: rusm_control::BucketInfo| Bucket {
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
        let page = self.0.keys(asked.bucket, &listing(asked)).map_err(failed)?;
        Ok(Page {
            items: page.keys,
            next: page.next,
        })
    }

    fn entries(&self, asked: &Asked<'_>) -> Result<Page<Entry>, Failure> {
        let page = self.0.entries(asked.bucket, &listing(asked));
        let page = page.map_err(failed)?;
        Ok(Page {
            items: page.entries,
            next: page.next,
        })
    }

    fn get(&self, bucket: &str, key: &str) -> Result<Option<Entry>, Failure> {
        self.0.get(bucket, key).map_err(failed)
    }

    fn put(
        &self,
        entry: Entry,
        expires_ms: Option<u64>,
        condition: Condition,
    ) -> Result<bool, Failure> {
        let Entry {
            bucket, key, value, ..
        } = entry;
        let written = self.0.put_if(&bucket, &key, value, expires_ms, &condition);
        written.map_err(failed)
    }

    fn delete(&self, bucket: &str, keys: &[String], tell: &mut Teller<'_>) -> Result<(), Failure> {
        for key in keys {
            tell(key, self.0.delete(bucket, key).map_err(failed)?)?;
        }
        Ok(())
    }

    fn export(&self, buckets: &[String], take: &mut Taker<'_>) -> Result<(), Failure> {
        // The node exports one bucket or all of them; of one moment several are a part of all.
        let only = match buckets {
            [only] => Some(only.as_str()),
            _ => None,
        };
        let mut export = match self.0.export(only) {
            Err(ClientError::Refused(error)) if error.code == Code::NotFound => return Ok(()),
            export => export.map_err(failed)?,
        };
        let broken = |why: &dyn Display| {
            let message = format!("the export broke off: {why}");
            Failure::new(Kind::General, message)
        };
        while let Some(line) = bounded_line(&mut export).map_err(|error| broken(&error))? {
            let entry = Entry::from_line(&line).map_err(|why| broken(&why))?;
            let is_asked_for = buckets.is_empty() || buckets.contains(&entry.bucket);
            if is_asked_for && take(entry)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn import(&self, entries: Vec<Entry>) -> Result<(), Stopped> {
        let mut lines = Vec::new();
        for entry in &entries {
            lines.append(&mut entry.to_line());
            lines.push(b'\n');
        }
        let Err(error) = self.0.import(lines.as_slice()) else {
            return Ok(());
        };
        let written = if let ClientError::Refused(refusal) = &error {
            refusal.written.and_then(|n| usize::try_from(n).ok())
        } else {
            None
        };
        let why = failed(error);
        Err(Stopped { why, written })
    }

    /// A store of its own, filled from an export: the node need not be able to make files.
    fn backup(&self, to: &Path) -> Result<(), Failure> {
        let file = NewFile::at(to)?;
        let store = Store::open(file.partial(), Options::default());
        let store = store.map_err(|error| Failure::new(Kind::General, error.to_string()))?;
        let copy = FileAccess(store);
        let mut import = Import::into(&copy);
        self.export(&[], &mut |entry| {
            import.take(entry, 0)?;
            Ok(ControlFlow::Continue(()))
        })?;
        import.write()?;
        drop(copy);
        file.publish()
    }

    fn compact(&self) -> Result<Compacted, Failure> {
        let size = self.0.compact().map_err(failed)?;
        Ok(Compacted {
            before: size.bytes_before,
            after: size.bytes_after,
        })
    }
}

fn listing<'a>(asked: &Asked<'a>) -> Listing<'a> {
    Listing {
        prefix: asked.prefix,
        start: asked.start,
        limit: Some(asked.limit),
    }
}

/// What the node says, or what became of it.
fn failed(error: ClientError) -> Failure {
    if let ClientError::Refused(refusal) = error {
        return Failure::new(Kind::General, refusal.message).maybe_help(refusal.help);
    }
    Failure::new(Kind::General, error.to_string())
}
