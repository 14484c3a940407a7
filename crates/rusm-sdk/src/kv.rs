//! The node's durable key-value store. Needs the `storage` permission for the bucket.
//!
//! Acknowledged is durable: what returned `Ok` survives a crash of the node.
//!
//! # Typed buckets
//! A [`Bucket`] holds values of one type, as JSON, and has [transactions](Bucket::transact) that are repeated when
//! others were faster. This one takes each order once, however often it is sent:
//!
//! ```no_run
//! use rusm_sdk::kv::{Bucket, BucketError};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Order {
//!     item: String,
//!     quantity: u64,
//! }
//!
//! /// The pieces of this item that have been ordered in all.
//! fn take(id: &str, order: &Order) -> Result<u64, BucketError> {
//!     let orders: Bucket<Order> = Bucket::new("orders");
//!     let (key, sum) = (format!("order/{id}"), format!("total/{}", order.item));
//!     orders.transact(|tx| {
//!         let mut total = tx.of::<u64>().get(&sum)?.unwrap_or(0);
//!         if tx.get(&key)?.is_none() {
//!             total += order.quantity;
//!             tx.put(&key, order)?;
//!             tx.of::<u64>().put(&sum, &total)?;
//!         }
//!         Ok(total)
//!     })
//! }
//! ```
//!
//! # Bytes
//! [`get`], [`put`] and the other functions here know nothing of types: they are what the host offers, for values that
//! are no JSON. Both ways can be used on one bucket.

mod bucket;
mod entries;
mod error;
mod json;
mod transaction;

use std::fmt;

use crate::{Denial, sys};

pub use bucket::Bucket;
pub use entries::Entries;
pub use error::BucketError;
pub use transaction::{ATTEMPTS, Transaction};

/// Why a storage operation did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvError {
    /// The profile does not grant it.
    Denied(Denial),
    /// The node has no store configured.
    NoStore,
    /// Key, value, batch or bucket is over its bound.
    TooLarge,
    /// An [`Op::Expect`] of the transaction failed and nothing was written; the index of that operation.
    Conflict(u32),
    /// The store refused or failed; nothing of this call was written. There is one exception: if the sync of its commit
    /// failed, nobody can know what the disk has, and all of it may be found when the store is opened anew.
    Failed(String),
}

impl fmt::Display for KvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => denial.fmt(f),
            Self::NoStore => f.write_str("the node has no store: set store under [node]"),
            Self::TooLarge => f.write_str("key, value, batch or bucket is over its bound"),
            Self::Conflict(index) => {
                write!(
                    f,
                    "nothing was written: operation {index} found another value than expected"
                )
            }
            Self::Failed(text) => write!(f, "the store did not do it: {text}"),
        }
    }
}

impl std::error::Error for KvError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Denied(denial) => Some(denial),
            Self::NoStore | Self::TooLarge | Self::Conflict(_) | Self::Failed(_) => None,
        }
    }
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Vec<u8>,
}

/// A part of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In byte order of the keys.
    pub pairs: Vec<Pair>,
    /// The `start` of the call that goes on; none at the end.
    pub next: Option<String>,
}

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes a value.
    Put {
        /// Under this key.
        key: String,
        /// The value.
        value: Vec<u8>,
        /// Milliseconds after which it is gone; none = never.
        expires_ms: Option<u64>,
    },
    /// Removes a key, if it is there.
    Delete(String),
    /// Fails the transaction unless the key has this value; none = is absent.
    Expect {
        /// The key to look at.
        key: String,
        /// What it must hold.
        value: Option<Vec<u8>>,
    },
}

/// The value of a key; none if it is absent.
///
/// # Errors
/// Denied, no store, or the store failed.
pub fn get(bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
    sys::kv_get(bucket, key)
}

/// Writes one value.
///
/// # Errors
/// Denied, no store, over a bound, or the store [failed](KvError::Failed); then nothing was written.
pub fn put(bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
    sys::kv_put(bucket, key, value)
}

/// Removes a key; says whether it was there.
///
/// # Errors
/// Denied, no store, or the store failed.
pub fn delete(bucket: &str, key: &str) -> Result<bool, KvError> {
    sys::kv_delete(bucket, key)
}

/// Keys in byte order from `start` (inclusive) that begin with `prefix`, at most `limit` of them.
///
/// # Errors
/// Denied, no store, or the store failed.
pub fn list(bucket: &str, prefix: &str, start: Option<&str>, limit: u32) -> Result<Page, KvError> {
    sys::kv_list(bucket, prefix, start, limit)
}

/// All or nothing, in order, durable when it returns.
///
/// # Errors
/// [`KvError::Conflict`] if an expectation failed; then, as after any other error, nothing was written (see
/// [`KvError::Failed`] for a disk that fails).
pub fn transact(bucket: &str, ops: &[Op]) -> Result<(), KvError> {
    sys::kv_transact(bucket, ops)
}

/// Adds to a counter and returns the new value; an absent key counts from 0.
///
/// # Errors
/// Denied, no store, the value is no counter, or the store failed.
pub fn increment(bucket: &str, key: &str, by: i64) -> Result<i64, KvError> {
    sys::kv_increment(bucket, key, by)
}
