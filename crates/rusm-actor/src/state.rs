//! Whether a process waits, is queued, runs, or is gone: [`RunState`] and the cell it is kept in.
//!
//! ```text
//!            arrival, wake    begin             end
//!   Idle ───────────────► Queued ──────► Running ───────────► Idle
//!                           ▲            │  ▲  │ wake
//!                           │    arrival ▼  │  ▼
//!                           │           Noted ► Rerun          (any) ──finish──► Gone
//!                           └──────────────┴──────┘
//!                                     end
//! ```
//!
//! `Noted` goes back to `Running` when the slice itself has used up the one thing that arrived; so two that
//! talk on different workers are not run once more for a message that was read already.
//!
//! # Ownership
//! Only the worker that moved a process to `Running` may touch its owner half. `wake` is for anybody.
//! Each transition answers what the caller has to do next, so nobody reads the state and guesses.
//!
//! # Locking
//! The cell changes under the lock of the inbox only: an arrival and the state it causes are one step, and a
//! slice that follows a wake sees what was done before it. Reading needs no lock.

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
    /// In a slice, and something arrived meanwhile that the slice has not looked at.
    Noted = 3,
    /// In a slice, and woken meanwhile: it goes back into a queue afterwards.
    Rerun = 4,
    /// Ended.
    Gone = 5,
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

impl RunState {
    fn from_u8(number: u8) -> Self {
        match number {
            0 => Self::Idle,
            1 => Self::Queued,
            2 => Self::Running,
            3 => Self::Noted,
            4 => Self::Rerun,
            _ => Self::Gone,
        }
    }
}

/// The state of one process. Whoever changes it holds the lock of the inbox.
#[derive(Debug)]
pub(crate) struct RunStateCell(AtomicU8);

impl RunStateCell {
    pub(crate) fn new(state: RunState) -> Self {
        Self(AtomicU8::new(state as u8))
    }

    /// For anybody. Acquire: who sees `Gone` has behind it what came before.
    pub(crate) fn load(&self) -> RunState {
        RunState::from_u8(self.0.load(Ordering::Acquire))
    }

    fn set(&self, state: RunState) {
        self.0.store(state as u8, Ordering::Release);
    }

    /// An envelope was put into the inbox.
    pub(crate) fn arrive(&self) -> Woken {
        self.rouse(RunState::Noted)
    }

    /// Something happened that the process waits for.
    pub(crate) fn wake(&self) -> Woken {
        self.rouse(RunState::Rerun)
    }

    fn rouse(&self, in_slice: RunState) -> Woken {
        match self.load() {
            RunState::Idle => {
                self.set(RunState::Queued);
                return Woken::Enqueue;
            }
            RunState::Running | RunState::Noted => self.set(in_slice),
            RunState::Queued | RunState::Rerun | RunState::Gone => {}
        }
        Woken::Nothing
    }

    /// A worker took the process out of a queue.
    pub(crate) fn begin(&self) {
        assert_eq!(
            self.load(),
            RunState::Queued,
            "a process in a run queue is Queued"
        );
        self.set(RunState::Running);
    }

    /// The slice has used up the only thing that arrived: nobody else can be waiting for it.
    pub(crate) fn used_up(&self) {
        if self.load() == RunState::Noted {
            self.set(RunState::Running);
        }
    }

    /// The slice has acted on what arrived. Parts of the body that looked before that look again in another
    /// slice.
    pub(crate) fn looked(&self) {
        if self.load() == RunState::Noted {
            self.set(RunState::Rerun);
        }
    }

    /// The slice is over and the process lives on.
    pub(crate) fn end(&self) -> Ended {
        match self.load() {
            RunState::Running => {
                self.set(RunState::Idle);
                Ended::Rest
            }
            RunState::Noted | RunState::Rerun => {
                self.set(RunState::Queued);
                Ended::Requeue
            }
            state @ (RunState::Idle | RunState::Queued | RunState::Gone) => {
                unreachable!("a slice of a process that is {state:?}")
            }
        }
    }

    /// The process ended: no wake can follow.
    pub(crate) fn finish(&self) {
        self.set(RunState::Gone);
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
        use RunState::{Gone, Idle, Noted, Queued, Rerun, Running};
        for (from, by_arrival, by_wake, next) in [
            (Idle, Queued, Queued, Woken::Enqueue),
            (Queued, Queued, Queued, Woken::Nothing),
            (Running, Noted, Rerun, Woken::Nothing),
            (Noted, Noted, Rerun, Woken::Nothing),
            (Rerun, Rerun, Rerun, Woken::Nothing),
            (Gone, Gone, Gone, Woken::Nothing),
        ] {
            let state = RunStateCell::new(from);
            assert_eq!((state.arrive(), state.load()), (next, by_arrival));
            let state = RunStateCell::new(from);
            assert_eq!((state.wake(), state.load()), (next, by_wake));
        }
    }

    #[test]
    fn a_slice_that_was_woken_is_queued_again() {
        let state = RunStateCell::new(RunState::Queued);
        state.begin();
        assert_eq!(state.end(), Ended::Rest);
        assert_eq!(state.wake(), Woken::Enqueue);
        state.begin();
        assert_eq!(state.wake(), Woken::Nothing);
        assert_eq!(state.end(), Ended::Requeue);
        assert_eq!(state.load(), RunState::Queued);
    }

    #[test]
    fn what_arrives_in_a_slice_asks_for_another_unless_it_is_used_up_there() {
        let state = RunStateCell::new(RunState::Queued);
        state.begin();
        assert_eq!(state.arrive(), Woken::Nothing);
        state.used_up();
        assert_eq!(state.end(), Ended::Rest);
        for looked in [false, true] {
            assert_eq!(state.arrive(), Woken::Enqueue);
            state.begin();
            assert_eq!(state.arrive(), Woken::Nothing);
            if looked {
                state.looked();
                state.used_up();
            }
            assert_eq!(state.end(), Ended::Requeue);
            state.begin();
            assert_eq!(state.end(), Ended::Rest);
        }
    }
}
