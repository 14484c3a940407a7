//! What can be asked of a supervisor, and what it answers (OTP statements 129 to 133).

use std::fmt;

use rusm_plan::{ChildKind, Counts};

use super::{ChildSpec, SpecError};
use crate::server::CallError;
use crate::{ExitReason, Pid};

/// A call to a supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Which,
    Count,
    Start(Box<ChildSpec>),
    StartWith(Vec<String>),
    Terminate(String),
    TerminateProcess(Pid),
    Restart(String),
    Delete(String),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Children(Vec<ChildInfo>),
    Counts(Counts),
    /// The process of a child that was started; none if it chose to be ignored.
    Started(Option<Pid>),
    Nothing,
}

/// Whether a child has a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It has this one.
    Running(Pid),
    /// Its restart failed and is to be tried again.
    Restarting,
    /// It is stopped, has ended for good, or chose to be ignored.
    Stopped,
}

/// One child, as [`which_children`](super::which_children) lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildInfo {
    /// What it is called; none in a dynamic supervisor.
    pub id: Option<String>,
    /// Whether it has a process.
    pub presence: Presence,
    /// Worker or supervisor.
    pub kind: ChildKind,
}

/// Why a supervisor did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminError {
    /// There is no such child.
    NotFound,
    /// The child runs, as this process; only a stopped one can be restarted or deleted.
    Running(Pid),
    /// The child is to be restarted; only a stopped one can be restarted or deleted.
    Restarting,
    /// A child with that id runs already, as this process.
    AlreadyStarted(Pid),
    /// A child with that id is there already, and is stopped.
    AlreadyPresent,
    /// The start of the child failed with this reason. A new child leaves no spec.
    NotStarted(ExitReason),
    /// The spec of the new child is unusable; the text says why.
    BadSpec(String),
    /// A dynamic supervisor takes arguments and processes, any other specs and ids.
    WrongKind,
    /// The supervisor does not do that for this process.
    Refused,
    /// There was no answer.
    Call(CallError),
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no such child"),
            Self::Running(pid) => write!(f, "the child runs, as process {pid}: stop it first"),
            Self::Restarting => f.write_str("the child is being restarted: stop it first"),
            Self::AlreadyStarted(pid) => {
                write!(f, "a child with this id runs already, as process {pid}")
            }
            Self::AlreadyPresent => {
                f.write_str("a child with this id is there already: restart or delete it")
            }
            Self::NotStarted(reason) => write!(f, "the child did not start: {reason}"),
            Self::BadSpec(text) => f.write_str(text),
            Self::WrongKind => f.write_str(
                "a dynamic supervisor takes arguments and processes, any other specs and ids",
            ),
            Self::Refused => f.write_str("the supervisor does not do that for this process"),
            Self::Call(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AdminError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Call(error) = self {
            Some(error)
        } else {
            None
        }
    }
}

impl From<SpecError> for AdminError {
    fn from(error: SpecError) -> Self {
        Self::BadSpec(error.to_string())
    }
}
