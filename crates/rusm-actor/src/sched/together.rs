//! Many wake-ups from outside the workers, announced once.
//!
//! Who answers many processes from a thread of its own would wake a worker with the first of them, which takes the processor, finds one
//! process, runs it, and sleeps again, and so for every one. Within [`wake_together`] they queue up, and a worker is woken at the
//! end: it finds all of them.

use crate::kernel::Kernel;
use crate::process::Process;
use crate::sync::{Arc, per_thread};
use std::cell::RefCell;

/// What this thread holds back.
#[derive(Default)]
struct Held {
    depth: usize,
    /// The node of whom somebody was made ready.
    kernel: Option<Arc<Kernel>>,
}

per_thread! {
    static HELD: RefCell<Held> = RefCell::new(Held { depth: 0, kernel: None });
}

/// Does some work that makes processes of a node runnable, from a thread that is none of its workers; sleeping workers hear of them
/// when it is done, also if it panics. Those who are awake find them before. For work that does not wait.
pub fn wake_together(work: impl FnOnce()) {
    HELD.with(|held| held.borrow_mut().depth += 1);
    let _end = End;
    work();
}

struct End;

impl Drop for End {
    fn drop(&mut self) {
        let kernel = HELD.with(|held| {
            let mut held = held.borrow_mut();
            held.depth -= 1;
            let is_over = held.depth == 0;
            held.kernel.take_if(|_| is_over)
        });
        if let Some(kernel) = kernel {
            kernel.sched.announce();
        }
    }
}

/// Whether workers are to hear of this process later.
pub(super) fn is_held(process: &Process) -> bool {
    HELD.with(|held| {
        let mut held = held.borrow_mut();
        if held.depth == 0 {
            return false;
        }
        let kernel = held
            .kernel
            .get_or_insert_with(|| Arc::clone(process.kernel.shared()));
        Arc::ptr_eq(kernel, process.kernel.shared())
    })
}
