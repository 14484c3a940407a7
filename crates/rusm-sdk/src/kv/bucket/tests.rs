//! Values with a type, one at a time and one after the other.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::KvError;
use super::*;
use crate::sys::memory::{self, Call};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    item: String,
    quantity: u64,
}

fn tea(quantity: u64) -> Order {
    Order {
        item: "tea".into(),
        quantity,
    }
}

#[test]
fn values_are_json_under_their_keys() {
    let store = memory::fresh();
    let orders = Bucket::<Order>::new("orders");
    assert_eq!(orders.get("1"), Ok(None));
    orders.put("1", &tea(3)).unwrap();
    assert_eq!(orders.get("1"), Ok(Some(tea(3))));
    assert_eq!(store.texts("orders")["1"], r#"{"item":"tea","quantity":3}"#);
    assert_eq!(orders.delete("1"), Ok(true));
    assert_eq!(orders.delete("1"), Ok(false));
    assert_eq!(orders.get("1"), Ok(None));
}

/// What `increment` makes is a number for everybody, and what is put as a number can be incremented.
#[test]
fn a_counter_is_a_number() {
    let store = memory::fresh();
    let counters = Bucket::<i64>::new("counters");
    assert_eq!(counters.increment("n", 41), Ok(41));
    assert_eq!(counters.get("n"), Ok(Some(41)));
    assert_eq!(counters.of::<u8>().get("n"), Ok(Some(41)));
    counters.put("n", &-2).unwrap();
    assert_eq!(counters.increment("n", 1), Ok(-1));
    assert_eq!(store.texts("counters")["n"], "-1");
}

/// Part of a millisecond is one more, so that nothing goes before its time.
#[test]
fn a_value_can_be_put_for_a_time() {
    let store = memory::fresh();
    let sessions = Bucket::<String>::new("sessions");
    let time = Duration::from_micros(1_500);
    sessions.put_for("a", &"Ada".into(), time).unwrap();
    assert_eq!(store.expires_ms("sessions", "a"), Some(2));
    sessions
        .transact(|tx| tx.put_for("b", &"Ben".into(), time))
        .unwrap();
    assert_eq!(store.expires_ms("sessions", "b"), Some(2));
    sessions.put("a", &"Ada".into()).unwrap();
    assert_eq!(store.expires_ms("sessions", "a"), None);
}

#[test]
fn what_is_of_another_type_is_named() {
    memory::fresh();
    let bucket = Bucket::<u64>::new("b");
    super::super::put("b", "k", b"4x").unwrap();
    let Err(BucketError::Decode { key, problem }) = bucket.get("k") else {
        panic!("4x was read as a number");
    };
    assert_eq!(key, "k");
    assert!(problem.contains("column 2"), "{problem}");
    // JSON wants texts for keys.
    let maps = bucket.of::<BTreeMap<Vec<u8>, u8>>();
    let map = BTreeMap::from([(vec![1], 2)]);
    assert!(matches!(
        maps.put("m", &map),
        Err(BucketError::Encode { key, .. }) if key == "m"
    ));
    assert_eq!(maps.get("m"), Ok(None));
}

fn keys<T: DeserializeOwned>(entries: Entries<T>) -> Vec<String> {
    entries.map(|entry| entry.unwrap().0).collect()
}

/// Three pages, one of them empty; all and those with a prefix.
#[test]
fn listings_go_on_by_themselves() {
    memory::fresh();
    let bucket = Bucket::<u32>::new("b");
    let numbers = 100..420_u32;
    for number in numbers.clone() {
        let key = format!("k/{number}");
        if (200..310).contains(&number) {
            bucket.put_for(&key, &number, Duration::ZERO).unwrap();
        } else {
            bucket.put(&key, &number).unwrap();
        }
    }
    bucket.put("z", &1).unwrap();
    bucket.of::<u32>().put("k", &2).unwrap();
    let listed: Result<Vec<_>, _> = bucket.prefix("k/").collect();
    let expected: Vec<_> = numbers
        .filter(|number| !(200..310).contains(number))
        .map(|number| (format!("k/{number}"), number))
        .collect();
    assert_eq!(listed, Ok(expected));
    assert_eq!(bucket.iter().count(), 212);
    assert_eq!(keys(bucket.prefix("k/41")).len(), 10);
    assert_eq!(keys(Bucket::<u32>::new("other").iter()), [""; 0]);
}

/// A bad value is one error among the others; a bad store ends the listing.
#[test]
fn errors_of_a_listing() {
    let store = memory::fresh();
    let bucket = Bucket::<u32>::new("b");
    for key in ["a", "b", "c"] {
        bucket.put(key, &1).unwrap();
    }
    bucket.of::<String>().put("b", &"text".into()).unwrap();
    let listed: Vec<_> = bucket.iter().map(|entry| entry.is_ok()).collect();
    assert_eq!(listed, [true, false, true]);
    let broken = || BucketError::Store(KvError::Failed("broken".into()));
    memory::enter(&store, |call| match call {
        Call::List => Err(KvError::Failed("broken".into())),
        Call::Get | Call::Put | Call::Delete | Call::Transact | Call::Increment => Ok(()),
    });
    assert_eq!(bucket.iter().collect::<Vec<_>>(), [Err(broken())]);
}

/// Absent keys are none before and none after.
#[test]
fn update_puts_and_deletes() {
    let store = memory::fresh();
    let bucket = Bucket::<i64>::new("b");
    let add = |old: Option<i64>| Some(old.unwrap_or(10) + 1);
    assert_eq!(bucket.update("n", add), Ok(Some(11)));
    assert_eq!(bucket.update("n", add), Ok(Some(12)));
    assert_eq!(bucket.update("n", |_| None), Ok(None));
    assert_eq!(bucket.update("n", |old| old), Ok(None));
    assert!(store.texts("b").is_empty());
}
