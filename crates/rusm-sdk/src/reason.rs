//! Why a process ended: [`ExitReason`].

use rusm_abi::limits::MAX_REASON_TEXT;
use std::fmt;
use std::str::FromStr;

/// Which bound of its profile a process ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// Why a process ended. `Normal` and `Shutdown` are orderly, everything else is a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExitReason {
    /// It was done.
    Normal,
    /// It was asked to stop, in order.
    Shutdown,
    /// An untrappable kill. Passed on by a link it is an ordinary reason.
    Killed,
    /// The process addressed does not exist, or no longer.
    NoProcess,
    /// The node of the process became unreachable.
    NoConnection,
    /// The guest trapped; the text says where.
    Trap(String),
    /// It never ran: its code or one of its grants could not be set up.
    NotStarted(String),
    /// It ran into a bound of its profile.
    Limit(Limit),
    /// Its own reason: an exit code other than 0, or [`process::exit`](crate::process::exit).
    Error(String),
}

impl ExitReason {
    /// Exactly `Normal`: the one reason that does not end linked processes.
    pub const fn is_normal(&self) -> bool {
        matches!(self, Self::Normal)
    }

    /// `Normal` or `Shutdown`: a transient child is not restarted.
    pub const fn is_orderly(&self) -> bool {
        matches!(self, Self::Normal | Self::Shutdown)
    }
}

impl ExitReason {
    /// With as much of its text as the node keeps.
    pub(crate) fn cut(&self) -> Self {
        let cut = |text: &String| {
            let end = text.floor_char_boundary(MAX_REASON_TEXT);
            text.get(..end).unwrap_or_default().to_owned()
        };
        match self {
            Self::Trap(text) => Self::Trap(cut(text)),
            Self::NotStarted(text) => Self::NotStarted(cut(text)),
            Self::Error(text) => Self::Error(cut(text)),
            Self::Normal
            | Self::Shutdown
            | Self::Killed
            | Self::NoProcess
            | Self::NoConnection
            | Self::Limit(_) => self.clone(),
        }
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

/// The text is not what an [`ExitReason`] displays as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownReason;

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not an exit reason: expected normal, shutdown, killed, no-process, no-connection, \
             'trap: ..', 'not-started: ..', 'limit: ..' or 'error: ..'",
        )
    }
}

impl std::error::Error for UnknownReason {}

/// Reads what `Display` wrote.
impl FromStr for ExitReason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest.trim_start())),
            None => (text, None),
        };
        Ok(match (kind, rest) {
            ("normal", None) => Self::Normal,
            ("shutdown", None) => Self::Shutdown,
            ("killed", None) => Self::Killed,
            ("no-process", None) => Self::NoProcess,
            ("no-connection", None) => Self::NoConnection,
            ("trap", Some(text)) => Self::Trap(text.into()),
            ("not-started", Some(text)) => Self::NotStarted(text.into()),
            ("error", Some(text)) => Self::Error(text.into()),
            ("limit", Some("memory")) => Self::Limit(Limit::Memory),
            ("limit", Some("cpu-time")) => Self::Limit(Limit::CpuTime),
            ("limit", Some("wall-time")) => Self::Limit(Limit::WallTime),
            ("limit", Some("output")) => Self::Limit(Limit::Output),
            ("limit", Some("mailbox")) => Self::Limit(Limit::Mailbox),
            _ => return Err(UnknownReason),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every reason reads back from its own text, so that a reason can travel in a message.
    #[test]
    fn display_and_parse_agree() {
        let reasons = [
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::Killed,
            ExitReason::NoProcess,
            ExitReason::NoConnection,
            ExitReason::Trap("unreachable: at f".into()),
            ExitReason::NotStarted("no folder".into()),
            ExitReason::Limit(Limit::Memory),
            ExitReason::Limit(Limit::CpuTime),
            ExitReason::Limit(Limit::WallTime),
            ExitReason::Limit(Limit::Output),
            ExitReason::Limit(Limit::Mailbox),
            ExitReason::Error("exit code 3".into()),
        ];
        for reason in reasons {
            assert_eq!(reason.to_string().parse(), Ok(reason));
        }
        assert_eq!("finished".parse::<ExitReason>(), Err(UnknownReason));
        assert_eq!("limit: patience".parse::<ExitReason>(), Err(UnknownReason));
    }
}
