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
use std::hash::{BuildHasherDefault, Hasher};

const SHARDS: u64 = 16;

type Shard = Mutex<HashMap<Ref, Pid, BuildHasherDefault<RefHasher>>>;

/// References are ciphertext: as good as hashed. The low bits have chosen the shard already.
#[derive(Debug, Default)]
struct RefHasher(u64);

impl Hasher for RefHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Not for references, which are one number each.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.rotate_right(SHARDS.trailing_zeros());
    }
}

#[derive(Debug)]
pub(crate) struct PendingCalls {
    shards: Vec<Shard>,
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

    fn shard(&self, id: Ref) -> Option<&Shard> {
        let index = usize::try_from(id.as_u64() % SHARDS).ok()?;
        self.shards.get(index)
    }
}
