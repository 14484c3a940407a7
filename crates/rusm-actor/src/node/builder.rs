//! How a node is to be set up: [`NodeBuilder`].

use super::Node;
use crate::clock::Clock;
use crate::event::Observer;
use crate::id::SLOTS_MAX;
use crate::kernel::{Kernel, KernelRef};
use crate::sched::{Hooks, NoHooks, Scheduler};
use crate::sync::Arc;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

/// How a node is to be set up.
#[derive(Clone)]
pub struct NodeBuilder {
    workers: usize,
    n_processes_max: usize,
    mailbox_bytes_max: Option<usize>,
    observer: Option<Arc<dyn Observer>>,
    hooks: Arc<dyn Hooks>,
}

impl Default for NodeBuilder {
    fn default() -> Self {
        Self {
            workers: 0,
            n_processes_max: SLOTS_MAX,
            mailbox_bytes_max: None,
            observer: None,
            hooks: Arc::new(NoHooks),
        }
    }
}

impl NodeBuilder {
    /// Worker threads; 0 for one per core.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// The largest number of processes alive at once.
    pub fn max_processes(mut self, n_processes_max: usize) -> Self {
        self.n_processes_max = n_processes_max.min(SLOTS_MAX);
        self
    }

    /// The most bytes that may wait in all mailboxes together, with the room that timers hold: what would exceed
    /// it is refused as if the receiver's own mailbox were full. Without it only each mailbox has its bounds.
    pub fn max_mailbox_bytes(mut self, bytes_max: usize) -> Self {
        self.mailbox_bytes_max = Some(bytes_max);
        self
    }

    /// Who is told of lifecycle events.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// What the embedder wants to know of the scheduler.
    pub fn hooks(mut self, hooks: Arc<dyn Hooks>) -> Self {
        self.hooks = hooks;
        self
    }

    /// Starts the workers and the timer thread.
    ///
    /// # Errors
    /// When the machine gives no more threads; those that were started have ended again.
    pub fn build(self) -> std::io::Result<Node> {
        let random = RandomState::new();
        let seed = [random.hash_one(1), random.hash_one(2)];
        let (scheduler, seats) = Scheduler::threaded(self.workers, self.hooks);
        let clock = Clock::system();
        let kernel = Kernel::new(clock, scheduler, seed, self.n_processes_max, self.observer);
        let kernel = Arc::new(kernel.with_mailbox_ceiling(self.mailbox_bytes_max));
        kernel.sched.start(&kernel, seats)?;
        Ok(Node(KernelRef::new(&kernel)))
    }
}

impl fmt::Debug for NodeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeBuilder")
            .field("workers", &self.workers)
            .field("n_processes_max", &self.n_processes_max)
            .finish_non_exhaustive()
    }
}
