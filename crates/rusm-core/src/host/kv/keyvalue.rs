//! What `wasi:keyvalue` asks besides: opening, looking for keys without their values, and many values of one moment.

use super::KvRefused;
use crate::host::Host;
use rusm_abi::limits::{MAX_BATCH, MAX_KEY};
use rusm_caps::{Access, Permission};
use rusm_kv::{Batch, Keys};

/// What a key of a page takes at most, with its place in the list.
const LISTED_KEY_BYTES: usize = MAX_KEY + size_of::<String>();

impl Host<'_> {
    /// Whether there is such a bucket for the caller: it may be read or written, and it is only a name until something is in it.
    pub(crate) fn kv_open(&self, bucket: &str) -> Result<(), KvRefused> {
        let write = format!("write:{bucket}");
        let may_write = self
            .state
            .guard
            .query(Permission::Storage.name(), Some(&write));
        if !may_write {
            self.bucket(bucket, "", Access::Read)?;
        }
        self.store()?;
        let _a_name_that_can_be = Batch::new(bucket)?;
        Ok(())
    }

    /// Asks for something that is done later, or that turned out to be nothing.
    pub(crate) fn kv_permit(
        &self,
        bucket: &str,
        key: &str,
        access: Access,
    ) -> Result<(), KvRefused> {
        self.bucket(bucket, key, access).map(drop)
    }

    pub(crate) async fn kv_exists(&mut self, bucket: &str, key: &str) -> Result<bool, KvRefused> {
        let bucket = self.bucket(bucket, key, Access::Read)?;
        Ok(self.snapshot().await?.contains(bucket, key)?)
    }

    /// At most so many keys, and no more than one call may copy.
    pub(crate) async fn kv_keys(
        &mut self,
        bucket: &str,
        start: Option<&str>,
        limit: u32,
    ) -> Result<Keys, KvRefused> {
        let bucket = self.bucket(bucket, start.unwrap_or_default(), Access::Read)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let limit = limit.min(self.max_call_bytes() / LISTED_KEY_BYTES).max(1);
        Ok(self.snapshot().await?.keys(bucket, "", start, limit)?)
    }

    /// The value of each key, all of one moment. Together they are no more than one call may copy.
    pub(crate) async fn kv_get_many(
        &mut self,
        bucket: &str,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, KvRefused> {
        let first = keys.first().map_or("", String::as_str);
        let bucket = self.bucket(bucket, first, Access::Read)?;
        if keys.len() > MAX_BATCH {
            let n_keys = keys.len();
            let text = format!("there are {n_keys} keys, over the most of {MAX_BATCH}");
            return Err(KvRefused::TooLarge(text));
        }
        let mut snapshot = self.snapshot().await?;
        let mut left = self.max_call_bytes();
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            snapshot = snapshot.with_max_value(left);
            let value = snapshot.get(bucket, key)?;
            left = left.saturating_sub(value.as_ref().map_or(0, Vec::len));
            values.push(value);
        }
        Ok(values)
    }
}
