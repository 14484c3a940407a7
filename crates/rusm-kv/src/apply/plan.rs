//! What a batch does, decided step by step and without writing.

use super::{Tables, stored};
use crate::batch::{Batch, Expires, Op, OpResult};
use crate::error::WriteError;
use crate::layout::{Body, Stored, entry_key};
use redb::{ReadableTable, StorageError};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a batch does to one key.
pub(super) enum Change<'b> {
    Put(Option<u64>, Cow<'b, [u8]>),
    Delete,
}

/// What a batch does, decided and not yet written.
pub(crate) struct Plan<'b> {
    pub(super) bucket: &'b str,
    pub(super) changes: BTreeMap<&'b str, Change<'b>>,
    pub(crate) results: Vec<OpResult>,
}

/// Why a batch was not planned.
pub(crate) enum PlanError {
    /// It is refused; the others go on.
    Refused(WriteError),
    /// The store cannot be read.
    Storage(StorageError),
}

impl From<StorageError> for PlanError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<WriteError> for PlanError {
    fn from(error: WriteError) -> Self {
        Self::Refused(error)
    }
}

impl Tables<'_> {
    /// Decides what a batch does at a time. Reads only.
    pub(crate) fn plan<'b>(&self, batch: &'b Batch, now_ms: u64) -> Result<Plan<'b>, PlanError> {
        let mut plan = Plan {
            bucket: &batch.bucket,
            changes: BTreeMap::new(),
            results: Vec::with_capacity(batch.ops.len()),
        };
        for (index, op) in batch.ops.iter().enumerate() {
            let result = self.step(&mut plan, index, op, now_ms)?;
            plan.results.push(result);
        }
        Ok(plan)
    }

    fn step<'b>(
        &self,
        plan: &mut Plan<'b>,
        index: usize,
        op: &'b Op,
        now_ms: u64,
    ) -> Result<OpResult, PlanError> {
        match op {
            Op::Put {
                key,
                value,
                expires,
            } => {
                let change = Change::Put(expires.at(now_ms), Cow::Borrowed(value));
                plan.changes.insert(key, change);
                Ok(OpResult::Done)
            }
            Op::Delete { key } => {
                let was_there = self.look(plan, key, now_ms, |entry| entry.is_some())?;
                plan.changes.insert(key, Change::Delete);
                Ok(OpResult::Deleted(was_there))
            }
            Op::Expect { key, value } => {
                let is_so = self.look(plan, key, now_ms, |entry| match (entry, value) {
                    (None, None) => Ok(true),
                    (Some(entry), Some(value)) => self.holds(entry.body, value),
                    _ => Ok(false),
                })?;
                if is_so? {
                    Ok(OpResult::Done)
                } else {
                    Err(WriteError::Conflict { index }.into())
                }
            }
            Op::Increment { key, by } => {
                let (expires, before) = self.look(plan, key, now_ms, |entry| match entry {
                    Some(entry) => (entry.expires_at_ms, number(entry.body)),
                    None => (None, Some(0)),
                })?;
                let before = before.ok_or(WriteError::NotANumber { index })?;
                let sum = before
                    .checked_add(*by)
                    .ok_or(WriteError::Overflow { index })?;
                let text = sum.to_string().into_bytes();
                plan.changes
                    .insert(key, Change::Put(expires, Cow::Owned(text)));
                Ok(OpResult::Value(sum))
            }
        }
    }

    /// Shows `f` the live entry of a key, as the batch so far has left it.
    fn look<R>(
        &self,
        plan: &Plan<'_>,
        key: &str,
        now_ms: u64,
        f: impl FnOnce(Option<Stored<'_>>) -> R,
    ) -> Result<R, StorageError> {
        let guard;
        let entry = match plan.changes.get(key) {
            Some(Change::Delete) => None,
            Some(Change::Put(expires_at_ms, value)) => Some(Stored {
                expires_at_ms: *expires_at_ms,
                body: Body::Inline(value),
            }),
            None => {
                let entry_key = entry_key(plan.bucket, key);
                guard = self.entries.get(entry_key.as_slice())?;
                match &guard {
                    Some(guard) => Some(stored(&entry_key, guard.value())?),
                    None => None,
                }
            }
        };
        Ok(f(entry.filter(|entry| entry.is_live(now_ms))))
    }

    fn holds(&self, body: Body<'_>, value: &[u8]) -> Result<bool, StorageError> {
        if body.len() != value.len() {
            return Ok(false);
        }
        match body {
            Body::Inline(bytes) => Ok(bytes == value),
            Body::Chunked(chunked) => Ok(chunked.load(&self.chunks)? == value),
        }
    }
}

impl Expires {
    fn at(self, now_ms: u64) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::After { ms } => Some(now_ms.saturating_add(ms)),
            Self::At { ms_since_1970 } => Some(ms_since_1970),
        }
        // All ones stand for never.
        .filter(|at| *at != u64::MAX)
    }
}

fn number(body: Body<'_>) -> Option<i64> {
    let Body::Inline(text) = body else {
        return None;
    };
    std::str::from_utf8(text).ok()?.parse().ok()
}
