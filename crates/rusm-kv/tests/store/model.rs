//! The store against a `BTreeMap`: whatever is done to both, they hold and say the same.

use crate::support::{Manual, Memory, Place};
use proptest::prelude::*;
use rusm_kv::{
    Batch, Expires, Op, OpResult, Options, Outcome, Snapshot, Store, Submission, WriteError,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an entry holds, and when it goes away.
type Held = (Vec<u8>, Option<u64>);
type Content = BTreeMap<(String, String), Held>;

/// What a store is, said plainly.
#[derive(Clone, Default)]
struct Model {
    content: Content,
    now_ms: u64,
}

impl Model {
    fn live(&self, bucket: &str, key: &str) -> Option<&Held> {
        let held = self.content.get(&(bucket.to_owned(), key.to_owned()));
        held.filter(|(_, expires)| expires.is_none_or(|at| self.now_ms < at))
    }

    fn apply(&mut self, batch: &Batch) -> Result<Outcome, WriteError> {
        let mut after = self.clone();
        let mut results = Vec::new();
        for (index, op) in batch.ops().iter().enumerate() {
            results.push(after.step(batch.bucket(), index, op)?);
        }
        *self = after;
        Ok(Outcome { results })
    }

    fn step(&mut self, bucket: &str, index: usize, op: &Op) -> Result<OpResult, WriteError> {
        let place = (bucket.to_owned(), op.key().to_owned());
        let before = self.live(bucket, op.key()).cloned();
        match op {
            Op::Put { value, expires, .. } => {
                let at = match expires {
                    Expires::Never => None,
                    Expires::After { ms } => Some(self.now_ms + ms),
                    Expires::At { ms_since_1970 } => Some(*ms_since_1970),
                };
                self.content.insert(place, (value.clone(), at));
                Ok(OpResult::Done)
            }
            Op::Delete { .. } => {
                self.content.remove(&place);
                Ok(OpResult::Deleted(before.is_some()))
            }
            Op::Expect { value, .. } if before.as_ref().map(|held| &held.0) == value.as_ref() => {
                Ok(OpResult::Done)
            }
            Op::Expect { .. } => Err(WriteError::Conflict { index }),
            Op::Increment { by, .. } => {
                let (text, at) = before.unwrap_or_else(|| (b"0".to_vec(), None));
                let text = String::from_utf8(text).unwrap();
                let number: i64 = text.parse().map_err(|_| WriteError::NotANumber { index })?;
                let sum = number
                    .checked_add(*by)
                    .ok_or(WriteError::Overflow { index })?;
                self.content.insert(place, (sum.to_string().into(), at));
                Ok(OpResult::Value(sum))
            }
        }
    }

    /// The entries that a whole listing gives.
    fn list(&self, bucket: &str, prefix: &str, start: &str) -> Vec<(String, Held)> {
        let entries = self.content.iter();
        entries
            .filter(|((owner, key), _)| {
                owner == bucket && key.starts_with(prefix) && key.as_str() >= start
            })
            .filter(|((_, key), _)| self.live(bucket, key).is_some())
            .map(|((_, key), held)| (key.clone(), held.clone()))
            .collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Batches that are submitted before the first is waited for.
    Write(Vec<Batch>),
    List {
        bucket: String,
        prefix: String,
        start: Option<String>,
        limit: usize,
        max_bytes: usize,
    },
    Wait(u64),
    Reopen,
    Compact,
}

fn buckets() -> impl Strategy<Value = String> {
    // One is the beginning of another, and one ends where the other goes on.
    prop::sample::select(vec!["a", "ab", "b", "a b", "ü"]).prop_map(str::to_owned)
}

fn keys() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "k",
        "k1",
        "k10",
        "k2",
        "l",
        "\0",
        "k\0x",
        "ß",
        "\u{10ffff}",
    ])
    .prop_map(str::to_owned)
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::sample::select(vec!["0", "7", "-3", "9223372036854775807", "x", "", "+1", " 1"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => (0_usize..20_000).prop_map(|len| vec![b'v'; len]),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    let expires = prop_oneof![
        3 => Just(Expires::Never),
        1 => (0_u64..50).prop_map(|ms| Expires::After { ms }),
        1 => (0_u64..400).prop_map(|ms_since_1970| Expires::At { ms_since_1970 }),
    ];
    prop_oneof![
        4 => (keys(), values(), expires).prop_map(|(key, value, expires)| Op::Put {
            key,
            value,
            expires
        }),
        2 => keys().prop_map(|key| Op::Delete { key }),
        2 => (keys(), prop::option::of(values())).prop_map(|(key, value)| Op::Expect { key, value }),
        2 => (keys(), prop_oneof![-3_i64..4, Just(i64::MAX), Just(i64::MIN)])
            .prop_map(|(key, by)| Op::Increment { key, by }),
    ]
}

fn batches() -> impl Strategy<Value = Batch> {
    let ops = prop::collection::vec(ops(), 0..6);
    (buckets(), ops).prop_map(|(bucket, ops)| {
        let empty = Batch::new(bucket).unwrap();
        ops.into_iter().fold(empty, Batch::op)
    })
}

fn steps() -> impl Strategy<Value = Step> {
    let list = (
        buckets(),
        prop::sample::select(vec!["", "k", "k1", "z", "\0"]),
        prop::option::of(keys()),
        1_usize..5,
        prop_oneof![Just(usize::MAX), 0_usize..30_000],
    );
    prop_oneof![
        8 => prop::collection::vec(batches(), 1..6).prop_map(Step::Write),
        4 => list.prop_map(|(bucket, prefix, start, limit, max_bytes)| Step::List {
            bucket,
            prefix: prefix.to_owned(),
            start,
            limit,
            max_bytes,
        }),
        2 => (0_u64..40).prop_map(Step::Wait),
        1 => Just(Step::Reopen),
        1 => Just(Step::Compact),
    ]
}

fn with(clock: &Arc<Manual>) -> Options {
    Options::default().clock(clock.clone())
}

fn compare_list(snapshot: &Snapshot, model: &Model, step: &Step) {
    let Step::List {
        bucket,
        prefix,
        start,
        limit,
        max_bytes,
    } = step
    else {
        return;
    };
    let expected = model.list(bucket, prefix, start.as_deref().unwrap_or_default());
    let (mut seen, mut names) = (Vec::new(), Vec::new());
    let mut from = start.clone();
    loop {
        let page = snapshot
            .list(bucket, prefix, from.as_deref(), *limit, *max_bytes)
            .unwrap();
        assert!((1..=*limit).contains(&page.entries.len()) || page.next.is_none());
        let size = |(key, held): &(String, Held)| key.len() + held.0.len();
        let entries = page.entries.into_iter();
        let entries: Vec<_> = entries
            .map(|entry| (entry.key, (entry.value, entry.expires_at_ms)))
            .collect();
        assert!(entries.len() <= 1 || entries.iter().map(size).sum::<usize>() <= *max_bytes);
        seen.extend(entries);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
    let mut from = start.clone();
    loop {
        let page = snapshot
            .keys(bucket, prefix, from.as_deref(), *limit)
            .unwrap();
        names.extend(page.keys);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    let expected: Vec<_> = expected.into_iter().map(|(key, _)| key).collect();
    assert_eq!(names, expected);
}

fn compare_all(store: &Store, model: &Model) {
    let snapshot = store.read().unwrap();
    for bucket in ["a", "ab", "b", "a b", "ü"] {
        let entries = snapshot
            .list(bucket, "", None, usize::MAX, usize::MAX)
            .unwrap();
        let entries = entries.entries.into_iter();
        let seen: Vec<_> = entries
            .map(|entry| (entry.key, (entry.value, entry.expires_at_ms)))
            .collect();
        let expected = model.list(bucket, "", "");
        assert_eq!(seen, expected);
        for (key, held) in &expected {
            let value = snapshot.get(bucket, key).unwrap();
            assert_eq!(value.as_ref(), Some(&held.0));
        }
        // The totals may still have what has expired, and never less than what is there.
        let totals = snapshot.buckets(Some(bucket), 1).unwrap().buckets;
        let total = totals.first().filter(|total| total.name == bucket);
        let total = total.map_or((0, 0), |total| (total.keys, total.bytes));
        let bytes = expected.iter().map(|(key, held)| key.len() + held.0.len());
        assert!(total.0 >= expected.len() as u64 && total.1 >= bytes.sum::<usize>() as u64);
    }
}

fn run(steps: &[Step]) {
    let memory = Memory::default();
    let clock = Manual::at(100);
    let mut store = memory.open(with(&clock));
    let mut model = Model {
        now_ms: 100,
        ..Model::default()
    };
    for step in steps {
        match step {
            Step::Write(batches) => {
                let submitted: Vec<Submission> = batches
                    .iter()
                    .map(|batch| store.submit(batch.clone()))
                    .collect();
                for (batch, submission) in batches.iter().zip(submitted) {
                    assert_eq!(submission.wait(), model.apply(batch), "{batch:?}");
                }
            }
            Step::List { .. } => compare_list(&store.read().unwrap(), &model, step),
            Step::Wait(ms) => {
                model.now_ms += ms;
                clock.set(model.now_ms);
            }
            Step::Reopen => {
                drop(store);
                store = memory.open(with(&clock));
            }
            Step::Compact => drop(store.compact().unwrap()),
        }
    }
    compare_all(&store, &model);
    if steps.len().is_multiple_of(8) {
        let place = Place::new();
        store.backup(&place.path("copy")).unwrap();
        let copy = Store::open_existing(&place.path("copy"), with(&clock)).unwrap();
        compare_all(&copy, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_store_is_a_map_that_forgets_in_time(steps in prop::collection::vec(steps(), 1..30)) {
        run(&steps);
    }
}
