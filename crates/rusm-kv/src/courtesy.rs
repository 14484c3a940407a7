//! How the store's threads give way to others within a commit.
//!
//! A commit is a millisecond of work or more, and a kernel that interrupts nobody within a time slice lets whoever wakes up
//! meanwhile wait for all of it: a worker whose timer is due, or a thread of another program. So the processor is offered to others
//! between two steps of a commit, and whoever waits for it waits for some steps only. Where nobody waits, an offer costs a system call.

use std::cell::Cell;

/// An offer for so many steps: each step takes about ten microseconds.
const STEPS_AT_ONCE: u32 = 8;

thread_local! {
    static STEPS: Cell<u32> = const { Cell::new(0) };
}

/// A step is done: a batch is applied, a page is written.
pub(crate) fn step() {
    let steps = STEPS.get().wrapping_add(1);
    STEPS.set(steps);
    if steps.is_multiple_of(STEPS_AT_ONCE) {
        std::thread::yield_now();
    }
}
