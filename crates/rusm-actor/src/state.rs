//! Whether a process waits, is queued, runs, or is gone: [`RunState`] and its atomic form.
//!
//! ```text
//!            wake            begin             end, nothing new
//!   Idle ──────────► Queued ───────► Running ───────────────────► Idle
//!                      ▲               │ wake
//!                      │     end       ▼
//!                      └──────────── Rerun          (any) ──finish──► Gone
//! ```
//!
//! # Ownership
//! Only the worker that moved a process to `Running` may touch its owner half. `wake` is for anybody.
//! Each transition answers what the caller has to do next, so nobody reads the state and guesses.

use crate::sync::{AtomicU8, Ordering};

/// Where a process stands with the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RunState {
    /// Nothing to do; in no queue.
    Idle = 0,
    /// In exactly one run queue.
    Queued = 1,
    /// In a slice on one worker.
    Running = 2,
    /// In a slice, and woken meanwhile: it goes back into a queue afterwards.
    Rerun = 3,
    /// Ended.
    Gone = 4,
}

/// What a waker has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Woken {
    /// Put the process into a run queue.
    Enqueue,
    /// Somebody else sees to it, or it is gone.
    Nothing,
}

/// What a worker has to do after a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Ended {
    /// Put the process back into a run queue.
    Requeue,
    /// Leave it.
    Rest,
}

#[derive(Debug)]
pub(crate) struct AtomicRunState(AtomicU8);

impl AtomicRunState {
    pub(crate) fn new(state: RunState) -> Self {
        Self(AtomicU8::new(state as u8))
    }

    pub(crate) fn load(&self) -> RunState {
        match self.0.load(Ordering::Acquire) {
            0 => RunState::Idle,
            1 => RunState::Queued,
            2 => RunState::Running,
            3 => RunState::Rerun,
            _ => RunState::Gone,
        }
    }

    /// An envelope was put into the inbox. Cheaper than [`AtomicRunState::wake`]: who reads `Queued` or
    /// `Rerun` need not write it back. The slice to come takes the inbox after it has left that state, under
    /// the inbox's lock; had it done so before the envelope went in, the lock would show this reader the
    /// later state.
    pub(crate) fn arrive(&self) -> Woken {
        match self.load() {
            RunState::Queued | RunState::Rerun | RunState::Gone => Woken::Nothing,
            RunState::Idle | RunState::Running => self.wake(),
        }
    }

    /// Something happened that the process waits for.
    pub(crate) fn wake(&self) -> Woken {
        loop {
            let (from, to, next) = match self.load() {
                RunState::Idle => (RunState::Idle, RunState::Queued, Woken::Enqueue),
                RunState::Running => (RunState::Running, RunState::Rerun, Woken::Nothing),
                // A read-modify-write even here: it puts the arrival before the slice that will see it.
                RunState::Queued => (RunState::Queued, RunState::Queued, Woken::Nothing),
                RunState::Rerun => (RunState::Rerun, RunState::Rerun, Woken::Nothing),
                RunState::Gone => return Woken::Nothing,
            };
            if self.swap_from(from, to) {
                return next;
            }
        }
    }

    /// A worker took the process out of a queue.
    pub(crate) fn begin(&self) {
        let was_queued = self.swap_from(RunState::Queued, RunState::Running);
        assert!(was_queued, "a process in a run queue is Queued");
    }

    /// The slice is over and the process lives on.
    pub(crate) fn end(&self) -> Ended {
        if self.swap_from(RunState::Running, RunState::Idle) {
            return Ended::Rest;
        }
        let was_woken = self.swap_from(RunState::Rerun, RunState::Queued);
        assert!(was_woken, "a process in a slice is Running or Rerun");
        Ended::Requeue
    }

    /// The process ended. A read-modify-write like every other transition: no wake can follow it.
    pub(crate) fn finish(&self) {
        self.0.swap(RunState::Gone as u8, Ordering::AcqRel);
    }

    /// AcqRel on success: what one worker did in a slice is seen by the worker of the next, and what
    /// came before a wake by the slice that it caused.
    fn swap_from(&self, from: RunState, to: RunState) -> bool {
        self.0
            .compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

#[cfg(loom)]
#[cfg(test)]
mod models;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wake_table() {
        for (from, to, next) in [
            (RunState::Idle, RunState::Queued, Woken::Enqueue),
            (RunState::Queued, RunState::Queued, Woken::Nothing),
            (RunState::Running, RunState::Rerun, Woken::Nothing),
            (RunState::Rerun, RunState::Rerun, Woken::Nothing),
            (RunState::Gone, RunState::Gone, Woken::Nothing),
        ] {
            let state = AtomicRunState::new(from);
            assert_eq!(state.wake(), next);
            assert_eq!(state.load(), to);
        }
    }

    #[test]
    fn a_slice_that_was_woken_is_queued_again() {
        let state = AtomicRunState::new(RunState::Queued);
        state.begin();
        assert_eq!(state.end(), Ended::Rest);
        assert_eq!(state.wake(), Woken::Enqueue);
        state.begin();
        assert_eq!(state.wake(), Woken::Nothing);
        assert_eq!(state.end(), Ended::Requeue);
        assert_eq!(state.load(), RunState::Queued);
    }
}
