//! What a supervisor reports: every event as a struct, and who may watch.
//!
//! The crate neither prints nor logs. Reports come in the order in which things happened to that supervisor.

use rusm_actor::{ExitReason, Pid};
use rusm_plan::Intensity;
use std::sync::Arc;

/// Which start of a child this was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Together with its supervisor.
    First,
    /// After it, or a sibling, had ended.
    Restart,
}

/// How a child that its supervisor stopped came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopOutcome {
    /// It ended within the time it had.
    InTime,
    /// It did not, and was killed.
    TimedOut,
    /// It was killed without being asked.
    BrutallyKilled,
}

/// One thing that happened to a supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupervisorReport {
    /// Which supervisor.
    pub supervisor: Pid,
    /// What it is labelled.
    pub label: Arc<str>,
    /// What happened.
    pub event: SupervisorEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SupervisorEvent {
    /// All children have been started.
    Started,
    /// A child has a process.
    ChildStarted {
        /// Which child.
        id: Arc<str>,
        /// Its process.
        pid: Pid,
        /// Which start.
        attempt: Attempt,
    },
    /// A child has no process. At the first start the supervisor ends; at a restart it tries again.
    StartFailed {
        /// Which child.
        id: Arc<str>,
        /// Why.
        reason: ExitReason,
        /// Which start.
        attempt: Attempt,
    },
    /// A child ended by itself.
    ChildEnded {
        /// Which child.
        id: Arc<str>,
        /// Its process.
        pid: Pid,
        /// Why.
        reason: ExitReason,
        /// Whether its restart type asks for a restart; the intensity may still forbid it.
        will_restart: bool,
    },
    /// A child was stopped by its supervisor.
    ChildStopped {
        /// Which child.
        id: Arc<str>,
        /// Its process.
        pid: Pid,
        /// What it ended with.
        reason: ExitReason,
        /// Whether it did so by itself.
        outcome: StopOutcome,
    },
    /// One restart too many; the supervisor stops its children and ends with `shutdown`.
    GaveUp {
        /// Whose restart it was.
        id: Arc<str>,
        /// What was allowed.
        intensity: Intensity,
    },
    /// All children have ended, and now the supervisor does.
    Stopped {
        /// What it ends with.
        reason: ExitReason,
    },
}

/// Told of everything that happens to a supervisor, in the supervisor's own slice.
///
/// An observer must be quick and must not block: the supervisor waits for it.
pub trait SupervisorObserver: Send + Sync {
    /// Takes note of one report.
    fn report(&self, report: &SupervisorReport);
}
