//! A store in memory for the unit tests of this crate, with a place to step in before each call.
//!
//! [`enter`] gives this thread a store, which several threads may share, and a function that runs before each of the
//! thread's calls, while nothing is locked: there a test lets others write, lets a call fail, or waits for its turn.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::kv::{KvError, Op, Page, Pair};

/// The keys of all buckets. Clones are the same store.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Contents>>);

#[derive(Clone, Default)]
struct Contents {
    values: BTreeMap<(String, String), Value>,
    calls: u64,
}

#[derive(Clone)]
struct Value {
    bytes: Vec<u8>,
    expires_ms: Option<u64>,
}

impl Value {
    /// There is no clock: what was to live for no time at all has expired.
    fn is_there(&self) -> bool {
        self.expires_ms != Some(0)
    }
}

/// What a thread is about to ask of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Get,
    Put,
    Delete,
    List,
    Transact,
    Increment,
}

type Before = Box<dyn FnMut(Call) -> Result<(), KvError>>;

thread_local! {
    static STORE: RefCell<Memory> = RefCell::default();
    static BEFORE: RefCell<Option<Before>> = const { RefCell::new(None) };
    static LAST_CALL: Cell<u64> = const { Cell::new(0) };
}

/// From now on this thread uses that store, and calls the function first.
pub(crate) fn enter(store: &Memory, before: impl FnMut(Call) -> Result<(), KvError> + 'static) {
    STORE.set(store.clone());
    BEFORE.set(Some(Box::new(before)));
}

/// A store of this thread's own.
pub(crate) fn fresh() -> Memory {
    let store = Memory::default();
    enter(&store, |_| Ok(()));
    store
}

/// The place of this thread's last call among all calls to its store, from 1.
pub(crate) fn last_call() -> u64 {
    LAST_CALL.get()
}

impl Memory {
    /// What a bucket holds, as texts.
    pub(crate) fn texts(&self, bucket: &str) -> BTreeMap<String, String> {
        let contents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_bucket = contents.values.iter();
        let of_bucket = of_bucket.filter(|((of, _), value)| of == bucket && value.is_there());
        of_bucket
            .map(|((_, key), value)| {
                let text = String::from_utf8_lossy(&value.bytes);
                (key.clone(), text.into_owned())
            })
            .collect()
    }

    /// When a key goes away.
    pub(crate) fn expires_ms(&self, bucket: &str, key: &str) -> Option<u64> {
        let contents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (bucket.to_owned(), key.to_owned());
        contents.values.get(&key)?.expires_ms
    }
}

/// One call: the test first, who may make calls of its own, then the store.
fn call<R>(
    call: Call,
    answer: impl FnOnce(&mut Contents) -> Result<R, KvError>,
) -> Result<R, KvError> {
    if let Some(mut before) = BEFORE.take() {
        let go_on = before(call);
        BEFORE.set(Some(before));
        go_on?;
    }
    STORE.with_borrow(|store| {
        let mut contents = store.0.lock().unwrap_or_else(PoisonError::into_inner);
        contents.calls += 1;
        LAST_CALL.set(contents.calls);
        answer(&mut contents)
    })
}

impl Contents {
    fn get(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let value = self.values.get(&(bucket.to_owned(), key.to_owned()))?;
        value.is_there().then(|| value.bytes.clone())
    }

    fn put(&mut self, bucket: &str, key: &str, bytes: &[u8], expires_ms: Option<u64>) {
        let bytes = bytes.to_vec();
        let key = (bucket.to_owned(), key.to_owned());
        self.values.insert(key, Value { bytes, expires_ms });
    }

    fn delete(&mut self, bucket: &str, key: &str) -> bool {
        let old = self.values.remove(&(bucket.to_owned(), key.to_owned()));
        old.is_some_and(|value| value.is_there())
    }

    fn apply(&mut self, bucket: &str, index: u32, op: &Op) -> Result<(), KvError> {
        match op {
            Op::Put {
                key,
                value,
                expires_ms,
            } => self.put(bucket, key, value, *expires_ms),
            Op::Delete(key) => {
                self.delete(bucket, key);
            }
            Op::Expect { key, value } if self.get(bucket, key) != *value => {
                return Err(KvError::Conflict(index));
            }
            Op::Expect { .. } => {}
        }
        Ok(())
    }
}

pub(crate) fn kv_get(bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
    call(Call::Get, |contents| Ok(contents.get(bucket, key)))
}

pub(crate) fn kv_put(bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
    call(Call::Put, |contents| {
        contents.put(bucket, key, value, None);
        Ok(())
    })
}

pub(crate) fn kv_delete(bucket: &str, key: &str) -> Result<bool, KvError> {
    call(Call::Delete, |contents| Ok(contents.delete(bucket, key)))
}

/// A page is the work of `limit` keys, expired ones included, as a host may bound it.
pub(crate) fn kv_list(
    bucket: &str,
    prefix: &str,
    start: Option<&str>,
    limit: u32,
) -> Result<Page, KvError> {
    call(Call::List, |contents| {
        let mut matching = contents.values.iter().filter(|((of, key), _)| {
            of == bucket && key.starts_with(prefix) && start.is_none_or(|start| &key[..] >= start)
        });
        let page = matching.by_ref().take(limit as usize);
        let there = page.filter(|(_, value)| value.is_there());
        let pairs = there
            .map(|((_, key), value)| Pair {
                key: key.clone(),
                value: value.bytes.clone(),
            })
            .collect();
        let next = matching.next().map(|((_, key), _)| key.clone());
        Ok(Page { pairs, next })
    })
}

pub(crate) fn kv_transact(bucket: &str, ops: &[Op]) -> Result<(), KvError> {
    call(Call::Transact, |contents| {
        let mut after = contents.clone();
        for (index, op) in (0..).zip(ops) {
            after.apply(bucket, index, op)?;
        }
        *contents = after;
        Ok(())
    })
}

pub(crate) fn kv_increment(bucket: &str, key: &str, by: i64) -> Result<i64, KvError> {
    call(Call::Increment, |contents| {
        let old = contents.get(bucket, key);
        let old = old.map_or(Some(0), |old| std::str::from_utf8(&old).ok()?.parse().ok());
        let Some(new) = old.and_then(|old: i64| old.checked_add(by)) else {
            return Err(KvError::Failed("no number, or beyond its range".into()));
        };
        contents.put(bucket, key, new.to_string().as_bytes(), None);
        Ok(new)
    })
}
