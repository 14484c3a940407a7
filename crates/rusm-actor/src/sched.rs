//! Who runs next, and where: [`Scheduler`].
//!
//! Two backends with one contract: every process made [`ready`](Scheduler::ready) gets a slice. The
//! threaded one has a worker per core; the simulated one has a single thread and takes its choices from
//! a seed. The kernel cannot tell them apart.

mod idle;
mod known;
mod queue;
pub(crate) mod sim;
mod together;
mod worker;

use crate::id::Pid;
use crate::kernel::{Kernel, KernelRef};
use crate::process::Process;
use crate::sync::Arc;
use idle::Idle;
use queue::{LocalQueue, SharedQueues};
use sim::SimQueue;
use std::time::Duration;
pub use together::wake_together;
use worker::Crew;

/// Who has computed for so long without waiting has used up its slice: it gives way to others, and waits behind those
/// that answer quickly.
pub const FULL_SLICE: Duration = Duration::from_millis(1);

/// Who has computed for less is about to wait, as far as anybody can tell: the process that it woke stays next in line.
const BRIEF: Duration = Duration::from_micros(100);

/// How many events a process may take in one slice.
pub(crate) const EVENTS_PER_SLICE: u32 = 1_000;

/// Why a process is put into a run queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// Something arrived for it.
    Woken,
    /// Its timer is due.
    Due,
    /// It is new.
    Spawned,
    /// It gave way, or was woken during its slice.
    Requeued,
    /// It used up its slice while others waited.
    Preempted,
}

/// What an embedder wants to know of the scheduler, and may wrap around it.
pub trait Hooks: Send + Sync {
    /// Wraps the whole life of a worker thread; must call `work` once.
    fn around_worker(&self, work: &mut dyn FnMut()) {
        work();
    }

    /// Called when a worker wakes while all slept.
    fn on_busy(&self) {}

    /// Called when a process became runnable from outside and no worker was free to take it.
    fn on_pressure(&self) {}
}

/// No wishes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoHooks;

impl Hooks for NoHooks {}

/// What a worker thread starts with.
#[derive(Debug)]
pub(crate) struct Seat {
    index: usize,
    queue: LocalQueue,
}

pub(crate) enum Scheduler {
    Threaded(Box<Crew>),
    Simulated(Box<SimQueue>),
}

impl Scheduler {
    /// Queues for this many workers (0 = one per core), and the seats to start them with.
    pub(crate) fn threaded(workers: usize, hooks: Arc<dyn Hooks>) -> (Self, Vec<Seat>) {
        let n_workers = if workers == 0 { n_cores() } else { workers };
        let locals: Vec<LocalQueue> = (0..n_workers).map(|_| LocalQueue::new()).collect();
        let queues = SharedQueues::new(&locals);
        let seats = locals
            .into_iter()
            .enumerate()
            .map(|(index, queue)| Seat { index, queue })
            .collect();
        let crew = Crew::new(queues, Idle::new(n_workers), hooks);
        (Self::Threaded(Box::new(crew)), seats)
    }

    /// Starts the threads: all of them or, with the error, none.
    pub(crate) fn start(&self, kernel: &Arc<Kernel>, seats: Vec<Seat>) -> std::io::Result<()> {
        match self {
            Self::Threaded(crew) => crew.start(kernel, seats),
            Self::Simulated(_) => Ok(()),
        }
    }

    /// Sees that the process gets a slice. Its run state must be `Queued`, and only the caller that put it
    /// there calls this.
    pub(crate) fn ready(&self, process: Arc<Process>, why: Ready) {
        match self {
            Self::Threaded(crew) => crew.ready(process, why),
            Self::Simulated(queue) => queue.ready(process),
        }
    }

    /// Sees that a worker looks at the queues.
    fn announce(&self) {
        if let Self::Threaded(crew) = self {
            crew.announce();
        }
    }

    /// A number that is the same for all spawns of one worker, and how its processes hold the kernel.
    pub(crate) fn home(&self) -> (usize, Option<KernelRef>) {
        match self {
            Self::Threaded(crew) => crew.home(),
            Self::Simulated(queue) => (queue.home(), None),
        }
    }

    /// The process with this very pid, as `find` finds it, or as this worker found it before.
    pub(crate) fn find(
        &self,
        pid: Pid,
        find: impl FnOnce() -> Option<Arc<Process>>,
    ) -> Option<Arc<Process>> {
        match self {
            Self::Threaded(crew) => crew.find(pid, find),
            Self::Simulated(_) => find(),
        }
    }

    /// How many events a process may take in the slice that begins; then others get their turn.
    pub(crate) fn events_per_slice(&self) -> u32 {
        match self {
            Self::Threaded(_) => EVENTS_PER_SLICE,
            Self::Simulated(queue) => queue.events_per_slice(EVENTS_PER_SLICE),
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        match self {
            Self::Threaded(crew) => crew.is_idle(),
            Self::Simulated(queue) => queue.is_empty(),
        }
    }

    /// Whether the calling thread is a worker of this scheduler.
    pub(crate) fn is_here(&self) -> bool {
        match self {
            Self::Threaded(crew) => crew.is_here(),
            Self::Simulated(_) => false,
        }
    }

    pub(crate) fn is_simulated(&self) -> bool {
        matches!(self, Self::Simulated(_))
    }

    /// Ends the worker threads; every process must have ended.
    pub(crate) fn stop(&self) {
        match self {
            Self::Threaded(crew) => crew.stop(),
            Self::Simulated(queue) => queue.clear(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how many threads there should be is the scheduler's question"
)]
fn n_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Whether the process that runs on this thread should let others run; see `Context::should_yield`.
pub(crate) fn should_yield(kernel: &Kernel, computed: Duration) -> bool {
    match &kernel.sched {
        Scheduler::Threaded(crew) => crew.should_yield(kernel, computed),
        Scheduler::Simulated(_) => true,
    }
}
