//! The worker threads: take the next process, run a slice of it, sleep when there is nothing.
//!
//! # Shutdown
//! The node ends all processes first; then `stop` sets a flag, wakes everybody, and joins the threads.

use super::idle::{Idle, Notified};
use super::known::Known;
use super::queue::{LocalQueue, Pushed, SECOND_QUEUE_PERIOD, SharedQueues};
use super::{BRIEF, FULL_SLICE, Hooks, Ready, Seat, together};
use crate::id::Pid;
use crate::kernel::{Kernel, KernelRef};
use crate::process::Process;
use crate::slice::{self, After};
use crate::stopwatch::Mark;
use crate::sync::{Arc, AtomicBool, Mutex, Ordering, per_thread};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// A worker looks at the injector before its own queue once in so many slices, or soon after; in a model soon.
const INJECTOR_EVERY: u32 = if cfg!(all(loom, test)) { 2 } else { 61 };
/// A worker looks whether timers are due once in so many slices.
const TIMERS_EVERY: u32 = 8;
/// A worker looks whether the second queue is due once in so many slices, while that has work.
const SECOND_EVERY: u32 = 8;

#[expect(clippy::disallowed_types, reason = "the one place that starts threads")]
type Thread = std::thread::JoinHandle<()>;

pub(crate) struct Crew {
    queues: SharedQueues,
    idle: Idle,
    hooks: Arc<dyn Hooks>,
    is_stopping: AtomicBool,
    threads: Mutex<Vec<Thread>>,
}

/// A worker, as its own thread sees it.
struct Local {
    /// Which crew it belongs to: a thread may look at a process of another node.
    crew: *const Crew,
    index: usize,
    /// What processes that are started here hold.
    kernel: KernelRef,
    /// Whom processes wrote to here.
    known: RefCell<Known>,
    queue: LocalQueue,
    n_slices: Cell<u32>,
    /// Slices since it last looked at the injector before its own queue.
    since_injected: Cell<u32>,
    second_served: Cell<Duration>,
    /// The running slice was taken from the second queue.
    is_second: Cell<bool>,
    /// The running process was told to yield because it used up its slice.
    is_preempted: Cell<bool>,
}

per_thread! {
    static LOCAL: RefCell<Option<Rc<Local>>> = RefCell::new(None);
}

impl Crew {
    pub(super) fn new(queues: SharedQueues, idle: Idle, hooks: Arc<dyn Hooks>) -> Self {
        Self {
            queues,
            idle,
            hooks,
            is_stopping: AtomicBool::new(false),
            threads: Mutex::default(),
        }
    }

    pub(super) fn start(&self, kernel: &Arc<Kernel>, seats: Vec<Seat>) -> std::io::Result<()> {
        let started = self.start_threads(kernel, seats);
        if started.is_err() {
            kernel.timers.stop();
            self.stop();
        }
        started
    }

    fn start_threads(&self, kernel: &Arc<Kernel>, seats: Vec<Seat>) -> std::io::Result<()> {
        for seat in seats {
            let kernel = Arc::clone(kernel);
            self.start_thread(format!("rusm-worker-{}", seat.index), move || {
                work(&kernel, seat)
            })?;
        }
        let kernel = Arc::clone(kernel);
        self.start_thread("rusm-timers".into(), move || kernel.timers.run(&kernel))
    }

    #[expect(clippy::disallowed_types, reason = "the one place that starts threads")]
    fn start_thread(
        &self,
        name: String,
        run: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<()> {
        let thread = std::thread::Builder::new().name(name).spawn(run)?;
        self.threads.lock().push(thread);
        Ok(())
    }

    pub(super) fn ready(&self, process: Arc<Process>, why: Ready) {
        LOCAL.with(|local| {
            let local = local.borrow();
            match local.as_ref().filter(|local| local.is_of(self)) {
                Some(local) => self.ready_here(local, process, why),
                None => self.ready_outside(process, why),
            }
        });
    }

    fn ready_here(&self, local: &Local, process: Arc<Process>, why: Ready) {
        let pushed = match why {
            Ready::Due => self.push_prompt(process),
            Ready::Woken if process.is_system => self.push_prompt(process),
            Ready::Woken | Ready::Spawned => local.queue.push_next(process),
            Ready::Requeued => local.queue.push_back(process),
            Ready::Preempted => {
                self.queues.push_second(process);
                Pushed::Stealable
            }
        };
        match pushed {
            Pushed::Own => {}
            Pushed::Stealable => {
                self.notify();
            }
        }
    }

    /// The worker that pushes it takes it next, or lets another know when it does not.
    fn push_prompt(&self, process: Arc<Process>) -> Pushed {
        self.queues.push_prompt(process);
        Pushed::Own
    }

    fn ready_outside(&self, process: Arc<Process>, why: Ready) {
        let is_held = together::is_held(&process);
        if why == Ready::Due || process.is_system {
            self.queues.push_prompt(process);
        } else {
            self.queues.inject(process);
        }
        if !is_held {
            self.announce();
        }
    }

    /// Somebody was made ready outside the workers.
    pub(super) fn announce(&self) {
        if self.notify() == Notified::AllBusy {
            self.hooks.on_pressure();
        }
    }

    pub(super) fn home(&self) -> (usize, Option<KernelRef>) {
        let home = self.with_local(|local| (local.index, Some(local.kernel.clone())));
        home.unwrap_or((0, None))
    }

    pub(super) fn find(
        &self,
        pid: Pid,
        find: impl FnOnce() -> Option<Arc<Process>>,
    ) -> Option<Arc<Process>> {
        let known = self
            .with_local(|local| local.known.borrow().get(pid))
            .flatten();
        known.or_else(|| {
            let found = find()?;
            self.with_local(|local| local.known.borrow_mut().met(&found));
            Some(found)
        })
    }

    /// Whether the calling thread is one of this crew's workers.
    pub(super) fn is_here(&self) -> bool {
        self.with_local(|_| ()).is_some()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.idle.all_sleep()
    }

    /// Everybody gives way to the prompt queue; a process of the second queue to anybody else; one of the first
    /// when it has used up its slice and somebody waits.
    pub(super) fn should_yield(&self, kernel: &Kernel, computed: Duration) -> bool {
        self.with_local(|local| {
            kernel.timers.fire_if_due(kernel);
            let goes_ahead = self.queues.has_prompt();
            let has_more = if computed < BRIEF {
                local.queue.has_more()
            } else {
                local.queue.share()
            };
            let others_wait = has_more || self.queues.has_injected();
            if others_wait || goes_ahead {
                self.notify();
            }
            let is_full = computed >= FULL_SLICE;
            let is_used_up = local.is_second.get() || is_full;
            let gives_way = if local.is_second.get() {
                others_wait || (is_full && self.queues.has_second())
            } else {
                is_full && (others_wait || self.queues.has_second())
            };
            if (gives_way || goes_ahead) && is_used_up {
                local.is_preempted.set(true);
            }
            gives_way || goes_ahead
        })
        .unwrap_or(true)
    }

    /// Not for the crew's own threads. Who calls it second waits as long as who called it first.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        self.idle.wake_all();
        for thread in self.threads.lock().drain(..) {
            // A thread that panicked has said so already; there is nobody else to tell.
            let _panicked = thread.join();
        }
    }

    fn notify(&self) -> Notified {
        let notified = self.idle.notify();
        if notified == (Notified::Woke { all_slept: true }) {
            self.hooks.on_busy();
        }
        notified
    }

    fn with_local<R>(&self, with: impl FnOnce(&Local) -> R) -> Option<R> {
        LOCAL.with(|local| {
            let local = local.borrow();
            let local = local.as_ref().filter(|local| local.is_of(self))?;
            Some(with(local))
        })
    }

    /// The next process for this worker, without sleeping.
    fn next(&self, kernel: &Kernel, local: &Local) -> Option<Next> {
        let n_slices = local.n_slices.get().wrapping_add(1);
        local.n_slices.set(n_slices);
        let is_timers_turn = n_slices.is_multiple_of(TIMERS_EVERY);
        if is_timers_turn {
            kernel.timers.fire_if_due(kernel);
        }
        if let Some(process) = self.queues.pop_prompt(&local.queue) {
            return Some(self.instead(local, Next::first(process)));
        }
        if local.is_injectors_turn()
            && let Some(process) = self.queues.pop_injected(&local.queue)
        {
            return Some(self.instead(local, Next::first(process)));
        }
        if n_slices.is_multiple_of(SECOND_EVERY)
            && let Some(process) = self.second_if_due(kernel, local)
        {
            return Some(self.instead(local, Next::second(process)));
        }
        if let Some(process) = local.queue.pop() {
            if self.queues.has_prompt() {
                // It is this one's turn, however long that takes.
                self.notify();
            }
            let follows = !is_timers_turn;
            return Some(Next {
                follows,
                ..Next::first(process)
            });
        }
        let batch = || {
            let process = self.queues.pop_injected(&local.queue);
            process.or_else(|| self.queues.steal(local.index, &local.queue))
        };
        if let Some(process) = batch() {
            return Some(self.instead(local, Next::first(process)));
        }
        if let Some(process) = self.queues.pop_prompt(&local.queue) {
            return Some(Next::first(process));
        }
        let process = self.queues.pop_second()?;
        local.second_served.set(kernel.clock.now());
        Some(Next::second(process))
    }

    /// The worker takes a process from elsewhere, so others may help with what waits in its own queue: with what
    /// was to be next there, and with the rest of a batch, which nobody could see while it was taken.
    fn instead(&self, local: &Local, next: Next) -> Next {
        if local.queue.share() || self.queues.has_prompt() {
            self.notify();
        }
        next
    }

    fn second_if_due(&self, kernel: &Kernel, local: &Local) -> Option<Arc<Process>> {
        if !self.queues.has_second() {
            return None;
        }
        let now = kernel.clock.now();
        if now < local.second_served.get() + SECOND_QUEUE_PERIOD {
            return None;
        }
        local.second_served.set(now);
        self.queues.pop_second()
    }

    /// The next process, sleeping until there is one; none when the crew stops.
    fn wait(&self, kernel: &Kernel, local: &Local) -> Option<Next> {
        if let Some(found) = self.next(kernel, local) {
            return Some(found);
        }
        self.idle.begin_search();
        loop {
            let found = self.next(kernel, local);
            let is_stopping = self.is_stopping.load(Ordering::SeqCst);
            if found.is_some() || is_stopping {
                let was_last = self.idle.end_search();
                if was_last && self.queues.has_work() {
                    self.notify();
                }
                return found;
            }
            self.idle.end_search();
            self.idle.announce(local.index);
            if self.queues.has_work() || self.is_stopping.load(Ordering::SeqCst) {
                if self.idle.retract(local.index) {
                    self.hooks.on_busy();
                }
            } else {
                self.idle.sleep(local.index);
            }
        }
    }
}

/// Which process is to run.
struct Next {
    process: Arc<Process>,
    /// It comes from the second queue.
    is_second: bool,
    /// Since the last slice ended the worker has done nothing but take it out of its own queue. That queue is empty when a worker
    /// searches or sleeps, and what it finds then comes from elsewhere.
    follows: bool,
}

impl Next {
    fn first(process: Arc<Process>) -> Self {
        Self {
            process,
            is_second: false,
            follows: false,
        }
    }

    fn second(process: Arc<Process>) -> Self {
        Self {
            is_second: true,
            ..Self::first(process)
        }
    }
}

impl Local {
    /// Once in so many slices, and not between a process and the one it woke: that has the rest of its budget first.
    fn is_injectors_turn(&self) -> bool {
        let n_slices = self.since_injected.get() + 1;
        let is_turn = n_slices >= INJECTOR_EVERY && !self.queue.has_next_within_budget();
        self.since_injected.set(if is_turn { 0 } else { n_slices });
        is_turn
    }

    fn is_of(&self, crew: &Crew) -> bool {
        std::ptr::eq(self.crew, crew)
    }
}

fn work(kernel: &Arc<Kernel>, seat: Seat) {
    let super::Scheduler::Threaded(crew) = &kernel.sched else {
        return;
    };
    let local = Rc::new(Local {
        crew: &raw const **crew,
        index: seat.index,
        kernel: KernelRef::new(kernel),
        known: RefCell::default(),
        queue: seat.queue,
        n_slices: Cell::new(0),
        since_injected: Cell::new(0),
        second_served: Cell::new(Duration::ZERO),
        is_second: Cell::new(false),
        is_preempted: Cell::new(false),
    });
    LOCAL.with(|seat| seat.replace(Some(Rc::clone(&local))));
    crew.hooks.around_worker(&mut || {
        let mut last_end = Mark::NONE;
        while let Some(next) = crew.wait(kernel, &local) {
            let process = next.process;
            local.is_second.set(next.is_second);
            local.is_preempted.set(false);
            let (after, end) = slice::run(&process, last_end.only_if(next.follows));
            // Who is put back into a queue takes its time, and may wake somebody.
            last_end = end.only_if(after == After::Rest);
            match after {
                After::Rest => {}
                After::Requeue if local.is_preempted.get() => crew.ready(process, Ready::Preempted),
                After::Requeue => crew.ready(process, Ready::Requeued),
            }
        }
    });
    LOCAL.with(RefCell::take);
}

#[cfg(loom)]
#[cfg(test)]
mod models;
