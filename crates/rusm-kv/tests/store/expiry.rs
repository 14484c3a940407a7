//! Entries that go away by themselves.

use crate::support::{Manual, Memory, batch};
use rusm_kv::{Expires, OpResult, Options, Store, WriteError};
use std::sync::Arc;

fn store() -> (Arc<Manual>, Store) {
    let clock = Manual::at(1_000);
    let store = Memory::default().open(Options::default().clock(clock.clone()));
    (clock, store)
}

#[test]
fn an_entry_is_gone_from_its_moment_on_for_reads_and_for_writes() {
    let (clock, store) = store();
    let put = batch()
        .put_expiring("after", "1", Expires::After { ms: 100 })
        .put_expiring(
            "at",
            "1",
            Expires::At {
                ms_since_1970: 1_100,
            },
        )
        .put_expiring(
            "past",
            "1",
            Expires::At {
                ms_since_1970: 1_000,
            },
        )
        .put_expiring("never", "1", Expires::After { ms: u64::MAX });
    store.submit(put).wait().unwrap();
    let early = store.read().unwrap();
    clock.set(1_099);
    let keys = |snapshot: &rusm_kv::Snapshot| snapshot.keys("orders", "", None, 10).unwrap().keys;
    assert_eq!(keys(&store.read().unwrap()), ["after", "at", "never"]);
    let entry = store
        .read()
        .unwrap()
        .entry("orders", "after")
        .unwrap()
        .unwrap();
    assert_eq!(entry.expires_at_ms, Some(1_100));
    clock.set(1_100);
    let snapshot = store.read().unwrap();
    assert_eq!(keys(&snapshot), ["never"]);
    assert_eq!(snapshot.get("orders", "at").unwrap(), None);
    assert_eq!(
        keys(&early),
        ["after", "at", "never"],
        "a snapshot does not change"
    );
    let done = batch()
        .expect("after", None)
        .delete("after")
        .increment("at", 5);
    let done = store.submit(done).wait().unwrap();
    assert_eq!(
        done.results,
        [OpResult::Done, OpResult::Deleted(false), OpResult::Value(5)]
    );
    let entry = store
        .read()
        .unwrap()
        .entry("orders", "at")
        .unwrap()
        .unwrap();
    assert_eq!((entry.value, entry.expires_at_ms), (b"5".to_vec(), None));
    let refused = store
        .submit(batch().expect("past", Some(b"1".to_vec())))
        .wait();
    assert_eq!(refused, Err(WriteError::Conflict { index: 0 }));
}

#[test]
fn an_increment_keeps_the_expiry_and_a_put_replaces_it() {
    let (clock, store) = store();
    let put = batch()
        .put_expiring("n", "1", Expires::After { ms: 100 })
        .put_expiring("kept", "1", Expires::After { ms: 100 });
    store.submit(put).wait().unwrap();
    store
        .submit(batch().increment("n", 1).put("kept", "2"))
        .wait()
        .unwrap();
    clock.set(1_100);
    store.submit(batch().put("other", "1")).wait().unwrap();
    let snapshot = store.read().unwrap();
    assert_eq!(
        snapshot.keys("orders", "", None, 9).unwrap().keys,
        ["kept", "other"]
    );
}

#[test]
fn a_hundred_thousand_expired_entries_hold_up_no_read_and_no_commit() {
    let (clock, store) = store();
    let count: usize = 100_000;
    for first in (0..count).step_by(1_000) {
        let put = (first..first + 1_000).fold(batch(), |batch, n| {
            batch.put_expiring(format!("{n:06}"), "", Expires::After { ms: 100 })
        });
        store.submit(put).wait().unwrap();
    }
    store.submit(batch().put("z", "")).wait().unwrap();
    clock.set(1_100);
    // A page looks at a bounded number of them, and says where to go on.
    let snapshot = store.read().unwrap();
    let mut pages = 0;
    let mut from = None;
    let found = loop {
        let page = snapshot.keys("orders", "", from.as_deref(), 10).unwrap();
        pages += 1;
        if !page.keys.is_empty() {
            break page.keys;
        }
        from = Some(page.next.unwrap());
    };
    assert_eq!(found, ["z"]);
    assert!((50..=110).contains(&pages), "{pages}");
    drop(snapshot);
    // A commit removes a bounded number of them, and after some they are all gone.
    let keys = || store.read().unwrap().buckets(None, 1).unwrap().buckets[0].keys;
    let before = keys();
    store.submit(batch().put("z", "1")).wait().unwrap();
    let removed = before - keys();
    assert!((100..1_000).contains(&removed), "{removed}");
    let mut commits = 0;
    while keys() > 1 {
        store.submit(batch().put("z", "1")).wait().unwrap();
        commits += 1;
        assert!(commits < 1_000);
    }
}
