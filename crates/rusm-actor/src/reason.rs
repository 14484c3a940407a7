//! Why a process ended: [`ExitReason`], and which reasons count as normal.

use std::fmt;
use std::sync::Arc;

/// A bound of the process's profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// Linear memory.
    Memory,
    /// CPU time of its life, or of one slice.
    CpuTime,
    /// Wall time of its life.
    WallTime,
    /// Bytes written to standard output and error.
    Output,
    /// Messages or bytes waiting in the mailbox.
    Mailbox,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::CpuTime => "cpu-time",
            Self::WallTime => "wall-time",
            Self::Output => "output",
            Self::Mailbox => "mailbox",
        })
    }
}

/// Why a process ended, as links, monitors and supervisors see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitReason {
    /// Its body returned (OTP statement 003).
    Normal,
    /// It was asked to stop, in order.
    Shutdown,
    /// An untrappable kill. Passed on by a link it is an ordinary reason (OTP statement 035).
    Killed,
    /// The process addressed does not exist, or no longer.
    NoProcess,
    /// The node of the process became unreachable.
    NoConnection,
    /// The guest trapped, or host code panicked on its behalf; the text says where.
    Trap(Arc<str>),
    /// It never ran: its code or one of its grants could not be set up.
    NotStarted(Arc<str>),
    /// It ran into a bound of its profile.
    Limit(Limit),
    /// Its own reason, such as an exit code other than 0.
    Error(Arc<str>),
}

impl ExitReason {
    /// [`ExitReason::Trap`] with this text.
    pub fn trap(text: impl Into<Arc<str>>) -> Self {
        Self::Trap(text.into())
    }

    /// [`ExitReason::NotStarted`] with this text.
    pub fn not_started(text: impl Into<Arc<str>>) -> Self {
        Self::NotStarted(text.into())
    }

    /// [`ExitReason::Error`] with this text.
    pub fn error(text: impl Into<Arc<str>>) -> Self {
        Self::Error(text.into())
    }

    /// Exactly `Normal`: the reason that does not end linked processes (OTP statement 042).
    pub fn is_normal(&self) -> bool {
        matches!(self, Self::Normal)
    }

    /// The bytes of its text.
    pub(crate) fn text_len(&self) -> usize {
        match self {
            Self::Trap(text) | Self::NotStarted(text) | Self::Error(text) => text.len(),
            Self::Normal
            | Self::Shutdown
            | Self::Killed
            | Self::NoProcess
            | Self::NoConnection
            | Self::Limit(_) => 0,
        }
    }

    /// The same kind of reason, without its text.
    pub(crate) fn without_text(self) -> Self {
        match self {
            Self::Trap(_) => Self::trap(""),
            Self::NotStarted(_) => Self::not_started(""),
            Self::Error(_) => Self::error(""),
            other @ (Self::Normal
            | Self::Shutdown
            | Self::Killed
            | Self::NoProcess
            | Self::NoConnection
            | Self::Limit(_)) => other,
        }
    }

    /// `Normal` or `Shutdown`: a transient child is not restarted (OTP statement 119).
    pub fn is_orderly(&self) -> bool {
        matches!(self, Self::Normal | Self::Shutdown)
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Shutdown => f.write_str("shutdown"),
            Self::Killed => f.write_str("killed"),
            Self::NoProcess => f.write_str("no-process"),
            Self::NoConnection => f.write_str("no-connection"),
            Self::Trap(text) => write!(f, "trap: {text}"),
            Self::NotStarted(text) => write!(f, "not-started: {text}"),
            Self::Limit(limit) => write!(f, "limit: {limit}"),
            Self::Error(text) => write!(f, "error: {text}"),
        }
    }
}
