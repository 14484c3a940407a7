//! Why a server was not called, not started, or not stopped.

use std::fmt;

use crate::mailbox;
use crate::spawner::SpawnError;
use crate::{Denial, ExitReason, Pid};

use super::protocol::NoValue;

/// Why [`call`](super::call) has no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The profile does not allow this receiver.
    Denied(Denial),
    /// The server's mailbox is at its bound.
    MailboxFull,
    /// The encoded request is larger than the node accepts.
    TooLarge,
    /// No reply within the time given. The server still handles the request; a reply that comes later is dropped.
    Timeout,
    /// The server ended before it replied, or there is none (`no-process`).
    Exited(ExitReason),
    /// A process called itself, and would have waited for ever.
    CallsItself,
    /// The server could not read the request: it speaks of other types.
    Unreadable,
    /// The server does not do that for this process.
    Refused,
    /// The reply is none of the type expected.
    BadReply,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => denial.fmt(f),
            Self::MailboxFull => f.write_str("cannot call: the server's mailbox is full"),
            Self::TooLarge => {
                f.write_str("cannot call: the request is larger than the node accepts")
            }
            Self::Timeout => f.write_str("no reply within the time given"),
            Self::Exited(reason) => write!(f, "no reply: the server ended ({reason})"),
            Self::CallsItself => f.write_str("cannot call: a process cannot wait for itself"),
            Self::Unreadable => {
                f.write_str("the server could not read the request: is it of the type it expects?")
            }
            Self::Refused => {
                f.write_str("the server refused: it does not do that for this process")
            }
            Self::BadReply => f.write_str("the reply could not be read: is its type the server's?"),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Denied(denial) = self {
            Some(denial)
        } else {
            None
        }
    }
}

impl From<mailbox::CallError> for CallError {
    fn from(error: mailbox::CallError) -> Self {
        match error {
            mailbox::CallError::Denied(denial) => Self::Denied(denial),
            mailbox::CallError::MailboxFull => Self::MailboxFull,
            mailbox::CallError::TooLarge => Self::TooLarge,
            mailbox::CallError::Timeout => Self::Timeout,
            mailbox::CallError::Exited(reason) => Self::Exited(reason),
        }
    }
}

impl From<NoValue> for CallError {
    fn from(why: NoValue) -> Self {
        match why {
            NoValue::Unreadable => Self::Unreadable,
            NoValue::Refused => Self::Refused,
            NoValue::BadReply => Self::BadReply,
        }
    }
}

/// Why [`start`](super::start) has no server. Whatever it had spawned has ended, and its name is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// A process with the wanted name runs already: this one.
    AlreadyStarted(Pid),
    /// The initialisation answered that there is nothing to serve.
    Ignored,
    /// The initialisation stopped, or failed, with this reason.
    Failed(ExitReason),
    /// The initialisation took longer than it had time, and was killed.
    Timeout,
    /// There was no process to begin with.
    Spawn(SpawnError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyStarted(pid) => write!(f, "already started: process {pid} has the name"),
            Self::Ignored => f.write_str("not started: the server chose to be ignored"),
            Self::Failed(reason) => write!(f, "not started: {reason}"),
            Self::Timeout => f.write_str("not started within the time given"),
            Self::Spawn(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Spawn(error) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// Why [`stop`](super::stop) did not stop a server as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopError {
    /// There is no such process.
    NoProcess,
    /// It has ended, but with this reason, and not the one asked for.
    Exited(ExitReason),
    /// It did not end: the server refused, was not reached, or took longer than the time given.
    Call(CallError),
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProcess => f.write_str("cannot stop: there is no such process"),
            Self::Exited(reason) => write!(f, "ended, but with another reason: {reason}"),
            Self::Call(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StopError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Call(error) = self {
            Some(error)
        } else {
            None
        }
    }
}
