//! The node's key-value store: who may use which bucket, and what comes of it.
//!
//! The guard is asked first, so without a right nothing of the store can be learnt, not even whether there is one.
//! Sizes are the store's own to check. A read is answered on the worker's thread, and waits only while the store is
//! compacted. A write waits for room in the store's queue and for the commit that it shares with other processes;
//! meanwhile the worker runs others. Whoever ends before its write was accepted has written nothing.
//!
//! What a read copies is bounded by `max-call-kb`, as what a call hands over is.

mod keyvalue;

use super::Host;
use rusm_abi::limits::MAX_PAGE;
use rusm_caps::{Access, Denied, Permit, Request};
use rusm_kv::{Batch, Op, OpResult, Outcome, Page, ReadError, Snapshot, Store, WriteError};

/// Pairs beyond this are left for the next page, so that one page is little work.
const PAGE_BYTES: usize = 4 << 20;

/// Nothing was read or written.
#[derive(Debug)]
pub(crate) enum KvRefused {
    Denied(Denied),
    NoStore,
    /// What is over which bound.
    TooLarge(String),
    /// The place of the comparison that failed.
    Conflict(u32),
    Failed(String),
}

impl From<ReadError> for KvRefused {
    fn from(error: ReadError) -> Self {
        if let ReadError::TooLarge { .. } = error {
            Self::TooLarge(error.to_string())
        } else {
            Self::Failed(error.to_string())
        }
    }
}

impl From<WriteError> for KvRefused {
    fn from(error: WriteError) -> Self {
        if let WriteError::TooLarge { .. } = error {
            Self::TooLarge(error.to_string())
        } else if let WriteError::Conflict { index } = error {
            Self::Conflict(u32::try_from(index).unwrap_or(u32::MAX))
        } else {
            Self::Failed(error.to_string())
        }
    }
}

impl Host<'_> {
    pub(crate) async fn kv_get(
        &mut self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, KvRefused> {
        let bucket = self.bucket(bucket, key, Access::Read)?;
        Ok(self.snapshot().await?.get(bucket, key)?)
    }

    pub(crate) async fn kv_put(
        &mut self,
        bucket: &str,
        key: &str,
        value: impl Into<Vec<u8>>,
    ) -> Result<(), KvRefused> {
        let bucket = self.bucket(bucket, key, Access::Write)?;
        let store = self.store()?;
        submit(store, Batch::new(bucket)?.put(key, value)).await?;
        Ok(())
    }

    /// Whether it was there.
    pub(crate) async fn kv_delete(&mut self, bucket: &str, key: &str) -> Result<bool, KvRefused> {
        let bucket = self.bucket(bucket, key, Access::Write)?;
        let store = self.store()?;
        let outcome = submit(store, Batch::new(bucket)?.delete(key)).await?;
        Ok(outcome.results.contains(&OpResult::Deleted(true)))
    }

    /// At most so many pairs, and fewer where they are large.
    pub(crate) async fn kv_list(
        &mut self,
        bucket: &str,
        prefix: &str,
        start: Option<&str>,
        limit: u32,
    ) -> Result<Page, KvRefused> {
        let bucket = self.bucket(bucket, prefix, Access::Read)?;
        if limit > MAX_PAGE {
            let text = format!("a page of {limit} is over the most of {MAX_PAGE}");
            return Err(KvRefused::TooLarge(text));
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let most = self.max_call_bytes().min(PAGE_BYTES);
        let snapshot = self.snapshot().await?;
        Ok(snapshot.list(bucket, prefix, start, limit, most)?)
    }

    /// A comparison tells what is there, so it asks for reading.
    pub(crate) async fn kv_transact(
        &mut self,
        bucket: &str,
        ops: Vec<Op>,
    ) -> Result<(), KvRefused> {
        let bucket = self.permit_ops(bucket, &ops)?;
        let store = self.store()?;
        let batch = ops.into_iter().fold(Batch::new(bucket)?, Batch::op);
        submit(store, batch).await?;
        Ok(())
    }

    pub(crate) async fn kv_increment(
        &mut self,
        bucket: &str,
        key: &str,
        by: i64,
    ) -> Result<i64, KvRefused> {
        self.bucket(bucket, key, Access::Read)?;
        let bucket = self.bucket(bucket, key, Access::Write)?;
        let store = self.store()?;
        let outcome = submit(store, Batch::new(bucket)?.increment(key, by)).await?;
        match outcome.results.as_slice() {
            [OpResult::Value(sum)] => Ok(*sum),
            other => Err(KvRefused::Failed(format!("the store answered {other:?}"))),
        }
    }

    /// Asks once for each kind of access that the operations need; an empty transaction only looks.
    fn permit_ops<'a>(&self, bucket: &'a str, ops: &[Op]) -> Result<&'a str, KvRefused> {
        let needed = |wanted| ops.iter().find(|op| access(op) == wanted);
        let (read, write) = (needed(Access::Read), needed(Access::Write));
        if let Some(op) = write {
            self.bucket(bucket, op.key(), Access::Write)?;
        }
        if read.is_some() || write.is_none() {
            self.bucket(bucket, read.map_or("", Op::key), Access::Read)?;
        }
        Ok(bucket)
    }

    fn bucket<'a>(&self, bucket: &'a str, key: &str, access: Access) -> Result<&'a str, KvRefused> {
        let request = Request::Storage {
            bucket,
            key,
            access,
        };
        let permit = self.state.guard.check(request, bucket);
        permit.map(Permit::into_inner).map_err(KvRefused::Denied)
    }

    fn store(&self) -> Result<&Store, KvRefused> {
        self.state.store().ok_or(KvRefused::NoStore)
    }

    /// The store as it is now, for a caller with so much room.
    async fn snapshot(&mut self) -> Result<Snapshot, KvRefused> {
        let snapshot = self.store()?.readable().await?;
        Ok(snapshot.with_max_value(self.max_call_bytes()))
    }

    fn max_call_bytes(&self) -> usize {
        usize::try_from(self.state.max_call_bytes).unwrap_or(usize::MAX)
    }
}

/// Durable when it answers.
async fn submit(store: &Store, batch: Batch) -> Result<Outcome, WriteError> {
    store.submit(batch).await
}

fn access(op: &Op) -> Access {
    match op {
        Op::Put { .. } | Op::Delete { .. } | Op::Increment { .. } => Access::Write,
        Op::Expect { .. } => Access::Read,
    }
}
