//! Slots, memories and stacks by themselves, below any guest.

#![expect(
    unsafe_code,
    reason = "it reads and writes the memory that guests would get"
)]

use super::guard::Guards;
use super::mapping::{Purpose, page_bytes};
use super::memory::{DenseMemory, Memories};
use super::pages::Pages;
use super::slab::Slab;
use super::stack::{DenseStack, Stacks};
use super::*;
use crate::engine::machine::count_mappings;
use crate::engine::seats::Seats;
use std::process::Command;
use wasmtime::{LinearMemory, StackMemory};

const WASM_PAGE: usize = 65_536;
const STACK_BYTES: usize = 512 << 10;

fn is_zero(bytes: &[u8]) -> bool {
    // By the page, which is fast without optimisation as well.
    bytes
        .chunks(4_096)
        .all(|page| *page == [0; 4_096][..page.len()])
}

fn account(limit: Option<u64>) -> Arc<Mappings> {
    Mappings::new(limit, Seats::new(&[0]), Box::new(|| None))
}

fn memories() -> Memories {
    Memories::new(&Arc::new(Pages::new()), &account(None))
}

fn stacks(guards: Guards) -> Stacks {
    let pages = Arc::new(Pages::new());
    Stacks::new(STACK_BYTES, guards, &pages, &account(None), 0)
}

/// All that a memory's guest could read.
fn bytes(memory: &DenseMemory) -> &[u8] {
    // SAFETY: that is what a linear memory is; nobody writes meanwhile.
    unsafe { std::slice::from_raw_parts(memory.as_ptr(), memory.byte_size()) }
}

fn bytes_mut(memory: &mut DenseMemory) -> &mut [u8] {
    // SAFETY: as above, and the borrow is exclusive.
    unsafe { std::slice::from_raw_parts_mut(memory.as_ptr(), memory.byte_size()) }
}

fn stack_bytes(stack: &mut DenseStack) -> &mut [u8] {
    let top = stack.top();
    // SAFETY: no fiber runs on it.
    unsafe { std::slice::from_raw_parts_mut(top.wrapping_sub(STACK_BYTES), STACK_BYTES) }
}

#[test]
fn growth_by_the_page_copies_less_than_the_memory_comes_to_have() {
    let memories = memories();
    let mut memory = memories.make(WASM_PAGE).unwrap();
    for n_pages in 1..=1_024_usize {
        memory.grow_to(n_pages * WASM_PAGE).unwrap();
        let last_page = &mut bytes_mut(&mut memory)[(n_pages - 1) * WASM_PAGE..];
        assert!(is_zero(last_page), "page {n_pages}");
        last_page.fill(u8::try_from(n_pages % 251).unwrap() + 1);
    }
    for (number, page) in bytes(&memory).chunks(WASM_PAGE).enumerate() {
        let expected = u8::try_from((number + 1) % 251).unwrap() + 1;
        assert_eq!(*page, [expected; WASM_PAGE], "page {number}");
    }
    let copied = memories.copied_bytes();
    assert!(copied <= 64 << 20, "{copied} bytes");
    assert!(copied > 0, "it moved, so something was copied");
}

#[test]
fn a_move_copies_the_pages_that_were_touched_and_leaves_the_others() {
    let memories = memories();
    let mut memory = memories.make(2 << 20).unwrap();
    bytes_mut(&mut memory)[page_bytes() * 7] = 7;
    bytes_mut(&mut memory)[(2 << 20) - 1] = 9;
    memory.grow_to(4 << 20).unwrap();
    assert_eq!(bytes(&memory)[page_bytes() * 7], 7);
    assert_eq!(bytes(&memory)[(2 << 20) - 1], 9);
    let most = u64::try_from(2 * page_bytes()).unwrap();
    assert!(memories.copied_bytes() <= most);
}

/// Sizes around every slot's, and beyond the largest: what dies is never seen again, by whoever has the same place.
#[test]
fn a_memory_is_zero_whoever_had_its_place_before() {
    let memories = memories();
    for bytes_wanted in [
        0,
        1,
        WASM_PAGE,
        3 * WASM_PAGE,
        (1 << 20) + 5,
        2 << 20,
        40 << 20,
        65 << 20,
    ] {
        for round in 0..3 {
            let mut pair: Vec<_> = (0..2)
                .map(|_| memories.make(bytes_wanted).unwrap())
                .collect();
            for memory in &mut pair {
                assert_eq!(memory.byte_size(), bytes_wanted);
                assert!(memory.byte_capacity() >= bytes_wanted);
                assert!(is_zero(bytes(memory)), "{bytes_wanted}, round {round}");
                bytes_mut(memory).fill(0xee);
                let capacity = memory.byte_capacity();
                memory.grow_to(capacity).unwrap();
                assert!(is_zero(&bytes(memory)[bytes_wanted..]));
                bytes_mut(memory).fill(0xee);
            }
            let [first, second] = &pair[..] else {
                panic!("two were made")
            };
            let (first, second) = (first.as_ptr().addr(), second.as_ptr().addr());
            assert!(first.abs_diff(second) >= pair[0].byte_capacity());
        }
    }
}

#[test]
fn a_refused_growth_leaves_the_memory_as_it_was() {
    let account = account(Some(1_024 + 8 + 1));
    let memories = Memories::new(&Arc::new(Pages::new()), &account);
    let mut memory = memories.make(WASM_PAGE).unwrap();
    bytes_mut(&mut memory).fill(5);
    let before = memory.as_ptr();
    let absurd = memory.grow_to(usize::MAX / 2).unwrap_err();
    assert!(absurd.to_string().contains("address space"), "{absurd}");
    assert!(memory.grow_to(usize::MAX).is_err());
    // Nine mappings are allowed, and one is in use; then the account is full.
    let _taken: Vec<_> = (0..8).map(|_| account.charge(1).unwrap()).collect();
    let full = memory.grow_to(100 << 20).unwrap_err();
    assert!(full.to_string().contains("vm.max_map_count"), "{full}");
    assert!(
        memory.grow_to(3 * WASM_PAGE).is_err(),
        "another slab, another mapping"
    );
    assert_eq!((memory.as_ptr(), memory.byte_size()), (before, WASM_PAGE));
    assert!(bytes(&memory).iter().all(|byte| *byte == 5));
}

#[test]
fn memories_that_would_need_a_guard_or_a_reserve_are_refused() {
    use wasmtime::{MemoryCreator, MemoryType};
    let memories = memories();
    let plain = || MemoryType::new(1, None);
    let make = |ty, reserve, guard| memories.new_memory(ty, WASM_PAGE, None, reserve, guard);
    assert!(make(plain(), Some(0), 0).is_ok());
    assert!(make(plain(), Some(1 << 20), 0).is_err());
    assert!(make(plain(), None, 4_096).is_err());
    assert!(make(MemoryType::shared(1, 2), Some(0), 0).is_err());
}

#[test]
fn a_stack_is_zero_whoever_had_it_before() {
    let stacks = stacks(Guards::probe());
    for touched in [0, 1, 3 * page_bytes(), 40 * page_bytes(), STACK_BYTES] {
        for round in 0..3 {
            let mut stack = stacks.make().unwrap();
            assert_eq!(stack.range().len(), STACK_BYTES);
            assert_eq!(stack.guard_range().end.addr(), stack.range().start);
            let all = stack_bytes(&mut stack);
            assert!(is_zero(all), "{touched}, round {round}");
            all[STACK_BYTES - touched..].fill(0xee);
        }
    }
}

/// Some thousands of memories and stacks, and hardly a mapping more. Tests beside this one map too, so it is a bound and no equation.
#[test]
fn slots_take_no_mappings() {
    if Guards::probe() == Guards::Protected {
        return; // This kernel takes two for each stack, and they are charged.
    }
    let (memories, stacks) = (memories(), stacks(Guards::Marked));
    let before = count_mappings().unwrap();
    let mut alive = Vec::new();
    for _ in 0..4_000 {
        let (mut memory, mut stack) = (memories.make(WASM_PAGE).unwrap(), stacks.make().unwrap());
        bytes_mut(&mut memory)[0] = 1;
        stack_bytes(&mut stack)[STACK_BYTES - 1] = 1;
        alive.push((memory, stack));
    }
    let after = count_mappings().unwrap();
    assert!(after < before + 1_000, "{before} became {after}");
}

#[test]
fn slots_have_one_owner_and_empty_chunks_go() {
    let account = account(None);
    let slab = Slab::new(1 << 30, Purpose::Memories, &account);
    let mut slots: Vec<_> = (0..20).map(|_| slab.take().unwrap()).collect();
    let mut places: Vec<_> = slots.iter().map(|slot| slot.base().addr().get()).collect();
    places.sort_unstable();
    assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 1 << 30));
    assert_eq!(account.in_use(), 5, "four slots a chunk");
    let kept = slots.remove(7);
    for slot in slots {
        slab.give_back(slot, 0);
    }
    assert_eq!(account.in_use(), 2, "the one in use, and an empty one");
    let again: Vec<_> = (0..7).map(|_| slab.take().unwrap()).collect();
    assert_eq!(account.in_use(), 2, "they had room");
    assert!(
        again
            .iter()
            .all(|slot| slot.base().addr().get() != kept.base().addr().get())
    );
}

#[test]
fn a_warm_slot_is_handed_out_first_and_goes_with_its_chunk() {
    let account = account(None);
    let slab = Slab::new(2 << 30, Purpose::Memories, &account);
    let [first, second, third] = [(); 3].map(|()| slab.take().unwrap());
    let place = second.base();
    slab.give_back(second, 4_096);
    let second = slab.take().unwrap();
    assert_eq!(second.base(), place);
    assert_eq!(account.in_use(), 2);
    slab.give_back(third, 4_096);
    slab.give_back(first, 0);
    slab.give_back(second, 4_096);
    assert_eq!(
        account.in_use(),
        1,
        "one of two empty chunks went, with its warm slots"
    );
    let again = [(); 3].map(|()| slab.take().unwrap());
    assert_eq!(account.in_use(), 2);
    // Every one is mapped.
    for slot in &again {
        // SAFETY: it has an owner, this test.
        unsafe { slot.base().write(1) };
    }
}

#[test]
fn without_room_for_a_mapping_there_is_no_stack_and_the_reason_is_told() {
    let account = account(Some(1_024));
    let stacks = Stacks::new(
        STACK_BYTES,
        Guards::probe(),
        &Arc::new(Pages::new()),
        &account,
        0,
    );
    let refused = stacks.make().map(|_| ()).unwrap_err();
    assert!(
        refused.to_string().contains("vm.max_map_count"),
        "{refused}"
    );
}

/// Of a process that has any number of stacks, as the tasks of WASI 0.3 are.
#[test]
fn a_stack_that_is_charged_is_charged_while_it_lives() {
    // One for the slab's own, and room for two stacks.
    let account = account(Some(1_024 + 1 + 2 * 2));
    let pages = Arc::new(Pages::new());
    let stacks = Stacks::new(STACK_BYTES, Guards::probe(), &pages, &account, 2);
    let first = stacks.make().unwrap();
    let in_use = account.in_use();
    let second = stacks.make().unwrap();
    assert_eq!(account.in_use(), in_use + 2);
    let refused = stacks.make().map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("vm.max_map_count"), "{refused}");
    drop(second);
    assert_eq!(account.in_use(), in_use);
    drop((stacks.make().unwrap(), first));
}

/// A program of its own writes into the guard, and dies of it; without the write it lives.
#[test]
fn whoever_touches_a_guard_dies() {
    const MARK: &str = "RUSM_TEST_TOUCHES_GUARD";
    let kinds = [Guards::probe(), Guards::Protected];
    if let Some(which) = std::env::var_os(MARK) {
        let which = which.to_string_lossy();
        let mut parts = which.split(' ').map(|part| part.parse::<usize>().unwrap());
        let (kind, round) = (parts.next().unwrap(), parts.next().unwrap());
        let (stacks, below) = (stacks(kinds[kind]), parts.next().unwrap());
        // A guard outlives the stack's first owner.
        let mut stack = stacks.make().unwrap();
        for _ in 0..round {
            stack_bytes(&mut stack).fill(1);
            drop(stack);
            stack = stacks.make().unwrap();
        }
        let bottom = stack.guard_range().end.wrapping_sub(below);
        // SAFETY: that is the question.
        unsafe { bottom.write_volatile(1) };
        return;
    }
    let run = |kind: usize, round: usize, below: usize| {
        let path = "engine::dense::tests::whoever_touches_a_guard_dies";
        Command::new(std::env::current_exe().unwrap())
            .args([path, "--exact", "--test-threads=1"])
            .env(MARK, format!("{kind} {round} {below}"))
            .output()
            .unwrap()
            .status
            .success()
    };
    for kind in 0..kinds.len() {
        for round in [0, 2] {
            assert!(run(kind, round, 0), "the lowest byte of the stack");
            assert!(!run(kind, round, 1), "the highest byte of the guard");
            assert!(!run(kind, round, page_bytes()), "and the lowest");
        }
    }
}
