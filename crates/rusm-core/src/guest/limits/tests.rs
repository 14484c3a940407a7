//! The account of one process, and its part in that of the node.

use super::*;

const PAGE: usize = 65_536;

fn bounds(pages: u64, table_elements: u32) -> Limits {
    Limits {
        max_memory_bytes: pages * 65_536,
        max_table_elements: table_elements,
        ..Limits::sandboxed()
    }
}

fn limits(pages: u64) -> GuestLimits {
    GuestLimits::new(&bounds(pages, 10_000), None)
}

#[test]
fn the_bound_holds_for_the_sum_of_all_memories() {
    let mut limits = limits(4);
    assert!(limits.memory_growing(0, 2 * PAGE, None).unwrap());
    assert!(limits.memory_growing(0, PAGE, None).unwrap());
    limits.started();
    assert!(limits.memory_growing(PAGE, 2 * PAGE, None).unwrap());
    let breach = limits.memory_growing(2 * PAGE, 3 * PAGE, None).unwrap_err();
    let expected = LimitBreach(Breach::memory(4 * 65_536, 5 * 65_536));
    assert_eq!(breach.downcast_ref(), Some(&expected));
    assert_eq!(limits.memory_bytes, 4 * 65_536);
}

#[test]
fn code_that_declares_too_much_is_told_apart_from_code_that_grows_too_much() {
    let mut limits = limits(4);
    let error = limits.memory_growing(0, 5 * PAGE, None).unwrap_err();
    let expected = TooLarge(Breach::memory(4 * 65_536, 5 * 65_536));
    assert_eq!(error.downcast_ref(), Some(&expected));
    let text = error.to_string();
    for part in ["320 KiB", "256 KiB", "max-memory-mb"] {
        assert!(text.contains(part), "{text}");
    }
    // A start function that grows is guest code already.
    assert!(limits.memory_growing(0, PAGE, None).unwrap());
    let error = limits.memory_growing(PAGE, 9 * PAGE, None).unwrap_err();
    assert!(error.is::<LimitBreach>());
}

#[test]
fn growth_beyond_its_own_maximum_is_refused_without_ending_the_guest() {
    let mut limits = limits(100);
    limits.started();
    assert!(
        !limits
            .memory_growing(PAGE, 3 * PAGE, Some(2 * PAGE))
            .unwrap()
    );
    assert!(!limits.table_growing(1, 3, Some(2)).unwrap());
    assert_eq!(limits.memory_bytes, 0);
    let beyond = || wasmtime::Error::msg("beyond the type");
    limits.memory_grow_failed(beyond()).unwrap();
    limits.table_grow_failed(beyond()).unwrap();
}

#[test]
fn a_growth_that_the_host_could_not_provide_ends_the_guest_and_is_not_counted() {
    let ceiling = Ceiling::new(u64::MAX);
    let mut limits = GuestLimits::new(&bounds(100, 10_000), Some(&ceiling));
    limits.started();
    assert!(limits.memory_growing(0, PAGE, None).unwrap());
    assert!(limits.memory_growing(PAGE, 3 * PAGE, None).unwrap());
    let none = || wasmtime::Error::msg("out of mappings");
    let error = limits.memory_grow_failed(none()).unwrap_err();
    let expected = LimitBreach(Breach::out_of_memory(100 * 65_536, 3 * 65_536));
    assert_eq!(error.downcast_ref(), Some(&expected));
    assert_eq!(
        (limits.memory_bytes, limits.peak_bytes()),
        (65_536, 3 * 65_536)
    );
    assert!(limits.table_growing(0, 1_000, None).unwrap());
    assert!(
        limits
            .table_grow_failed(none())
            .unwrap_err()
            .is::<LimitBreach>()
    );
    assert_eq!((limits.table_elements, ceiling.held()), (0, 65_536));
}

#[test]
fn tables_have_a_bound_of_their_own_over_all_of_them() {
    let mut limits = GuestLimits::new(&bounds(100, 1_000), None);
    assert!(limits.table_growing(0, 600, None).unwrap());
    let error = limits.table_growing(0, 401, None).unwrap_err();
    let expected = TooLarge(Breach::tables(1_000, 1_001));
    assert_eq!(error.downcast_ref(), Some(&expected));
    limits.started();
    assert!(limits.table_growing(600, 1_000, None).unwrap());
    let error = limits.table_growing(0, 1, None).unwrap_err();
    let expected = LimitBreach(Breach::tables(1_000, 1_001));
    assert_eq!(error.downcast_ref(), Some(&expected));
}

#[test]
fn tables_count_as_the_host_memory_that_they_are() {
    let mut limits = limits(1);
    limits.started();
    assert!(limits.table_growing(0, 8_192, None).unwrap());
    let error = limits.table_growing(8_192, 8_193, None).unwrap_err();
    assert!(error.is::<LimitBreach>());
    let error = limits.memory_growing(0, PAGE, None).unwrap_err();
    assert!(error.is::<LimitBreach>());
}

#[test]
fn absurd_sizes_do_not_overflow() {
    let mut limits = limits(1);
    limits.started();
    assert!(limits.memory_growing(0, usize::MAX, None).is_err());
    assert!(limits.table_growing(0, usize::MAX, None).is_err());
}

#[test]
fn a_processs_memory_counts_against_the_nodes_ceiling_until_it_ends() {
    let ceiling = Ceiling::new(3 * 65_536);
    let guest = || GuestLimits::new(&bounds(100, 10_000), Some(&ceiling));
    let (mut first, mut second) = (guest(), guest());
    assert!(first.memory_growing(0, 2 * PAGE, None).unwrap());
    let error = second.memory_growing(0, 2 * PAGE, None).unwrap_err();
    assert!(error.is::<TooLarge>() && error.to_string().contains("[node] max-memory-mb"));
    second.started();
    assert!(second.memory_growing(0, PAGE, None).unwrap());
    let error = second.memory_growing(PAGE, 2 * PAGE, None).unwrap_err();
    assert!(error.is::<LimitBreach>());
    first.restart();
    assert_eq!(ceiling.held(), 65_536, "another attempt counts anew");
    drop(second);
    assert_eq!(ceiling.held(), 0);
}
