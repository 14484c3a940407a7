//! What a store should hold: the same operations over a `BTreeMap`, one after the other.

use rusm_kv::{Expires, Op, OpResult, ReadError, Snapshot, Store};
use std::collections::BTreeMap;

/// What one batch asks for.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) bucket: String,
    pub(crate) ops: Vec<Op>,
}

/// The contents of a store: by bucket and key, the value and when it expires (milliseconds since 1970).
pub(crate) type Contents = BTreeMap<String, BTreeMap<String, Held>>;
pub(crate) type Held = (Vec<u8>, Option<u64>);

/// The batch is refused, and has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

#[derive(Clone, Debug, Default)]
pub(crate) struct Model(Contents);

impl Model {
    /// A store that holds this.
    pub(crate) fn of(contents: Contents) -> Self {
        Self(contents)
    }

    /// Does what the batch asks for at this time, all of it or nothing.
    pub(crate) fn apply(&mut self, deed: &Deed, now: u64) -> Result<Vec<OpResult>, Refused> {
        let mut bucket = self.0.get(&deed.bucket).cloned().unwrap_or_default();
        bucket.retain(|_, held| is_alive(held, now));
        let results = deed
            .ops
            .iter()
            .map(|op| apply(&mut bucket, op, now))
            .collect::<Result<_, _>>()?;
        self.0.insert(deed.bucket.clone(), bucket);
        Ok(results)
    }

    /// What is there to be seen at this time.
    pub(crate) fn at(&self, now: u64) -> Contents {
        let mut contents = self.0.clone();
        for bucket in contents.values_mut() {
            bucket.retain(|_, held| is_alive(held, now));
        }
        contents.retain(|_, bucket| !bucket.is_empty());
        contents
    }
}

fn is_alive((_, expires_at): &Held, now: u64) -> bool {
    expires_at.is_none_or(|at| at > now)
}

fn apply(bucket: &mut BTreeMap<String, Held>, op: &Op, now: u64) -> Result<OpResult, Refused> {
    match op {
        Op::Put {
            key,
            value,
            expires,
        } => {
            let expires_at = match expires {
                Expires::Never => None,
                Expires::After { ms } => Some(now + ms),
                Expires::At { ms_since_1970 } => Some(*ms_since_1970),
            };
            bucket.insert(key.clone(), (value.clone(), expires_at));
            bucket.retain(|_, held| is_alive(held, now));
            Ok(OpResult::Done)
        }
        Op::Delete { key } => Ok(OpResult::Deleted(bucket.remove(key).is_some())),
        Op::Expect { key, value } => {
            let found = bucket.get(key).map(|(value, _)| value);
            (found == value.as_ref())
                .then_some(OpResult::Done)
                .ok_or(Refused)
        }
        Op::Increment { key, by } => {
            let (old, expires_at) = bucket.get(key).cloned().unwrap_or((b"0".to_vec(), None));
            let old: i64 = String::from_utf8(old)
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or(Refused)?;
            let new = old.checked_add(*by).ok_or(Refused)?;
            bucket.insert(key.clone(), (new.to_string().into_bytes(), expires_at));
            Ok(OpResult::Value(new))
        }
    }
}

/// Everything that the store shows, by its own listings, page by page; what they say in different ways must agree.
#[track_caller]
pub(crate) fn contents(store: &Store) -> Contents {
    try_contents(store).expect("it can be read")
}

/// The same, unless it cannot be read.
pub(crate) fn try_contents(store: &Store) -> Result<Contents, ReadError> {
    let snapshot = store.read()?;
    let mut contents = Contents::new();
    let mut start = None;
    loop {
        let page = snapshot.buckets(start.as_deref(), 2)?;
        for bucket in page.buckets {
            let entries = entries(&snapshot, &bucket.name)?;
            if !entries.is_empty() {
                contents.insert(bucket.name, entries);
            }
        }
        start = page.next;
        if start.is_none() {
            return Ok(contents);
        }
    }
}

fn entries(snapshot: &Snapshot, bucket: &str) -> Result<BTreeMap<String, Held>, ReadError> {
    let mut entries = BTreeMap::new();
    let mut start: Option<String> = None;
    loop {
        let page = snapshot.list(bucket, "", start.as_deref(), 7, 1 << 20)?;
        for entry in page.entries {
            let got = snapshot.get(bucket, &entry.key)?;
            assert_eq!(got.as_ref(), Some(&entry.value), "{bucket}/{}", entry.key);
            let held = (entry.value, entry.expires_at_ms);
            let twice = entries.insert(entry.key, held);
            assert_eq!(twice, None, "an entry is listed once");
        }
        start = page.next;
        if start.is_none() {
            return Ok(entries);
        }
    }
}

/// What the store says of its buckets: name, number of entries, bytes of their keys and values. Those that have
/// expired count until they are removed.
pub(crate) fn totals(store: &Store) -> Vec<(String, u64, u64)> {
    let snapshot = store.read().expect("no compaction is running");
    let buckets = snapshot.buckets(None, usize::MAX).expect("the buckets");
    let totals = buckets.buckets.into_iter();
    totals
        .map(|bucket| (bucket.name, bucket.keys, bucket.bytes))
        .collect()
}

/// The same, counted.
pub(crate) fn counted(contents: &Contents) -> Vec<(String, u64, u64)> {
    let count = |(name, bucket): (&String, &BTreeMap<String, Held>)| {
        let bytes = bucket
            .iter()
            .map(|(key, (value, _))| key.len() + value.len());
        (
            name.clone(),
            bucket.len() as u64,
            bytes.sum::<usize>() as u64,
        )
    };
    contents.iter().map(count).collect()
}

/// Both are the same.
#[track_caller]
pub(crate) fn assert_same(found: &Contents, wanted: &Contents, place: &str) {
    let is_same = found == wanted;
    assert!(is_same, "{place}\n{}", difference(found, wanted));
}

/// What differs, in few words.
pub(crate) fn difference(found: &Contents, wanted: &Contents) -> String {
    let mut lines = Vec::new();
    let names: std::collections::BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
    for name in names {
        let empty = BTreeMap::new();
        let (found, wanted) = (
            found.get(name).unwrap_or(&empty),
            wanted.get(name).unwrap_or(&empty),
        );
        let keys: std::collections::BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
        for key in keys
            .into_iter()
            .filter(|key| found.get(*key) != wanted.get(*key))
        {
            let say = |held: Option<&Held>| {
                held.map_or("nothing".to_owned(), |(value, expires_at)| {
                    format!("{} bytes, expiry {expires_at:?}", value.len())
                })
            };
            lines.push(format!(
                "{name}/{key}: {}, wanted {}",
                say(found.get(key)),
                say(wanted.get(key))
            ));
        }
    }
    lines.join("\n")
}
