//! `kv`: the key-value store.

use super::wit::kv::{KvError, Op, Page, Pair};
use super::{View, denial, wit};
use crate::host::kv::KvRefused;
use rusm_kv::{Entry, Expires};
use wasmtime::Result;

impl wit::kv::Host for View<'_> {
    async fn kv_get(
        &mut self,
        bucket: String,
        key: String,
    ) -> Result<Result<Option<Vec<u8>>, KvError>> {
        Ok(self.0.kv_get(&bucket, &key).await.map_err(kv_error))
    }

    async fn kv_put(
        &mut self,
        bucket: String,
        key: String,
        value: Vec<u8>,
    ) -> Result<Result<(), KvError>> {
        Ok(self.0.kv_put(&bucket, &key, value).await.map_err(kv_error))
    }

    async fn kv_delete(&mut self, bucket: String, key: String) -> Result<Result<bool, KvError>> {
        Ok(self.0.kv_delete(&bucket, &key).await.map_err(kv_error))
    }

    async fn kv_list(
        &mut self,
        bucket: String,
        prefix: String,
        start: Option<String>,
        limit: u32,
    ) -> Result<Result<Page, KvError>> {
        let listed = self.0.kv_list(&bucket, &prefix, start.as_deref(), limit);
        Ok(listed.await.map(page).map_err(kv_error))
    }

    async fn kv_transact(&mut self, bucket: String, ops: Vec<Op>) -> Result<Result<(), KvError>> {
        let ops = ops.into_iter().map(op).collect();
        Ok(self.0.kv_transact(&bucket, ops).await.map_err(kv_error))
    }

    async fn kv_increment(
        &mut self,
        bucket: String,
        key: String,
        by: i64,
    ) -> Result<Result<i64, KvError>> {
        let sum = self.0.kv_increment(&bucket, &key, by).await;
        Ok(sum.map_err(kv_error))
    }
}

fn op(op: Op) -> rusm_kv::Op {
    match op {
        Op::Put(put) => rusm_kv::Op::Put {
            key: put.key,
            value: put.value,
            expires: put
                .expires_ms
                .map_or(Expires::Never, |ms| Expires::After { ms }),
        },
        Op::Delete(key) => rusm_kv::Op::Delete { key },
        Op::Expect(expect) => rusm_kv::Op::Expect {
            key: expect.key,
            value: expect.value,
        },
    }
}

fn page(page: rusm_kv::Page) -> Page {
    let pair = |entry: Entry| Pair {
        key: entry.key,
        value: entry.value,
    };
    Page {
        pairs: page.entries.into_iter().map(pair).collect(),
        next: page.next,
    }
}

fn kv_error(refused: KvRefused) -> KvError {
    match refused {
        KvRefused::Denied(denied) => KvError::Denied(denial(denied)),
        KvRefused::NoStore => KvError::NoStore,
        KvRefused::TooLarge => KvError::TooLarge,
        KvRefused::Conflict(index) => KvError::Conflict(index),
        KvRefused::Failed(text) => KvError::Failed(text),
    }
}
