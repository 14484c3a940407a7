//! What the seed may decide: [`SimulatorBuilder`].

use super::random::{SplitMix, mix};
use super::{SimQueue, Simulator};
use crate::clock::Clock;
use crate::event::Observer;
use crate::id::SLOTS_MAX;
use crate::kernel::{Kernel, KernelRef};
use crate::node::Node;
use crate::sched::Scheduler;
use crate::sync::Arc;
use std::fmt;

/// Chances: a thing happens once in so many occasions on average, 0 for never.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Freedom {
    /// How many slices may be under way at once.
    pub(super) n_workers: usize,
    pub(super) overlap_one_in: usize,
    pub(super) haste_one_in: usize,
    pub(super) late_one_in: usize,
    pub(super) late_micros_max: u64,
}

/// How a simulation is to be set up.
pub struct SimulatorBuilder {
    seed: u64,
    observer: Option<Arc<dyn Observer>>,
    n_processes_max: usize,
    is_overlapping: bool,
    is_clock_running: bool,
}

impl SimulatorBuilder {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            observer: None,
            n_processes_max: SLOTS_MAX,
            is_overlapping: false,
            is_clock_running: false,
        }
    }

    /// Who is told of lifecycle events.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The largest number of processes alive at once.
    pub fn max_processes(mut self, n_processes_max: usize) -> Self {
        self.n_processes_max = n_processes_max.min(SLOTS_MAX);
        self
    }

    /// Lets slices overlap as on several workers, how often and how many being drawn from the seed.
    ///
    /// Bodies must hold no lock of their own while they call the node: another body that wants it would run
    /// on the same stack, and wait for ever.
    pub fn overlapping(mut self) -> Self {
        self.is_overlapping = true;
        self
    }

    /// Lets time pass while processes are runnable, and lets timers fire late, how often and how late being
    /// drawn from the seed.
    pub fn running_clock(mut self) -> Self {
        self.is_clock_running = true;
        self
    }

    /// The simulation; nothing has run yet.
    pub fn build(self) -> Simulator {
        let seed = self.seed;
        let queue = SimQueue::new(seed, self.freedom());
        let scheduler = Scheduler::Simulated(Box::new(queue));
        let kernel = Kernel::new(
            Clock::manual(),
            scheduler,
            [seed, !seed],
            self.n_processes_max,
            self.observer,
        );
        Simulator {
            node: Node::of(&KernelRef::new(&Arc::new(kernel))),
        }
    }

    /// A seed may also decide to leave a thing alone.
    fn freedom(&self) -> Freedom {
        let mut random = SplitMix::new(mix(!self.seed));
        let mut freedom = Freedom::default();
        if self.is_overlapping {
            freedom.n_workers = random.pick([1, 2, 3, 4]);
            freedom.overlap_one_in = random.pick([2, 4, 16, 64]);
        }
        if self.is_clock_running {
            freedom.haste_one_in = random.pick([0, 4, 16, 64]);
            freedom.late_one_in = random.pick([0, 2, 8]);
            freedom.late_micros_max = 5_000;
        }
        freedom
    }
}

impl fmt::Debug for SimulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorBuilder")
            .field("seed", &self.seed)
            .field("n_processes_max", &self.n_processes_max)
            .field("is_overlapping", &self.is_overlapping)
            .field("is_clock_running", &self.is_clock_running)
            .finish_non_exhaustive()
    }
}
