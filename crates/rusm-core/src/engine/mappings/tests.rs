//! The account against a made-up kernel.

use super::*;
use std::sync::atomic::AtomicU64;

/// An account whose kernel says `real` whenever it is asked, and the cell to change that.
fn account(limit: u64, real: u64) -> (Arc<Mappings>, Arc<AtomicU64>) {
    let cell = Arc::new(AtomicU64::new(real));
    let seen = Arc::clone(&cell);
    let count: Count = Box::new(move || Some(seen.load(Ordering::Relaxed)));
    (Mappings::new(Some(limit), Seats::new(&[0]), count), cell)
}

#[test]
fn starts_are_refused_before_the_kernel_would_refuse_and_welcome_again_after_an_exit() {
    let (account, real) = account(RESERVE + 10, 4);
    let first = account.charge(3).unwrap();
    let second = account.charge(3).unwrap();
    real.store(10, Ordering::Relaxed);
    let full = account.charge(3).unwrap_err();
    assert_eq!(
        full,
        Full {
            in_use: 10,
            limit: RESERVE + 10,
            wanted: 3
        }
    );
    drop(second);
    assert!(account.charge(3).is_ok());
    drop(first);
    assert_eq!(account.in_use(), 4);
}

#[test]
fn a_refusal_is_checked_against_a_count_first() {
    // The estimate says 12 of 10, the kernel says 2: the start is welcome.
    let (account, real) = account(RESERVE + 10, 9);
    real.store(2, Ordering::Relaxed);
    assert!(account.charge(3).is_ok());
}

#[test]
fn growth_that_nobody_charged_is_found_by_counting() {
    let (account, real) = account(100_000, 100);
    let mut charges = Vec::new();
    real.store(99_000, Ordering::Relaxed);
    let refused = (0..2_000).find_map(|_| match account.charge(4) {
        Ok(charge) => {
            charges.push(charge);
            None
        }
        Err(full) => Some(full),
    });
    assert!(
        refused.is_some_and(|full| full.in_use >= 99_000),
        "the account never looked at the kernel"
    );
}

#[test]
fn what_the_pool_may_still_map_is_set_aside() {
    let seats = Seats::new(&[100]);
    let count: Count = Box::new(|| Some(0));
    let account = Mappings::new(Some(RESERVE + 400), Arc::clone(&seats), count);
    assert!(
        account.charge(1).is_err(),
        "a hundred untouched slots may yet take all four hundred"
    );
    let seat = seats.take(0, 20, 0).unwrap();
    assert!(account.charge(40).is_ok());
    drop(seat);
    assert!(
        account.charge(40).is_ok(),
        "slots that were used once keep what they mapped, and that is counted"
    );
}

#[test]
fn without_a_limit_everything_fits() {
    let account = Mappings::new(None, Seats::new(&[1]), Box::new(|| None));
    let _charges: Vec<_> = (0..10_000)
        .map(|_| account.charge(1_000).unwrap())
        .collect();
}

/// Whatever the kernel counts: empty memories may be no mapping at all.
#[test]
fn addresses_are_bounded_and_come_back() {
    let (account, _) = account(RESERVE + 1_000_000, 4);
    let half = || account.charge(4).unwrap().with_memories(MEMORIES_MAX / 2);
    let (first, second) = (half().unwrap(), half().unwrap());
    let one = || account.charge(4).unwrap().with_memories(1);
    assert_eq!(one().unwrap_err(), Unaddressable);
    assert_eq!(
        account
            .charge(0)
            .unwrap()
            .with_memories(u32::MAX)
            .unwrap_err(),
        Unaddressable
    );
    drop(first);
    assert!(one().is_ok());
    drop(second);
    assert_eq!(account.memories.load(Ordering::Relaxed), 0);
    assert_eq!(account.in_use(), 4);
}
