//! The node's key-value store: who may use which bucket, within which sizes.
//!
//! This release has no store to configure, so what passes both questions is answered `no-store`: every
//! method's good answer is [`Infallible`], which no value has.

use super::Host;
use rusm_abi::limits::{MAX_BATCH, MAX_BATCH_BYTES, MAX_BUCKET, MAX_KEY, MAX_VALUE};
use rusm_abi::{List, Op};
use rusm_caps::{Access, Denied, Permit, Request};
use std::convert::Infallible;

/// Nothing was read or written.
#[derive(Debug)]
pub(crate) enum KvRefused {
    Denied(Denied),
    NoStore,
    TooLarge,
}

type Never = Result<Infallible, KvRefused>;

impl Host<'_> {
    pub(crate) fn kv_get(&self, bucket: &str, key: &str) -> Never {
        let bucket = self.bucket(bucket, key, Access::Read)?;
        fits([(key.len(), MAX_KEY)])?;
        self.store(bucket)
    }

    pub(crate) fn kv_put(&mut self, bucket: &str, key: &str, value: &[u8]) -> Never {
        let bucket = self.bucket(bucket, key, Access::Write)?;
        fits([(key.len(), MAX_KEY), (value.len(), MAX_VALUE)])?;
        self.store(bucket)
    }

    pub(crate) fn kv_delete(&mut self, bucket: &str, key: &str) -> Never {
        let bucket = self.bucket(bucket, key, Access::Write)?;
        fits([(key.len(), MAX_KEY)])?;
        self.store(bucket)
    }

    pub(crate) fn kv_list(&self, bucket: &str, prefix: &str, start: Option<&str>) -> Never {
        let bucket = self.bucket(bucket, prefix, Access::Read)?;
        fits([
            (prefix.len(), MAX_KEY),
            (start.map_or(0, str::len), MAX_KEY),
        ])?;
        self.store(bucket)
    }

    /// A comparison tells what is there, so it asks for reading.
    pub(crate) fn kv_transact(&mut self, bucket: &str, ops: List<'_, Op<'_>>) -> Never {
        self.permit_ops(bucket, ops)?;
        fits([(ops.count(), MAX_BATCH)])?;
        let mut bytes = 0usize;
        for op in ops.iter() {
            let (key, value) = parts(op);
            fits([(key.len(), MAX_KEY), (value.len(), MAX_VALUE)])?;
            bytes = bytes.saturating_add(key.len()).saturating_add(value.len());
        }
        fits([(bytes, MAX_BATCH_BYTES)])?;
        self.store(bucket)
    }

    pub(crate) fn kv_increment(&mut self, bucket: &str, key: &str) -> Never {
        self.bucket(bucket, key, Access::Read)?;
        let bucket = self.bucket(bucket, key, Access::Write)?;
        fits([(key.len(), MAX_KEY)])?;
        self.store(bucket)
    }

    /// Asks once for each kind of access that the operations need; an empty transaction only looks.
    fn permit_ops(&self, bucket: &str, ops: List<'_, Op<'_>>) -> Result<(), KvRefused> {
        let needed = |wanted| ops.iter().find(|op| access(op) == wanted);
        let (read, write) = (needed(Access::Read), needed(Access::Write));
        if let Some(op) = write {
            self.bucket(bucket, parts(op).0, Access::Write)?;
        }
        if read.is_some() || write.is_none() {
            self.bucket(bucket, read.map_or("", |op| parts(op).0), Access::Read)?;
        }
        Ok(())
    }

    fn bucket<'a>(&self, bucket: &'a str, key: &str, access: Access) -> Result<&'a str, KvRefused> {
        let request = Request::Storage {
            bucket,
            key,
            access,
        };
        let permit = self
            .state
            .guard
            .check(request, bucket)
            .map_err(KvRefused::Denied)?;
        fits([(bucket.len(), MAX_BUCKET)])?;
        Ok(Permit::into_inner(permit))
    }

    fn store(&self, _bucket: &str) -> Never {
        Err(KvRefused::NoStore)
    }
}

fn access(op: &Op<'_>) -> Access {
    match op {
        Op::Put { .. } | Op::Delete(_) => Access::Write,
        Op::Expect { .. } => Access::Read,
    }
}

fn parts(op: Op<'_>) -> (&str, &[u8]) {
    match op {
        Op::Put { key, value, .. } => (key, value),
        Op::Delete(key) => (key, &[]),
        Op::Expect { key, value } => (key, value.unwrap_or(&[])),
    }
}

fn fits<const N: usize>(lengths: [(usize, usize); N]) -> Result<(), KvRefused> {
    if lengths.iter().all(|(length, most)| length <= most) {
        Ok(())
    } else {
        Err(KvRefused::TooLarge)
    }
}
