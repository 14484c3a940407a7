//! Reading while others write, and while the file is compacted.

use crate::support::{Faults, Memory, Place, batch};
use rusm_kv::{CompactError, MAX_KEY, Options, ReadError};

#[test]
fn a_read_does_not_wait_for_a_commit_and_sees_what_was_durable() {
    let memory = Memory::default();
    let store = memory.open(Options::default());
    store.submit(batch().put("a", "1")).wait().unwrap();
    let syncs = memory.syncs();
    memory.set(Faults {
        holds: true,
        ..Faults::default()
    });
    let writing = store.submit(batch().put("a", "2"));
    memory.wait_for_sync(syncs);
    let get = || store.read().unwrap().get("orders", "a").unwrap().unwrap();
    assert_eq!(get(), b"1");
    memory.set(Faults::default());
    writing.wait().unwrap();
    assert_eq!(get(), b"2");
}

#[test]
fn a_snapshot_does_not_change() {
    let place = Place::new();
    let store = place.open();
    store
        .submit(batch().put("a", "1").put("b", "1"))
        .wait()
        .unwrap();
    let snapshot = store.read().unwrap();
    for n in 0..50 {
        let change = batch()
            .put("a", "2")
            .delete("b")
            .put(n.to_string(), vec![0; 5_000]);
        store.submit(change).wait().unwrap();
    }
    assert_eq!(snapshot.get("orders", "a").unwrap().unwrap(), b"1");
    assert_eq!(snapshot.get("orders", "b").unwrap().unwrap(), b"1");
    assert_eq!(
        snapshot.keys("orders", "", None, 10).unwrap().keys,
        ["a", "b"]
    );
}

#[test]
fn a_compaction_waits_for_readers_and_readers_for_it() {
    let place = Place::new();
    let store = place.open();
    for n in 0..40 {
        let put = batch().put(n.to_string(), vec![1; 10_000]);
        store.submit(put).wait().unwrap();
    }
    let snapshot = store.read().unwrap();
    let compaction = std::thread::spawn({
        let store = store.clone();
        move || store.compact()
    });
    // It begins when nobody comes in any more, and not before this snapshot is gone.
    while store.read().is_ok() {
        std::thread::yield_now();
    }
    assert_eq!(store.read().unwrap_err(), ReadError::Busy);
    let dropped = store.readable();
    let waiting: Vec<_> = (0..8)
        .map(|n| {
            let readable = store.readable();
            std::thread::spawn(move || readable.wait().unwrap().get("orders", &n.to_string()))
        })
        .collect();
    let write = store.submit(batch().put("meanwhile", "1"));
    assert_eq!(snapshot.get("orders", "0").unwrap().unwrap().len(), 10_000);
    drop(dropped);
    drop(snapshot);
    let done = compaction.join().unwrap().unwrap();
    assert!(done.bytes_after <= done.bytes_before);
    for reader in waiting {
        assert_eq!(reader.join().unwrap().unwrap().unwrap().len(), 10_000);
    }
    write.wait().unwrap();
}

#[test]
fn a_compaction_gives_up_on_a_snapshot_that_is_held() {
    let place = Place::new();
    let store = place.open();
    store.submit(batch().put("a", "1")).wait().unwrap();
    let snapshot = store.read().unwrap();
    assert_eq!(store.compact(), Err(CompactError::Busy));
    assert!(store.read().is_ok());
    drop(snapshot);
    store.compact().unwrap();
    assert_eq!(
        store.read().unwrap().get("orders", "a").unwrap().unwrap(),
        b"1"
    );
}

#[test]
fn a_compaction_makes_the_file_smaller() {
    let place = Place::new();
    let store = place.open();
    for n in 0..100 {
        let put = batch().put(n.to_string(), vec![1; 20_000]);
        store.submit(put).wait().unwrap();
    }
    for n in 0..95 {
        store.submit(batch().delete(n.to_string())).wait().unwrap();
    }
    let done = store.compact().unwrap();
    assert!(done.bytes_after * 2 < done.bytes_before, "{done:?}");
    assert_eq!(store.status().file_bytes, done.bytes_after);
    let about = std::fs::metadata(place.path("store")).unwrap();
    assert_eq!(about.len(), done.bytes_after);
}

#[test]
fn names_that_nothing_can_have_are_refused() {
    let place = Place::new();
    let store = place.open();
    let snapshot = store.read().unwrap();
    let long = "k".repeat(MAX_KEY + 1);
    for error in [
        snapshot.get("orders", &long).unwrap_err(),
        snapshot.keys("orders", &long, None, 1).unwrap_err(),
        snapshot.keys("orders", "", Some(&long), 1).unwrap_err(),
        snapshot.list(&long, "", None, 1, 1).unwrap_err(),
    ] {
        assert!(matches!(error, ReadError::TooLarge { .. }), "{error}");
    }
    for error in [
        snapshot.get("orders", "").unwrap_err(),
        snapshot.get("", "k").unwrap_err(),
        snapshot.keys("a\0b", "", None, 1).unwrap_err(),
    ] {
        assert!(matches!(error, ReadError::Unusable { .. }), "{error}");
    }
}

#[test]
fn buckets_are_listed_in_order_page_by_page() {
    let place = Place::new();
    let store = place.open();
    for name in ["b", "a", "ab", "c"] {
        let put = rusm_kv::Batch::new(name).unwrap().put("k", "value");
        store.submit(put).wait().unwrap();
    }
    store
        .submit(rusm_kv::Batch::new("c").unwrap().delete("k"))
        .wait()
        .unwrap();
    let snapshot = store.read().unwrap();
    let first = snapshot.buckets(None, 2).unwrap();
    let rest = snapshot.buckets(first.next.as_deref(), 2).unwrap();
    let names = first.buckets.iter().chain(&rest.buckets).map(|bucket| {
        assert_eq!((bucket.keys, bucket.bytes), (1, 6));
        bucket.name.as_str()
    });
    let names: Vec<_> = names.collect();
    assert_eq!(names, ["a", "ab", "b"], "an empty bucket is none");
    assert_eq!((first.next.as_deref(), rest.next), (Some("b"), None));
}

/// Who has room for so many bytes of a value is given no longer one, however it lies in the file: a page ends before
/// it, and a read of it says how large it is.
#[test]
fn a_value_beyond_its_readers_room_is_not_copied() {
    for size in [11, 1_000_000] {
        let place = Place::new();
        let store = place.open();
        let long = vec![7; size];
        let filled = batch().put("a", "short").put("long", long).put("z", "");
        store.submit(filled).wait().unwrap();
        let snapshot = store.read().unwrap().with_max_value(10);
        let too_large = ReadError::TooLarge {
            what: "value",
            actual: size,
            most: 10,
        };
        let get = |key| snapshot.get("orders", key);
        assert_eq!(get("long"), Err(too_large.clone()));
        assert_eq!(get("a"), Ok(Some(b"short".to_vec())));
        let list = |start| snapshot.list("orders", "", start, 10, 1 << 30);
        let page = list(None).unwrap();
        assert_eq!(page.entries.len(), 1);
        assert_eq!(page.next.as_deref(), Some("long"));
        assert_eq!(list(Some("long")), Err(too_large));
        assert_eq!(list(Some("longer")).unwrap().entries.len(), 1);
    }
}
