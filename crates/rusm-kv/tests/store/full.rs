//! A store whose file has a bound: what does not fit is refused, and nothing else is.

use crate::support::{Manual, Memory, batch};
use proptest::prelude::*;
use rusm_kv::{Batch, Expires, OpenError, Options, Store, WriteError};
use std::path::Path;

const MIB: u64 = 1024 * 1024;

fn open(path: &Path, max_bytes: u64) -> Store {
    Store::open(path, Options::default().max_bytes(max_bytes)).unwrap()
}

fn len(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

/// Puts so many values at a time until that is refused; gives how many are there.
fn fill(store: &Store, path: &Path, max_bytes: u64, size: usize, at_once: usize) -> usize {
    let mut count = 0;
    loop {
        let keys = count..count + at_once;
        let put = keys.fold(batch(), |batch, n| batch.put(key(n), vec![7; size]));
        match store.submit(put).wait() {
            Ok(_) => count += at_once,
            Err(error) => {
                assert_eq!(error, WriteError::Full { max_bytes });
                return count;
            }
        }
        assert!(len(path) <= max_bytes, "{} bytes", len(path));
    }
}

fn key(n: usize) -> String {
    format!("{n:06}")
}

/// Fills a store and empties it again; gives how many values it took.
fn a_full_store_reads_and_deletes(max_bytes: u64, size: usize, at_once: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.redb");
    let store = open(&path, max_bytes);
    let count = fill(&store, &path, max_bytes, size, at_once);
    let snapshot = store.read().unwrap();
    for n in 0..count {
        let value = snapshot.get("orders", &key(n)).unwrap().unwrap();
        assert_eq!(value.len(), size);
    }
    let refused = snapshot.get("orders", &key(count)).unwrap();
    assert_eq!(refused, None, "nothing of a refused batch is written");
    drop(snapshot);
    assert_eq!(store.status().poisoned, None);
    for first in (0..count).step_by(at_once) {
        let keys = first..first + at_once;
        let delete = keys.fold(batch(), |batch, n| batch.delete(key(n)));
        store.submit(delete).wait().unwrap();
        assert!(len(&path) <= max_bytes);
    }
    store
        .submit(batch().put("again", vec![7; size]))
        .wait()
        .unwrap();
    assert!(len(&path) <= max_bytes);
    drop(store);
    let store = open(&path, max_bytes);
    let buckets = store.read().unwrap().buckets(None, 10).unwrap().buckets;
    assert_eq!((buckets[0].keys, buckets[0].bytes), (1, 5 + size as u64));
    count
}

#[test]
fn a_small_file_of_small_values() {
    // Of 1 MiB, an eighth is kept for deletes, and an entry takes some bytes beside its key and value.
    let count = a_full_store_reads_and_deletes(MIB, 100, 50);
    assert!(count >= 5_000, "{count}");
}

#[test]
fn a_file_of_values_of_some_pages() {
    // Each takes four pages of 4 KiB.
    let count = a_full_store_reads_and_deletes(5 * MIB, 10_000, 1);
    assert!(count >= 250, "{count}");
}

#[test]
fn a_file_of_large_values() {
    let count = a_full_store_reads_and_deletes(23 * MIB, 1_000_000, 1);
    assert!(count >= 20, "{count}");
}

#[test]
fn of_a_group_only_what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.redb");
    let store = open(&path, 4 * MIB);
    let small: Vec<_> = (0..20)
        .map(|n| store.submit(batch().put(key(n), "small")))
        .collect();
    let large: Vec<_> = (20..30)
        .map(|n| store.submit(batch().put(key(n), vec![0; 4_000_000])))
        .collect();
    let more = store.submit(batch().put("more", "small"));
    for submission in small {
        submission.wait().unwrap();
    }
    for submission in large {
        let max_bytes = 4 * MIB;
        assert_eq!(submission.wait(), Err(WriteError::Full { max_bytes }));
    }
    more.wait().unwrap();
    let buckets = store.read().unwrap().buckets(None, 1).unwrap().buckets;
    assert_eq!(buckets[0].keys, 21);
}

#[test]
fn what_has_expired_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.redb");
    let clock = Manual::at(1_000);
    let options = Options::default().max_bytes(2 * MIB).clock(clock.clone());
    let store = Store::open(&path, options).unwrap();
    let mut count = 0;
    loop {
        let put = batch().put_expiring(key(count), vec![7; 10_000], Expires::After { ms: 1_000 });
        if store.submit(put).wait().is_err() {
            break;
        }
        count += 1;
    }
    clock.set(2_000);
    // Each attempt removes some of what has expired.
    let fits = (0..count).any(|_| {
        let put = batch().put("new", vec![7; 10_000]);
        store.submit(put).wait().is_ok()
    });
    assert!(fits);
    assert!(len(&path) <= 2 * MIB);
}

#[test]
fn a_compaction_of_a_full_store_keeps_to_the_bound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.redb");
    let store = open(&path, 2 * MIB);
    let count = fill(&store, &path, 2 * MIB, 1_000, 10);
    store.compact().unwrap();
    assert!(len(&path) <= 2 * MIB);
    assert_eq!(store.status().poisoned, None);
    let buckets = store.read().unwrap().buckets(None, 1).unwrap().buckets;
    assert_eq!(buckets[0].keys, count as u64);
    store.submit(batch().delete(key(0))).wait().unwrap();
}

#[test]
fn a_file_over_a_bound_that_was_lowered_only_shrinks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.redb");
    let store = open(&path, 8 * MIB);
    let count = fill(&store, &path, 8 * MIB, 10_000, 10);
    drop(store);
    let before = len(&path);
    let store = open(&path, MIB);
    let refused = store.submit(batch().put("more", vec![0; 2_000_000])).wait();
    assert_eq!(refused, Err(WriteError::Full { max_bytes: MIB }));
    for n in 0..count {
        store.submit(batch().delete(key(n))).wait().unwrap();
    }
    store.compact().unwrap();
    assert!(len(&path) <= MIB && MIB < before);
    store
        .submit(batch().put("more", vec![0; 100_000]))
        .wait()
        .unwrap();
}

#[test]
fn a_bound_that_leaves_no_room_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::default().max_bytes(MIB - 1);
    let refused = Store::open(&folder.path().join("a.redb"), options);
    assert!(matches!(refused, Err(OpenError::TooSmall { .. })));
}

#[derive(Clone, Debug)]
enum Step {
    Put(u16, usize, bool),
    PutSome(u16, u16, usize),
    Delete(u16),
    DeleteSome(u16, u16),
    Hold,
    Release,
    Wait,
    Compact,
    Reopen,
}

fn steps() -> impl Strategy<Value = Step> {
    let sizes = prop_oneof![0_usize..200, 0_usize..20_000, 0_usize..300_000];
    let some = (0_u16..2_000, 1_u16..300, 0_usize..2_000);
    prop_oneof![
        6 => (0_u16..300, sizes, any::<bool>()).prop_map(|(k, size, goes)| Step::Put(k, size, goes)),
        4 => some.prop_map(|(first, count, size)| Step::PutSome(first, count, size)),
        3 => (0_u16..300).prop_map(Step::Delete),
        3 => (0_u16..2_000, 1_u16..900).prop_map(|(first, count)| Step::DeleteSome(first, count)),
        1 => Just(Step::Hold),
        1 => Just(Step::Release),
        1 => Just(Step::Wait),
        1 => Just(Step::Compact),
        1 => Just(Step::Reopen),
    ]
}

/// The batch of a step; none if it is another step.
fn batch_of(step: &Step) -> Option<Batch> {
    match *step {
        Step::Put(key, size, goes) => {
            let expires = match goes {
                true => Expires::After { ms: 5 },
                false => Expires::Never,
            };
            Some(batch().put_expiring(key.to_string(), vec![1; size], expires))
        }
        Step::PutSome(first, count, size) => {
            let keys = first..first + count;
            Some(keys.fold(batch(), |batch, n| batch.put(n.to_string(), vec![2; size])))
        }
        Step::Delete(key) => Some(batch().delete(key.to_string())),
        Step::DeleteSome(first, count) => {
            let keys = first..first + count;
            Some(keys.fold(batch(), |batch, n| batch.delete(n.to_string())))
        }
        Step::Hold | Step::Release | Step::Wait | Step::Compact | Step::Reopen => None,
    }
}

/// Whatever is done to a store that is nearly full: it keeps to its bound, takes every single delete unless somebody
/// holds a snapshot, and is never poisoned.
fn run(max_bytes: u64, steps: &[Step]) {
    let (memory, clock) = (Memory::default(), Manual::at(0));
    let open = || memory.open(Options::default().max_bytes(max_bytes).clock(clock.clone()));
    let mut store = open();
    let (mut held, mut now_ms) = (Vec::new(), 0);
    for step in steps {
        if let Some(batch) = batch_of(step) {
            let answer = store.submit(batch).wait();
            if answer.is_err() {
                assert_eq!(answer, Err(WriteError::Full { max_bytes }));
                assert!(!matches!(step, Step::Delete(_)) || !held.is_empty());
            }
        }
        match step {
            Step::Hold => held.push(store.read().unwrap()),
            Step::Wait => now_ms += 3,
            Step::Release | Step::Compact | Step::Reopen => held.clear(),
            Step::Put(..) | Step::PutSome(..) | Step::Delete(_) | Step::DeleteSome(..) => {}
        }
        clock.set(now_ms);
        if matches!(step, Step::Compact) {
            store.compact().unwrap();
        }
        if matches!(step, Step::Reopen) {
            drop(store);
            store = open();
        }
        assert!(memory.bytes().len() as u64 <= max_bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_store_that_is_nearly_full_is_never_poisoned(
        max_bytes in prop_oneof![Just(MIB), MIB..6 * MIB],
        steps in prop::collection::vec(steps(), 1..120),
    ) {
        run(max_bytes, &steps);
    }
}
