//! What a supervisor reports: [`Report`]. It prints nothing itself.

use rusm_plan::Decision;

use crate::{ExitReason, Pid};

/// How a child that its supervisor stopped came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ended within the time it had.
    InTime,
    /// It did not, and was killed.
    TimedOut,
    /// It was killed without being asked.
    BrutallyKilled,
}

/// One thing that happened (OTP statement 146). The id of a child of a dynamic supervisor is that of its spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A child has a process.
    Started {
        /// Which child.
        id: String,
        /// Its process.
        process: Pid,
    },
    /// A child chose to be ignored, and has no process.
    Ignored {
        /// Which child.
        id: String,
    },
    /// A child has no process.
    StartFailed {
        /// Which child.
        id: String,
        /// Why.
        reason: ExitReason,
    },
    /// A child ended by itself.
    Ended {
        /// Which child.
        id: String,
        /// Why.
        reason: ExitReason,
        /// What the supervisor does about it.
        decision: Decision,
    },
    /// A child was stopped.
    Stopped {
        /// Which child.
        id: String,
        /// What it ended with.
        reason: ExitReason,
        /// Whether it did so by itself.
        outcome: Outcome,
    },
    /// One restart too many, of this child: all are stopped, and the supervisor ends with `shutdown`.
    GaveUp {
        /// Which child.
        id: String,
    },
}
