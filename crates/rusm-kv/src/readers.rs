//! Who may read: everybody, by the view of the last commit, but nobody while a compaction runs.

use crate::error::ReadError;
use crate::snapshot::View;
use parking_lot::{Condvar, Mutex};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Where the last commit is published.
#[derive(Default)]
pub(crate) struct Readers {
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    phase: Phase,
    /// Snapshots that are held.
    held: usize,
    /// Snapshots that were held.
    released: u64,
    waiting: BTreeMap<u64, Waker>,
    next_ticket: u64,
}

#[derive(Default)]
enum Phase {
    Open(Arc<View>),
    #[default]
    Busy,
    Failed(String),
    Closed,
}

/// A held view.
pub(crate) struct Held {
    // In this order: what is counted no more is held no more.
    view: Arc<View>,
    _counted: Counted,
}

/// Counts as a reader until it is dropped.
struct Counted(Arc<Readers>);

impl Readers {
    /// The view of the last commit.
    pub(crate) fn hold(self: &Arc<Self>) -> Result<Held, ReadError> {
        let mut state = self.state.lock();
        let view = match &state.phase {
            Phase::Open(view) => Arc::clone(view),
            Phase::Busy => return Err(ReadError::Busy),
            Phase::Failed(reason) => return Err(ReadError::failed(reason)),
            Phase::Closed => return Err(ReadError::Closed),
        };
        state.held += 1;
        Ok(Held {
            view,
            _counted: Counted(Arc::clone(self)),
        })
    }

    /// The same, later if a compaction runs. `ticket` is the place where this waiter's waker is kept.
    pub(crate) fn poll_hold(
        self: &Arc<Self>,
        ticket: &mut Option<u64>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Held, ReadError>> {
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Busy) {
            let ticket = *ticket.get_or_insert(state.next_ticket);
            state.next_ticket = state.next_ticket.max(ticket + 1);
            state.waiting.insert(ticket, cx.waker().clone());
            return Poll::Pending;
        }
        drop(state);
        match self.hold() {
            Err(ReadError::Busy) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            ready => Poll::Ready(ready),
        }
    }

    /// The number of snapshots that were released.
    pub(crate) fn released(&self) -> u64 {
        self.state.lock().released
    }

    /// Forgets a waiter.
    pub(crate) fn forget(&self, ticket: u64) {
        self.state.lock().waiting.remove(&ticket);
    }

    /// Shows what a commit has left, and lets everybody read.
    pub(crate) fn publish(&self, view: View) {
        self.enter(Phase::Open(Arc::new(view)));
    }

    /// Lets nobody read until the file is opened anew.
    pub(crate) fn fail(&self, reason: &str) {
        self.enter(Phase::Failed(reason.to_owned()));
    }

    /// Lets nobody read any more.
    pub(crate) fn close(&self) {
        self.enter(Phase::Closed);
    }

    /// Lets new readers wait and waits for those that read; false if they go on for longer than `patience`, and then
    /// everything is as before.
    pub(crate) fn exclude(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut state = self.state.lock();
        let before = std::mem::replace(&mut state.phase, Phase::Busy);
        while state.held > 0 {
            let waited = self.idle.wait_until(&mut state, until);
            if waited.timed_out() && state.held > 0 {
                drop(state);
                self.enter(before);
                return false;
            }
        }
        true
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.state.lock();
        let before = std::mem::replace(&mut state.phase, phase);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(before);
        waiting.into_values().for_each(Waker::wake);
    }
}

impl Held {
    pub(crate) fn view(&self) -> &View {
        &self.view
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.held -= 1;
        state.released += 1;
        if state.held == 0 {
            self.0.idle.notify_all();
        }
    }
}
