//! Which process waits for the reply to which request.
//!
//! Whoever holds the reference of a request may answer it, once, also a process that the request was
//! handed on to (OTP statement 093). Taking the entry out is the right to answer.
//!
//! # Locking
//! One lock per shard, held for one map operation.

use crate::id::{Pid, Ref};
use crate::sync::Mutex;
use std::collections::HashMap;

const SHARDS: u64 = 16;

#[derive(Debug)]
pub(crate) struct PendingCalls {
    shards: Vec<Mutex<HashMap<Ref, Pid>>>,
}

impl Default for PendingCalls {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl PendingCalls {
    pub(crate) fn insert(&self, id: Ref, caller: Pid) {
        if let Some(shard) = self.shard(id) {
            shard.lock().insert(id, caller);
        }
    }

    /// Who waits, if anybody still does.
    pub(crate) fn remove(&self, id: Ref) -> Option<Pid> {
        self.shard(id)?.lock().remove(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    fn shard(&self, id: Ref) -> Option<&Mutex<HashMap<Ref, Pid>>> {
        let index = usize::try_from(id.as_u64() % SHARDS).ok()?;
        self.shards.get(index)
    }
}
