//! A commit that fails: the store takes no more writes, goes on reading, and says why.

use crate::support::{Faults, Memory, batch};
use rusm_kv::{CompactError, Options, Store, WriteError};
use std::sync::{Arc, Mutex};

const WRITES: Faults = Faults {
    writes: true,
    syncs: false,
    lengths: false,
    panics: false,
    holds: false,
};

/// Writes 0 to 9 one by one, meets a fault with 10, and tries another.
fn a_commit_fails(faults: Faults, size: usize) -> (Memory, Store) {
    let memory = Memory::default();
    // A small cache, so that reading goes to the file.
    let store = memory.open(Options::default().cache_bytes(16 * 1024));
    for n in 0..10 {
        let put = batch().put(n.to_string(), vec![n; size]);
        store.submit(put).wait().unwrap();
    }
    memory.set(faults);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    store.on_poison(Box::new(move |reason| {
        tell.lock().unwrap().push(reason.to_owned())
    }));
    let failed = store.submit(batch().put("10", vec![10; 10 * size])).wait();
    let Err(WriteError::Poisoned { reason }) = failed else {
        panic!("{failed:?}");
    };
    let reasons = ["told to", "panicked"];
    assert!(reasons.iter().any(|word| reason.contains(word)), "{reason}");
    memory.set(Faults::default());
    let later = store.submit(batch().put("11", "x")).wait();
    assert_eq!(
        later,
        Err(WriteError::Poisoned {
            reason: reason.clone()
        })
    );
    let compacted = store.compact();
    assert_eq!(
        compacted,
        Err(CompactError::Poisoned {
            reason: reason.clone()
        })
    );
    assert_eq!(store.status().poisoned.as_ref(), Some(&reason));
    assert_eq!(*told.lock().unwrap(), [reason]);
    let (late, tell) = (Arc::new(Mutex::new(0)), Arc::clone(&told));
    let count = Arc::clone(&late);
    store.on_poison(Box::new(move |_| *count.lock().unwrap() += 1));
    assert_eq!((*late.lock().unwrap(), tell.lock().unwrap().len()), (1, 1));
    only_the_first_ten_are_there(&store, size);
    (memory, store)
}

fn only_the_first_ten_are_there(store: &Store, size: usize) {
    for _ in 0..3 {
        let snapshot = store.read().unwrap();
        for n in 0..10 {
            let value = snapshot.get("orders", &n.to_string()).unwrap();
            assert_eq!(value, Some(vec![n; size]));
        }
        assert_eq!(snapshot.get("orders", "10").unwrap(), None);
        let buckets = snapshot.buckets(None, 10).unwrap().buckets;
        assert_eq!(buckets[0].keys, 10);
    }
}

fn reopened_goes_on(memory: &Memory, size: usize) {
    let store = memory.open(Options::default());
    only_the_first_ten_are_there(&store, size);
    store.submit(batch().put("10", "new")).wait().unwrap();
}

#[test]
fn a_write_that_fails_poisons_and_what_was_committed_is_read() {
    for size in [10, 50_000] {
        let (memory, store) = a_commit_fails(WRITES, size);
        drop(store);
        reopened_goes_on(&memory, size);
    }
}

#[test]
fn growth_that_fails_poisons_and_what_was_committed_is_read() {
    let faults = Faults {
        lengths: true,
        ..Faults::default()
    };
    let size = 200_000;
    let (memory, store) = a_commit_fails(faults, size);
    drop(store);
    reopened_goes_on(&memory, size);
}

#[test]
fn a_panic_below_the_commit_poisons_and_answers() {
    let faults = Faults {
        panics: true,
        ..WRITES
    };
    let size = 50_000;
    let (memory, store) = a_commit_fails(faults, size);
    drop(store);
    reopened_goes_on(&memory, size);
}

#[test]
fn after_a_sync_that_fails_the_commit_is_there_whole_or_not_at_all() {
    let faults = Faults {
        syncs: true,
        ..Faults::default()
    };
    let size = 1_000;
    let (memory, store) = a_commit_fails(faults, size);
    // The store does not show it, whatever the file has.
    only_the_first_ten_are_there(&store, size);
    drop(store);
    let store = memory.open(Options::default());
    let snapshot = store.read().unwrap();
    let failed = snapshot.get("orders", "10").unwrap();
    assert!(failed.is_none_or(|value| value == vec![10; 10 * size]));
    assert_eq!(snapshot.get("orders", "11").unwrap(), None);
}

#[test]
fn everybody_in_a_commit_that_fails_is_told() {
    let memory = Memory::default();
    let store = memory.open(Options::default());
    store.submit(batch().put("a", "1")).wait().unwrap();
    memory.set(Faults {
        syncs: true,
        ..Faults::default()
    });
    let conflict = batch().expect("a", None);
    let submitted: Vec<_> = (0..100)
        .map(|n| store.submit(batch().put(n.to_string(), "x")))
        .chain([store.submit(conflict.put("c", "x"))])
        .collect();
    for submission in submitted {
        let answer = submission.wait();
        assert!(
            matches!(
                answer,
                Err(WriteError::Poisoned { .. } | WriteError::Conflict { .. })
            ),
            "{answer:?}"
        );
    }
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.buckets(None, 9).unwrap().buckets[0].keys, 1);
}

#[test]
fn a_compaction_that_fails_poisons() {
    let memory = Memory::default();
    let store = memory.open(Options::default());
    for n in 0..20 {
        let put = batch().put(n.to_string(), vec![1; 10_000]);
        store.submit(put).wait().unwrap();
    }
    for n in 0..15 {
        store.submit(batch().delete(n.to_string())).wait().unwrap();
    }
    memory.set(WRITES);
    let failed = store.compact();
    assert!(
        matches!(failed, Err(CompactError::Poisoned { .. })),
        "{failed:?}"
    );
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.get("orders", "19").unwrap(), Some(vec![1; 10_000]));
    drop(snapshot);
    drop(store);
    memory.set(Faults::default());
    let store = memory.open(Options::default());
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.buckets(None, 9).unwrap().buckets[0].keys, 5);
}
