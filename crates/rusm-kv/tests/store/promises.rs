//! What a store promises, seen from outside.

use crate::support::{Place, batch};
use rusm_kv::{OpResult, Options, Store, WriteError};

#[test]
fn what_is_acknowledged_is_read_and_there_after_reopening() {
    let place = Place::new();
    let store = place.open();
    let done = store
        .submit(batch().put("a", "1").delete("b"))
        .wait()
        .unwrap();
    assert_eq!(done.results, [OpResult::Done, OpResult::Deleted(false)]);
    drop(store);
    let store = Store::open_existing(&place.path("store"), Options::default()).unwrap();
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.get("orders", "a").unwrap().unwrap(), b"1");
    assert_eq!(snapshot.get("order", "a").unwrap(), None);
    assert_eq!(
        snapshot.buckets(None, 10).unwrap().buckets[0].name,
        "orders"
    );
}

#[test]
fn a_batch_sees_its_own_steps_and_a_conflict_leaves_no_trace() {
    let place = Place::new();
    let store = place.open();
    let seen = batch()
        .put("a", "1")
        .expect("a", Some(b"1".to_vec()))
        .increment("a", 4);
    let done = store.submit(seen).wait().unwrap();
    assert_eq!(done.results[2], OpResult::Value(5));
    let refused = batch().put("a", "9").put("z", "9").expect("a", None);
    let refused = store.submit(refused).wait();
    assert_eq!(refused, Err(WriteError::Conflict { index: 2 }));
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.get("orders", "a").unwrap().unwrap(), b"5");
    assert_eq!(snapshot.get("orders", "z").unwrap(), None);
}

#[test]
fn increments_of_many_threads_add_up() {
    let place = Place::new();
    let store = place.open();
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                for _ in 0..20 {
                    store.submit(batch().increment("n", 1)).wait().unwrap();
                }
            });
        }
    });
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.get("orders", "n").unwrap().unwrap(), b"1280");
    assert!(store.status().commits < 1280);
}

#[test]
fn a_backup_is_a_store_and_a_compaction_loses_nothing() {
    let place = Place::new();
    let store = place.open();
    for n in 0..50 {
        store
            .submit(batch().put(format!("{n:02}"), vec![1; 1000]))
            .wait()
            .unwrap();
    }
    let copy = place.path("copy");
    store.backup(&copy).unwrap();
    assert!(store.backup(&copy).is_err());
    let done = store.compact().unwrap();
    assert!(done.bytes_after <= done.bytes_before);
    let copy = Store::open_existing(&copy, Options::default()).unwrap();
    for store in [store, copy] {
        let page = store
            .read()
            .unwrap()
            .list("orders", "", None, 100, 1 << 20)
            .unwrap();
        assert_eq!(page.entries.len(), 50);
        assert_eq!(page.next, None);
    }
}
