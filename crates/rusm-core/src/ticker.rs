//! The preemption tick: once a millisecond every engine's epoch goes up, while anybody runs.
//!
//! An idle node makes no wake-ups: when every worker has slept for a few ticks the ticker sleeps as well,
//! until the scheduler reports that a worker woke.
//!
//! # No lost wake-up
//! The ticker announces its sleep under its lock and then looks once more whether all workers sleep; the
//! scheduler counts a worker as awake before it takes that lock to look for a sleeping ticker.

use crate::engine::Engines;
use parking_lot::{Condvar, Mutex};
use rusm_actor::{Hooks, Node};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest that a guest computes before somebody looks whether others wait.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// Ticks without a running worker before the ticker sleeps.
const IDLE_TICKS_MAX: u32 = 10;

#[derive(Debug, Default)]
struct State {
    is_asleep: bool,
    is_stopped: bool,
}

/// Shared by the ticker's thread and the scheduler's hooks.
#[derive(Debug, Default)]
pub(crate) struct Ticker {
    state: Mutex<State>,
    call: Condvar,
}

impl Ticker {
    /// Starts the thread.
    pub(crate) fn start(
        self: &Arc<Self>,
        engines: Arc<Engines>,
        node: Node,
    ) -> std::io::Result<JoinHandle<()>> {
        let ticker = Arc::clone(self);
        let thread = std::thread::Builder::new().name("rusm-ticker".into());
        thread.spawn(move || ticker.run(&engines, &node))
    }

    pub(crate) fn stop(&self) {
        self.state.lock().is_stopped = true;
        self.call.notify_all();
    }

    fn wake(&self) {
        let mut state = self.state.lock();
        if state.is_asleep {
            state.is_asleep = false;
            self.call.notify_all();
        }
    }

    fn run(&self, engines: &Engines, node: &Node) {
        let mut n_idle = 0;
        loop {
            let mut state = self.state.lock();
            if state.is_stopped {
                return;
            }
            if n_idle < IDLE_TICKS_MAX {
                self.call.wait_for(&mut state, TICK);
            } else {
                state.is_asleep = true;
                while state.is_asleep && !state.is_stopped && node.is_idle() {
                    self.call.wait(&mut state);
                }
                state.is_asleep = false;
                n_idle = 0;
            }
            drop(state);
            engines.increment_epoch();
            n_idle = if node.is_idle() { n_idle + 1 } else { 0 };
        }
    }
}

/// What the scheduler tells the runtime.
pub(crate) struct SchedulerHooks {
    pub(crate) ticker: Arc<Ticker>,
    pub(crate) engines: Weak<Engines>,
    /// WASI's I/O needs an ambient reactor on every worker.
    pub(crate) io: tokio::runtime::Handle,
}

impl Hooks for SchedulerHooks {
    fn around_worker(&self, work: &mut dyn FnMut()) {
        let _ambient = self.io.enter();
        if let Some(engines) = self.engines.upgrade() {
            engines.settle();
        }
        work();
    }

    fn on_busy(&self) {
        self.ticker.wake();
    }

    /// Lets guests that compute look at once whether they should give way.
    fn on_pressure(&self) {
        if let Some(engines) = self.engines.upgrade() {
            engines.increment_epoch();
        }
    }
}
