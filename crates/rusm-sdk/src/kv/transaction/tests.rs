//! One transaction, and others that step in at each of its calls to the store.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::Bucket;
use super::*;
use crate::sys::memory::{self, Call, Memory};

fn numbers() -> Bucket<i64> {
    Bucket::new("b")
}

/// What somebody else does.
fn add(key: &str, by: i64) -> Result<(), KvError> {
    super::super::increment("b", key, by).map(drop)
}

/// The calls that the thread makes from now on.
fn traced(store: &Memory) -> Rc<RefCell<Vec<Call>>> {
    let calls = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&calls);
    memory::enter(store, move |call| {
        log.borrow_mut().push(call);
        Ok(())
    });
    calls
}

/// Moves one from `a` to `b` and says what there was, as a sum: a transaction of two reads and two writes.
fn moved() -> Result<i64, BucketError> {
    numbers().transact(|tx| {
        let a = tx.get("a")?.unwrap_or(0);
        let b = tx.get("b")?.unwrap_or(0);
        tx.put("a", &(a - 1))?;
        tx.put("b", &(b + 1))?;
        Ok(a + b)
    })
}

#[test]
fn its_own_writes_are_read() {
    let store = memory::fresh();
    numbers().put("a", &1).unwrap();
    let calls = traced(&store);
    let answer = numbers().transact(|tx| {
        tx.put("a", &2)?;
        let put = tx.get("a")?;
        tx.delete("a");
        let deleted = tx.get("a")?;
        tx.put("b", &3)?;
        let of_another_type = tx.of::<u8>().get("b")?;
        Ok::<_, BucketError>((put, deleted, of_another_type))
    });
    assert_eq!(answer, Ok((Some(2), None, Some(3))));
    // It never looked at what it overwrote, so nothing can be in its way.
    assert_eq!(*calls.borrow(), [Call::Transact]);
    assert_eq!(store.texts("b"), [("b".into(), "3".into())].into());
}

/// A key that is read twice is asked for once; the last write counts; one commit.
#[test]
fn one_commit_for_all() {
    let store = memory::fresh();
    let calls = traced(&store);
    numbers()
        .transact(|tx| {
            assert_eq!(tx.get("a")?, None);
            assert_eq!(tx.get("a")?, None);
            tx.put("a", &1)?;
            tx.put("a", &2)
        })
        .unwrap();
    assert_eq!(*calls.borrow(), [Call::Get, Call::Transact]);
    assert_eq!(numbers().get("a"), Ok(Some(2)));
}

/// What has nothing to compare does not bother the store.
#[test]
fn a_single_read_needs_no_commit() {
    let store = memory::fresh();
    let calls = traced(&store);
    assert_eq!(numbers().transact(|tx| tx.get("a")), Ok(None));
    assert_eq!(numbers().transact(|_| Ok::<_, BucketError>(7)), Ok(7));
    assert_eq!(*calls.borrow(), [Call::Get]);
    let both = numbers().transact(|tx| Ok::<_, BucketError>((tx.get("a")?, tx.get("b")?)));
    assert_eq!(both, Ok((None, None)));
    assert_eq!(calls.borrow().last(), Some(&Call::Transact));
}

/// Somebody else writes before each of the calls in turn: what was read before that is read again, and nothing
/// else. Either way both have happened.
#[test]
fn a_conflict_at_every_point() {
    for (point, attempts) in [(0, 1), (1, 2), (2, 2)] {
        let store = memory::fresh();
        numbers().put("a", &10).unwrap();
        let calls = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&calls);
        memory::enter(&store, move |call| {
            if log.borrow().len() == point {
                add("a", 100)?;
            }
            log.borrow_mut().push(call);
            Ok(())
        });
        assert_eq!(moved(), Ok(110), "before call {point}");
        let expected = [Call::Get, Call::Get, Call::Transact].repeat(attempts);
        assert_eq!(*calls.borrow(), expected, "before call {point}");
        let texts = [("a".into(), "109".into()), ("b".into(), "1".into())];
        assert_eq!(store.texts("b"), texts.into(), "before call {point}");
    }
}

/// Keys that come, go, and change between reading and committing, one of them after the other.
#[test]
fn every_kind_of_change_is_a_conflict() {
    let changes: [fn() -> Result<bool, BucketError>; 4] = [
        || numbers().put("a", &11).map(|()| true),
        || numbers().put("b", &0).map(|()| true),
        || numbers().delete("a"),
        || {
            numbers()
                .of::<String>()
                .put("b", &"text".into())
                .map(|()| true)
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let store = memory::fresh();
        numbers().put("a", &10).unwrap();
        let mut is_first = true;
        memory::enter(&store, move |call| {
            if call == Call::Transact && std::mem::take(&mut is_first) {
                assert_eq!(change(), Ok(true));
            }
            Ok(())
        });
        let expected = match number {
            0 => Ok(11),
            1 => Ok(10),
            2 => Ok(0),
            _ => Err(()),
        };
        assert_eq!(moved().map_err(|_| ()), expected, "change {number}");
        let put_by_others = number == 3;
        assert_eq!(store.texts("b")["b"] == "\"text\"", put_by_others);
    }
}

/// Another key, and the same value again, are in nobody's way.
#[test]
fn what_was_not_read_does_not_matter() {
    let store = memory::fresh();
    numbers().put("a", &10).unwrap();
    let calls = Rc::new(RefCell::new(0));
    let count = Rc::clone(&calls);
    memory::enter(&store, move |_| {
        *count.borrow_mut() += 1;
        add("c", 1)?;
        add("a", 1)?;
        add("a", -1)?;
        Ok(())
    });
    assert_eq!(moved(), Ok(10));
    assert_eq!(*calls.borrow(), 3);
}

#[test]
fn it_gives_up_after_so_many_conflicts() {
    let store = memory::fresh();
    let attempts = Rc::new(RefCell::new(0));
    let count = Rc::clone(&attempts);
    memory::enter(&store, move |call| {
        if call == Call::Transact {
            *count.borrow_mut() += 1;
            add("a", 1)?;
        }
        Ok(())
    });
    assert_eq!(moved(), Err(BucketError::TooManyConflicts));
    assert_eq!(*attempts.borrow(), ATTEMPTS);
    let texts = [("a".into(), ATTEMPTS.to_string())];
    assert_eq!(store.texts("b"), texts.into());
}

#[derive(Debug, PartialEq)]
enum Refused {
    Short(i64),
    Storage(BucketError),
}

impl From<BucketError> for Refused {
    fn from(error: BucketError) -> Self {
        Self::Storage(error)
    }
}

/// Takes all of `a` and `b`, if together they are enough.
fn withdraw(amount: i64) -> Result<(), Refused> {
    numbers().transact(|tx| {
        tx.put("seen", &1)?;
        let sum = tx.get("a")?.unwrap_or(0) + tx.get("b")?.unwrap_or(0);
        if sum < amount {
            return Err(Refused::Short(sum));
        }
        tx.delete("a");
        tx.delete("b");
        Ok(())
    })
}

#[test]
fn its_own_error_writes_nothing() {
    let store = memory::fresh();
    numbers().put("a", &3).unwrap();
    assert_eq!(withdraw(5), Err(Refused::Short(3)));
    assert_eq!(store.texts("b"), [("a".into(), "3".into())].into());
    assert_eq!(withdraw(3), Ok(()));
    assert_eq!(store.texts("b"), [("seen".into(), "1".into())].into());
}

/// Between its two reads everything moves from `b` to `a`. The sum that it sees never was there, so it is not
/// refused for it.
#[test]
fn its_own_error_rests_on_what_fits_together() {
    let store = memory::fresh();
    numbers().put("b", &5).unwrap();
    let mut n_calls = 0;
    memory::enter(&store, move |_| {
        n_calls += 1;
        if n_calls == 2 {
            numbers().delete("b").unwrap();
            numbers().put("a", &5).unwrap();
        }
        Ok(())
    });
    assert_eq!(withdraw(5), Ok(()));
}

/// An error of the store is no reason to try again, whichever call it comes from.
#[test]
fn errors_of_the_store_come_through() {
    for failing in 0..3 {
        let store = memory::fresh();
        let mut n_calls = 0;
        memory::enter(&store, move |_| {
            n_calls += 1;
            if n_calls > failing {
                return Err(KvError::NoStore);
            }
            Ok(())
        });
        assert_eq!(moved(), Err(BucketError::Store(KvError::NoStore)));
        assert!(store.texts("b").is_empty());
    }
    // With both, its own comes first.
    let store = memory::fresh();
    memory::enter(&store, |call| match call {
        Call::Transact => Err(KvError::NoStore),
        Call::Get | Call::Put | Call::Delete | Call::List | Call::Increment => Ok(()),
    });
    assert_eq!(withdraw(5), Err(Refused::Short(0)));
}
