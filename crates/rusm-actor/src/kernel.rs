//! What all processes of a node share: table, names, timers, pending calls, clock and scheduler.
//!
//! # Locking
//! Each part has its own lock; the functions here take one after the other, never two.

use crate::calls::PendingCalls;
use crate::clock::Clock;
use crate::error::NameError;
use crate::event::{LifecycleEvent, Observer};
use crate::id::{Name, Pid};
use crate::inbox::Ceiling;
use crate::process::Process;
use crate::reason::ExitReason;
use crate::refs::RefSource;
use crate::registry::Registry;
use crate::sched::Scheduler;
use crate::sync::{Arc, Condvar, Mutex};
use crate::table::ProcessTable;
use crate::timer::Timers;
use std::fmt;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) struct Kernel {
    pub(crate) table: ProcessTable,
    pub(crate) registry: Registry,
    pub(crate) timers: Timers,
    pub(crate) calls: PendingCalls,
    pub(crate) refs: RefSource,
    pub(crate) clock: Clock,
    pub(crate) sched: Scheduler,
    /// What all mailboxes may hold together; none for no bound.
    pub(crate) mailboxes: Option<Arc<Ceiling>>,
    observer: Option<Arc<dyn Observer>>,
    emptied: Condvar,
    empty_lock: Mutex<()>,
}

/// The kernel as its processes hold it. Those that one worker starts count their references apart: with a single count, all
/// workers would write to the same memory at every spawn and at every end.
#[derive(Clone, Debug)]
pub(crate) struct KernelRef(Arc<Shared>);

#[derive(Debug)]
struct Shared(Arc<Kernel>);

impl KernelRef {
    /// One that is counted apart from all others.
    pub(crate) fn new(kernel: &Arc<Kernel>) -> Self {
        Self(Arc::new(Shared(Arc::clone(kernel))))
    }

    pub(crate) fn shared(&self) -> &Arc<Kernel> {
        &self.0.0
    }
}

impl Deref for KernelRef {
    type Target = Kernel;

    fn deref(&self) -> &Kernel {
        &self.0.0
    }
}

impl Kernel {
    pub(crate) fn new(
        clock: Clock,
        sched: Scheduler,
        seed: [u64; 2],
        n_processes_max: usize,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        Self {
            table: ProcessTable::new(n_processes_max),
            registry: Registry::default(),
            timers: Timers::default(),
            calls: PendingCalls::default(),
            refs: RefSource::new(seed),
            clock,
            sched,
            mailboxes: None,
            observer,
            emptied: Condvar::new(),
            empty_lock: Mutex::new(()),
        }
    }

    /// Bounds what all mailboxes hold together.
    pub(crate) fn with_mailbox_ceiling(self, bytes_max: Option<usize>) -> Self {
        Self {
            mailboxes: bytes_max.map(|bytes_max| Arc::new(Ceiling::new(bytes_max))),
            ..self
        }
    }

    /// The process with this very pid, or one that has ended and not been let go: its inbox is closed, or will be and is answered
    /// for. For what is delivered.
    pub(crate) fn find(&self, pid: Pid) -> Option<Arc<Process>> {
        self.sched.find(pid, || self.table.find(pid))
    }

    /// The members of a group that are alive, in order of joining; once per join.
    pub(crate) fn members(&self, group: &str) -> Vec<Pid> {
        let is_alive = |pid: &Pid| {
            let found = self.table.find(*pid);
            found.is_some_and(|process| !process.is_ending())
        };
        let mut members = self.registry.members(group);
        members.retain(is_alive);
        members
    }

    /// The process that holds this name. One that was killed holds none any more, though it may not have
    /// noticed yet: who sees it as dead finds its name free (OTP statements 011, 012).
    pub(crate) fn holder(&self, name: &str) -> Option<Arc<Process>> {
        self.find_living(self.registry.whereis(name)?)
    }

    fn find_living(&self, pid: Pid) -> Option<Arc<Process>> {
        self.table.find(pid).filter(|process| !process.is_ending())
    }

    /// Gives a live process a name (OTP statements 064 to 066), taking it over from one that was killed.
    pub(crate) fn register(&self, name: &Name, pid: Pid) -> Result<(), NameError> {
        loop {
            match self.registry.register(name.clone(), pid) {
                Err(NameError::Taken) => {}
                registered => return registered,
            }
            // Looked up once: who is found dead, and nobody else, loses the name.
            if let Some(holder) = self.registry.whereis(name.as_str()) {
                if self.find_living(holder).is_some() {
                    return Err(NameError::Taken);
                }
                #[cfg(test)]
                tests::meanwhile(self);
                self.registry.unregister(name.as_str(), holder);
            }
        }
    }

    /// Tells the observer of a spawn, if it wants to know.
    pub(crate) fn report_spawn(&self, event: impl FnOnce() -> LifecycleEvent) {
        self.with_observer(|observer| {
            if observer.wants_spawns() {
                observer.observe(&event());
            }
        });
    }

    /// Whether the observer wants to know of an end for this reason.
    pub(crate) fn wants_exit(&self, reason: &ExitReason) -> bool {
        let mut is_wanted = false;
        self.with_observer(|observer| is_wanted = observer.wants_exit(reason));
        is_wanted
    }

    /// Tells the observer of an end.
    pub(crate) fn report_exit(&self, event: &LifecycleEvent) {
        self.with_observer(|observer| observer.observe(event));
    }

    /// An observer that panics has reported that itself; the process it was asked about, and the worker, go on.
    fn with_observer(&self, with: impl FnOnce(&dyn Observer)) {
        if let Some(observer) = &self.observer {
            let _panic = catch_unwind(AssertUnwindSafe(|| with(&**observer)));
        }
    }

    /// Wakes who waits for the last process to end.
    pub(crate) fn note_empty(&self) {
        let _guard = self.empty_lock.lock();
        self.emptied.notify_all();
    }

    /// Waits until no process is left.
    pub(crate) fn wait_empty(&self) {
        self.table.await_empty();
        let mut guard = self.empty_lock.lock();
        while !self.table.is_empty() {
            self.emptied.wait(&mut guard);
        }
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel")
            .field("alive", &self.table.count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
