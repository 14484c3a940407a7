//! A bucket whose values have a type: [`Bucket`].

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{BucketError, Entries, Op, Transaction, json, transaction};
use crate::mailbox::milliseconds;

/// A bucket of the node's store, with values of type `T`.
///
/// It is a name and a type: to make one asks nobody, and a bucket exists as soon as something is written to it. Names
/// and keys have their bounds: 1 to 255 bytes without control characters, and 1 to 1,024 bytes.
///
/// A value is stored as JSON, so that `rusm kv get` shows it and a later version of `T` can read it (`#[serde(default)]`
/// for a new field). A number that [`increment`](Bucket::increment) makes is a JSON number; a text is stored with its
/// quotes. For values in another form there are the functions of [`kv`](super).
pub struct Bucket<T> {
    name: String,
    value: PhantomData<fn() -> T>,
}

impl<T> Bucket<T> {
    /// The bucket of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: PhantomData,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same bucket, for those of its keys that hold another type.
    pub fn of<U>(&self) -> Bucket<U> {
        Bucket::new(self.name.as_str())
    }

    /// Removes a key; says whether it was there.
    ///
    /// # Errors
    /// The store's: denied, no store, over a bound, or failed.
    pub fn delete(&self, key: &str) -> Result<bool, BucketError> {
        Ok(super::delete(&self.name, key)?)
    }
}

impl<T: DeserializeOwned> Bucket<T> {
    /// The value of a key; none if it is absent.
    ///
    /// # Errors
    /// The store's, and [`BucketError::Decode`].
    pub fn get(&self, key: &str) -> Result<Option<T>, BucketError> {
        let value = super::get(&self.name, key)?;
        value.map(|value| json::decode(key, &value)).transpose()
    }

    /// Every key and its value.
    pub fn iter(&self) -> Entries<T> {
        self.prefix("")
    }

    /// The keys that begin with this text, and their values. The keys are whole, prefix included.
    pub fn prefix(&self, prefix: &str) -> Entries<T> {
        Entries::new(&self.name, prefix)
    }
}

impl<T: Serialize> Bucket<T> {
    /// Writes one value. It is durable when this returns.
    ///
    /// # Errors
    /// The store's, and [`BucketError::Encode`].
    pub fn put(&self, key: &str, value: &T) -> Result<(), BucketError> {
        Ok(super::put(&self.name, key, &json::encode(key, value)?)?)
    }

    /// The same for a time, to the millisecond, after which the key is absent. The time begins with the commit.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_for(&self, key: &str, value: &T, time: Duration) -> Result<(), BucketError> {
        let put = Op::Put {
            key: key.to_owned(),
            value: json::encode(key, value)?,
            expires_ms: Some(milliseconds(time)),
        };
        Ok(super::transact(&self.name, &[put])?)
    }
}

impl<T: Serialize + DeserializeOwned> Bucket<T> {
    /// Makes a new value of the old one, none standing for an absent key, and returns the new one.
    ///
    /// It is a [transaction](Self::transact): if somebody else was faster, `change` is called again with what is there then.
    ///
    /// ```no_run
    /// # use rusm_sdk::kv::{Bucket, BucketError};
    /// let seen: Bucket<Vec<String>> = Bucket::new("visitors");
    /// seen.update("today", |names| {
    ///     let mut names = names.unwrap_or_default();
    ///     names.push("Ada".to_owned());
    ///     Some(names)
    /// })?;
    /// # Ok::<(), BucketError>(())
    /// ```
    ///
    /// # Errors
    /// As [`transact`](Self::transact).
    pub fn update(
        &self,
        key: &str,
        mut change: impl FnMut(Option<T>) -> Option<T>,
    ) -> Result<Option<T>, BucketError> {
        self.transact(|tx| {
            let new = change(tx.get(key)?);
            match &new {
                Some(value) => tx.put(key, value)?,
                None => tx.delete(key),
            }
            Ok(new)
        })
    }

    /// Runs `steps` as one: all that it writes is written, durably and at one moment, at which all that it has read is
    /// still so. Or nothing is written.
    ///
    /// Nothing is locked. What is read is remembered, what is written is collected, and at the end the store is
    /// asked once to compare the one and write the other. If something that was read has changed, `steps` runs
    /// again, [`ATTEMPTS`](super::ATTEMPTS) times at most; so it should do nothing but compute and use `tx`. There is no
    /// pause between attempts: a conflict is the news that somebody else got on, and each attempt waits for a commit anyway.
    ///
    /// To give up, `steps` returns an error of its own, and nothing is written. Its error needs `From<BucketError>`, for
    /// the `?` in it:
    ///
    /// ```no_run
    /// use rusm_sdk::kv::{Bucket, BucketError};
    ///
    /// enum Refused {
    ///     Short { by: u64 },
    ///     Storage(BucketError),
    /// }
    ///
    /// impl From<BucketError> for Refused {
    ///     fn from(error: BucketError) -> Self {
    ///         Self::Storage(error)
    ///     }
    /// }
    ///
    /// fn pay(accounts: &Bucket<u64>, from: &str, to: &str, cents: u64) -> Result<(), Refused> {
    ///     accounts.transact(|tx| {
    ///         let has = tx.get(from)?.unwrap_or(0);
    ///         let left = has.checked_sub(cents).ok_or(Refused::Short { by: cents - has })?;
    ///         tx.put(from, &left)?;
    ///         let had = tx.get(to)?.unwrap_or(0);
    ///         tx.put(to, &(had + cents))?;
    ///         Ok(())
    ///     })
    /// }
    /// ```
    ///
    /// Two reads are two moments: while `steps` runs, they may not fit together. What rests on such reads is never
    /// written and never returned (neither is an error of `steps`), but `steps` should not panic or loop because of it.
    ///
    /// Reading one key and writing nothing needs no commit. All others need one that compares, and so both permissions,
    /// to read and to write, as far as it does both. Keys read and written are 1,000 at most.
    ///
    /// # Errors
    /// That of `steps`; the store's; [`BucketError::TooManyConflicts`].
    pub fn transact<R, E: From<BucketError>>(
        &self,
        steps: impl FnMut(&mut Transaction<'_, T>) -> Result<R, E>,
    ) -> Result<R, E> {
        transaction::run(&self.name, steps)
    }
}

impl Bucket<i64> {
    /// Adds to a counter and returns the new value; an absent key counts from 0. It never conflicts, so for a
    /// number that many add to it is better than [`update`](Bucket::update).
    ///
    /// # Errors
    /// The store's; it also refuses if the value is no integer, and if the sum is beyond 64 bits.
    pub fn increment(&self, key: &str, by: i64) -> Result<i64, BucketError> {
        Ok(super::increment(&self.name, key, by)?)
    }
}

impl<T> Clone for Bucket<T> {
    fn clone(&self) -> Self {
        self.of()
    }
}

impl<T> fmt::Debug for Bucket<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests;
