//! Optimistic transactions: what is read is remembered, what is written is collected, and one `kv-transact` at the end
//! compares and writes.
//!
//! **Why it is serialisable.** The commit is atomic in the store, and at that moment every key that was read has the value
//! that was read. So the transaction might as well have run there, alone. A transaction that read a single key and
//! writes nothing might have run when it read it.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{BucketError, KvError, Op, json};
use crate::mailbox::milliseconds;

/// How often a transaction is begun, before it is given up for its conflicts.
///
/// At each conflict somebody else has got on; a thousand in a row means that a thousand commits were faster.
pub const ATTEMPTS: u32 = 1_000;

/// One attempt at a transaction; from [`Bucket::transact`](super::Bucket::transact).
///
/// It sees what it has written itself, and a key that it reads twice has the same value both times. It
/// has no listing, because a store cannot be asked whether a key that nobody knows is still absent.
pub struct Transaction<'a, T> {
    bucket: &'a str,
    journal: &'a mut Journal,
    value: PhantomData<fn() -> T>,
}

impl<T> Transaction<'_, T> {
    /// The same transaction, for those keys of the bucket that hold another type.
    pub fn of<U>(&mut self) -> Transaction<'_, U> {
        Transaction {
            bucket: self.bucket,
            journal: self.journal,
            value: PhantomData,
        }
    }

    /// Removes a key, if it is there.
    pub fn delete(&mut self, key: &str) {
        self.journal.written.insert(key.to_owned(), None);
    }
}

impl<T: DeserializeOwned> Transaction<'_, T> {
    /// The value of a key; none if it is absent.
    ///
    /// # Errors
    /// The store's, and [`BucketError::Decode`].
    pub fn get(&mut self, key: &str) -> Result<Option<T>, BucketError> {
        let value = self.journal.value(self.bucket, key)?;
        value.map(|value| json::decode(key, value)).transpose()
    }
}

impl<T: Serialize> Transaction<'_, T> {
    /// Writes a value when the transaction commits.
    ///
    /// # Errors
    /// [`BucketError::Encode`].
    pub fn put(&mut self, key: &str, value: &T) -> Result<(), BucketError> {
        self.write(key, value, None)
    }

    /// The same for a time, to the millisecond, after which the key is absent. The time begins with the commit.
    ///
    /// # Errors
    /// [`BucketError::Encode`].
    pub fn put_for(&mut self, key: &str, value: &T, time: Duration) -> Result<(), BucketError> {
        self.write(key, value, Some(milliseconds(time)))
    }

    fn write(&mut self, key: &str, value: &T, expires_ms: Option<u64>) -> Result<(), BucketError> {
        let value = json::encode(key, value)?;
        let new = New { value, expires_ms };
        self.journal.written.insert(key.to_owned(), Some(new));
        Ok(())
    }
}

impl<T> fmt::Debug for Transaction<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("bucket", &self.bucket)
            .field("read", &self.journal.read.len())
            .field("written", &self.journal.written.len())
            .finish_non_exhaustive()
    }
}

/// What an attempt has read of the store, and what it will write; none stands for an absent key.
#[derive(Default)]
struct Journal {
    read: BTreeMap<String, Option<Vec<u8>>>,
    written: BTreeMap<String, Option<New>>,
}

struct New {
    value: Vec<u8>,
    expires_ms: Option<u64>,
}

impl Journal {
    /// The value that a key has for this attempt.
    fn value(&mut self, bucket: &str, key: &str) -> Result<Option<&[u8]>, KvError> {
        if let Some(new) = self.written.get(key) {
            return Ok(new.as_ref().map(|new| &new.value[..]));
        }
        if !self.read.contains_key(key) {
            let value = super::get(bucket, key)?;
            self.read.insert(key.to_owned(), value);
        }
        Ok(self.read.get(key).and_then(Option::as_deref))
    }

    fn commit(self, bucket: &str) -> Result<(), KvError> {
        if self.written.is_empty() && self.read.len() <= 1 {
            return Ok(());
        }
        let read = self.read.into_iter();
        let expects = read.map(|(key, value)| Op::Expect { key, value });
        let writes = self.written.into_iter().map(|(key, new)| match new {
            Some(New { value, expires_ms }) => Op::Put {
                key,
                value,
                expires_ms,
            },
            None => Op::Delete(key),
        });
        let ops: Vec<Op> = expects.chain(writes).collect();
        super::transact(bucket, &ops)
    }
}

/// Attempts until one commits. An error of `steps` has to stand the same comparison as an answer: it rests on what
/// was read as well.
pub(super) fn run<T, R, E: From<BucketError>>(
    bucket: &str,
    mut steps: impl FnMut(&mut Transaction<'_, T>) -> Result<R, E>,
) -> Result<R, E> {
    for _ in 0..ATTEMPTS {
        let mut journal = Journal::default();
        let answer = steps(&mut Transaction {
            bucket,
            journal: &mut journal,
            value: PhantomData,
        });
        if answer.is_err() {
            journal.written.clear();
        }
        match journal.commit(bucket) {
            Ok(()) => return answer,
            Err(KvError::Conflict(_)) => {}
            // Its own error comes first: it may well have the same cause.
            Err(error) => {
                return Err(answer
                    .err()
                    .unwrap_or_else(|| BucketError::Store(error).into()));
            }
        }
    }
    Err(BucketError::TooManyConflicts.into())
}

#[cfg(test)]
mod serial;
#[cfg(test)]
mod tests;
