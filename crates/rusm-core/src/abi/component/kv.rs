//! `kv`: the key-value store. It has no good answer to convert as long as no node has a store.

use super::wit::kv::{KvError, Op, Page};
use super::{View, denial, wit};
use crate::host::kv::KvRefused;
use rusm_abi::List;
use std::convert::Infallible;
use wasmtime::Result;

impl wit::kv::Host for View<'_> {
    fn kv_get(&mut self, bucket: String, key: String) -> Result<Result<Option<Vec<u8>>, KvError>> {
        Ok(answer(self.0.kv_get(&bucket, &key)))
    }

    fn kv_put(
        &mut self,
        bucket: String,
        key: String,
        value: Vec<u8>,
    ) -> Result<Result<(), KvError>> {
        Ok(answer(self.0.kv_put(&bucket, &key, &value)))
    }

    fn kv_delete(&mut self, bucket: String, key: String) -> Result<Result<bool, KvError>> {
        Ok(answer(self.0.kv_delete(&bucket, &key)))
    }

    fn kv_list(
        &mut self,
        bucket: String,
        prefix: String,
        start: Option<String>,
        _limit: u32,
    ) -> Result<Result<Page, KvError>> {
        Ok(answer(self.0.kv_list(&bucket, &prefix, start.as_deref())))
    }

    fn kv_transact(&mut self, bucket: String, ops: Vec<Op>) -> Result<Result<(), KvError>> {
        let ops: Vec<rusm_abi::Op<'_>> = ops.iter().map(op).collect();
        Ok(answer(self.0.kv_transact(&bucket, List::Slice(&ops))))
    }

    fn kv_increment(
        &mut self,
        bucket: String,
        key: String,
        _by: i64,
    ) -> Result<Result<i64, KvError>> {
        Ok(answer(self.0.kv_increment(&bucket, &key)))
    }
}

fn op(op: &Op) -> rusm_abi::Op<'_> {
    match op {
        Op::Put(put) => rusm_abi::Op::Put {
            key: &put.key,
            value: &put.value,
            expires_ms: put.expires_ms,
        },
        Op::Delete(key) => rusm_abi::Op::Delete(key),
        Op::Expect(expect) => rusm_abi::Op::Expect {
            key: &expect.key,
            value: expect.value.as_deref(),
        },
    }
}

fn answer<T>(answer: Result<Infallible, KvRefused>) -> Result<T, KvError> {
    match answer {
        Ok(never) => match never {},
        Err(KvRefused::Denied(denied)) => Err(KvError::Denied(denial(denied))),
        Err(KvRefused::NoStore) => Err(KvError::NoStore),
        Err(KvRefused::TooLarge) => Err(KvError::TooLarge),
    }
}
