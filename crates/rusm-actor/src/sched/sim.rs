//! The simulated backend: one thread, virtual time, every choice from a seed.
//!
//! [`Simulator`] runs the production kernel. Which runnable process gets the next slice is drawn from the
//! seed; when nothing is runnable, time jumps to the next timer. The same seed and the same bodies give
//! the same run.

use crate::event::Observer;
use crate::node::Node;
use crate::process::Process;
use crate::slice::{self, After};
use crate::sync::{Arc, Mutex};
use std::fmt;
use std::time::Duration;

/// The runnable processes of a simulated node, in no order.
#[derive(Debug)]
pub(crate) struct SimQueue {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    runnable: Vec<Arc<Process>>,
    random: SplitMix,
}

/// A small generator with a full period over 64 bits; for choices, not for secrets.
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }
}

impl SimQueue {
    pub(crate) fn new(seed: u64) -> Self {
        let random = SplitMix(seed);
        Self {
            state: Mutex::new(State {
                runnable: Vec::new(),
                random,
            }),
        }
    }

    pub(crate) fn push(&self, process: Arc<Process>) {
        self.state.lock().runnable.push(process);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state.lock().runnable.is_empty()
    }

    pub(crate) fn clear(&self) {
        let runnable = std::mem::take(&mut self.state.lock().runnable);
        drop(runnable);
    }

    fn pop(&self) -> Option<Arc<Process>> {
        let mut state = self.state.lock();
        let n_runnable = state.runnable.len();
        if n_runnable == 0 {
            return None;
        }
        let choice = state.random.below(n_runnable);
        Some(state.runnable.swap_remove(choice))
    }

    fn draw(&self, bound: usize) -> usize {
        self.state.lock().random.below(bound.max(1))
    }
}

/// Runs a node on the calling thread, reproducibly.
pub struct Simulator {
    node: Node,
}

impl Simulator {
    /// A fresh node whose every choice comes from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            node: Node::simulated(seed, None),
        }
    }

    /// The same, with an observer of its lifecycle events.
    pub fn observed(seed: u64, observer: Arc<dyn Observer>) -> Self {
        Self {
            node: Node::simulated(seed, Some(observer)),
        }
    }

    /// The node. Its `block_on` and `shutdown` are not for simulations; use [`Simulator::stop`].
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// A number below `bound` from the seed, for workloads that want to choose.
    pub fn draw(&self, bound: usize) -> usize {
        self.queue().draw(bound)
    }

    /// Runs one slice, or, when nothing is runnable, moves time to the next timer and fires it. False
    /// when there is neither.
    pub fn step(&self) -> bool {
        let kernel = self.node.kernel();
        if let Some(process) = self.queue().pop() {
            if slice::run(&process) == After::Requeue {
                self.queue().push(process);
            }
            return true;
        }
        let Some(due) = kernel.timers.next_due() else {
            return false;
        };
        kernel.clock.advance_to(due);
        if kernel.clock.now() < due {
            return false; // Beyond the end of the clock: it never comes.
        }
        kernel.timers.fire_due(kernel);
        true
    }

    /// Runs until nothing is runnable and no timer pends.
    pub fn run(&self) {
        while self.step() {}
    }

    /// Runs until `is_done`, or nothing is left to run; answers whether it was done.
    pub fn run_until(&self, mut is_done: impl FnMut(&Node) -> bool) -> bool {
        loop {
            if is_done(&self.node) {
                return true;
            }
            if !self.step() {
                return false;
            }
        }
    }

    /// Virtual time since the start.
    pub fn now(&self) -> Duration {
        self.node.now()
    }

    /// Kills every process and runs until the table is empty.
    pub fn stop(&self) {
        self.node.shutdown_begin();
        self.run_until(|node| node.process_count() == 0);
    }

    fn queue(&self) -> &SimQueue {
        match &self.node.kernel().sched {
            super::Scheduler::Simulated(queue) => queue,
            super::Scheduler::Threaded(_) => unreachable!("a simulator makes its own node"),
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("node", &self.node)
            .finish()
    }
}
