//! The simulated backend: one thread, virtual time, every choice from a seed.
//!
//! [`Simulator`] runs the production kernel. Which runnable process gets the next slice is chosen by a
//! [`Strategy`] drawn from the seed; when nothing is runnable, time jumps to the next timer. The same seed and
//! the same bodies give the same run.
//!
//! A [`SimulatorBuilder`] gives the seed more to decide. Slices may overlap, as on several workers: at the
//! moments at which a slice makes somebody runnable, and at those that a body offers with [`meanwhile`], other
//! slices run in the middle of it, on the same stack. Time may pass while processes run, and timers may fire
//! late. Early never: the seed decides within what the kernel promises.

mod builder;
mod random;
mod strategy;

pub use builder::SimulatorBuilder;
pub use strategy::Strategy;

use crate::event::Observer;
use crate::kernel::Kernel;
use crate::node::Node;
use crate::process::Process;
use crate::slice::{self, After};
use crate::stopwatch::Mark;
use crate::sync::{Arc, Mutex};
use builder::Freedom;
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;
use strategy::Chooser;

/// While processes run, time passes up to the next timer only if that is due within this span: slices are
/// short.
const HASTE_MAX: Duration = Duration::from_millis(20);

/// The runnable processes of a simulated node, and who chooses among them.
#[derive(Debug)]
pub(crate) struct SimQueue {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The one that waits longest first, more or less.
    runnable: VecDeque<Arc<Process>>,
    chooser: Chooser,
    freedom: Freedom,
    /// Slices that have begun and not ended: one inside the other.
    n_running: usize,
}

impl SimQueue {
    fn new(seed: u64, freedom: Freedom) -> Self {
        Self {
            state: Mutex::new(State {
                runnable: VecDeque::new(),
                chooser: Chooser::new(seed),
                freedom,
                n_running: 0,
            }),
        }
    }

    /// Sees that the process gets a slice: some time, or at once on one of the other workers that slices
    /// which overlap stand for.
    pub(crate) fn ready(&self, process: Arc<Process>) {
        let kernel = process.kernel.clone();
        self.state.lock().runnable.push_back(process);
        self.overlap(&kernel);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state.lock().runnable.is_empty()
    }

    pub(crate) fn clear(&self) {
        let runnable = std::mem::take(&mut self.state.lock().runnable);
        drop(runnable);
    }

    /// Where the next process gets its slot: anywhere, as spawns of one worker would all be neighbours.
    pub(crate) fn home(&self) -> usize {
        self.draw(1 << 16)
    }

    /// How many events the next slice may take: often few, so that a body is interrupted between any two.
    pub(crate) fn events_per_slice(&self, n_events: u32) -> u32 {
        match self.draw(4) {
            0 => 1,
            1 => 3,
            _ => n_events,
        }
    }

    fn draw(&self, bound: usize) -> usize {
        self.state.lock().chooser.random().below(bound.max(1))
    }

    /// Runs one slice; false when nobody is runnable.
    fn run_slice(&self) -> bool {
        let Some(process) = self.state.lock().begin() else {
            return false;
        };
        let (after, _) = slice::run(&process, Mark::NONE);
        self.state.lock().end(process, after);
        true
    }

    /// Within a slice, what other workers may do before it goes on.
    fn overlap(&self, kernel: &Kernel) {
        // A body that unwinds is left alone.
        while !std::thread::panicking() && self.state.lock().wants_overlap() {
            if !self.hurry(kernel) && !self.run_slice() {
                return;
            }
        }
    }

    /// Lets time pass although processes are runnable, if the seed says so and a timer is near.
    fn hurry(&self, kernel: &Kernel) -> bool {
        if !self.state.lock().wants_haste() {
            return false;
        }
        let latest = kernel.clock.now().saturating_add(HASTE_MAX);
        let is_near = kernel.timers.next_due().is_some_and(|due| due <= latest);
        is_near && self.fire_next(kernel)
    }

    /// Moves time to the next timer and fires it; false when none comes any more.
    fn fire_next(&self, kernel: &Kernel) -> bool {
        let Some(due) = kernel.timers.next_due() else {
            return false;
        };
        let delay = self.state.lock().delay();
        kernel.clock.advance_to(due.saturating_add(delay));
        if kernel.clock.now() < due {
            return false; // Beyond the end of the clock.
        }
        kernel.timers.fire_due(kernel);
        true
    }
}

impl State {
    fn begin(&mut self) -> Option<Arc<Process>> {
        if self.runnable.is_empty() {
            return None;
        }
        let process = match self.chooser.choose(&self.runnable) {
            0 => self.runnable.pop_front(),
            choice => self.runnable.swap_remove_back(choice),
        };
        self.n_running += 1;
        process
    }

    fn end(&mut self, process: Arc<Process>, after: After) {
        self.n_running -= 1;
        if after == After::Requeue {
            self.chooser.gave_way(process.pid);
            self.runnable.push_back(process);
        }
    }

    fn wants_overlap(&mut self) -> bool {
        let is_within = (1..self.freedom.n_workers).contains(&self.n_running);
        is_within && self.chooser.random().one_in(self.freedom.overlap_one_in)
    }

    fn wants_haste(&mut self) -> bool {
        self.chooser.random().one_in(self.freedom.haste_one_in)
    }

    /// How late the next timer fires.
    fn delay(&mut self) -> Duration {
        let random = self.chooser.random();
        match random.one_in(self.freedom.late_one_in) {
            true => Duration::from_micros(random.next() % self.freedom.late_micros_max.max(1)),
            false => Duration::ZERO,
        }
    }
}

/// Within a body: a moment at which a simulation may run others, as other workers would meanwhile. Without
/// effect on a node with workers, and on a simulation whose slices do not overlap.
///
/// The caller holds no lock that another body takes.
pub fn meanwhile(node: &Node) {
    if let super::Scheduler::Simulated(queue) = &node.kernel().sched {
        queue.overlap(node.kernel());
    }
}

/// Runs a node on the calling thread, reproducibly.
pub struct Simulator {
    node: Node,
}

impl Simulator {
    /// A fresh node whose every choice comes from `seed`. Slices do not overlap, and time moves when nobody
    /// can run, exactly to the next timer.
    pub fn new(seed: u64) -> Self {
        Self::builder(seed).build()
    }

    /// The same, with an observer of its lifecycle events.
    pub fn observed(seed: u64, observer: Arc<dyn Observer>) -> Self {
        Self::builder(seed).observer(observer).build()
    }

    /// More choices.
    pub fn builder(seed: u64) -> SimulatorBuilder {
        SimulatorBuilder::new(seed)
    }

    /// The node. Its `block_on` and `shutdown` are not for simulations; use [`Simulator::stop`].
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// How this simulation chooses who runs next.
    pub fn strategy(&self) -> Strategy {
        self.queue().state.lock().chooser.strategy()
    }

    /// A number below `bound` from the seed, for workloads that want to choose.
    pub fn draw(&self, bound: usize) -> usize {
        self.queue().draw(bound)
    }

    /// Runs one slice, or, when nothing is runnable, moves time to the next timer and fires it. False
    /// when there is neither.
    pub fn step(&self) -> bool {
        let (queue, kernel) = (self.queue(), self.node.kernel());
        queue.hurry(kernel) || queue.run_slice() || queue.fire_next(kernel)
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
            .field("strategy", &self.strategy())
            .finish()
    }
}
