//! Why a process ended, as it crosses the border.
//!
//! Layout: `kind: u32`, `limit: u32` (0 unless the kind is limit), then for trap, not-started and
//! error a text. At least 8 bytes.

use crate::bytes::{Full, Malformed, Reader, Record, Writer, text_len};

/// Which bound of its profile a process ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Linear memory: 0.
    Memory,
    /// CPU time: 1.
    CpuTime,
    /// Wall time: 2.
    WallTime,
    /// Standard output and error: 3.
    Output,
    /// The mailbox: 4.
    Mailbox,
}

impl Limit {
    fn as_u32(self) -> u32 {
        match self {
            Self::Memory => 0,
            Self::CpuTime => 1,
            Self::WallTime => 2,
            Self::Output => 3,
            Self::Mailbox => 4,
        }
    }

    fn from_u32(number: u32) -> Result<Self, Malformed> {
        match number {
            0 => Ok(Self::Memory),
            1 => Ok(Self::CpuTime),
            2 => Ok(Self::WallTime),
            3 => Ok(Self::Output),
            4 => Ok(Self::Mailbox),
            unknown => Err(Malformed::Unknown(unknown)),
        }
    }
}

/// Why a process ended: the raw twin of `exit-reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'a> {
    /// Kind 0.
    Normal,
    /// Kind 1.
    Shutdown,
    /// Kind 2.
    Killed,
    /// Kind 3.
    NoProcess,
    /// Kind 4.
    NoConnection,
    /// Kind 5, with a text.
    Trap(&'a str),
    /// Kind 6, with a text.
    NotStarted(&'a str),
    /// Kind 7, with a limit.
    Limit(Limit),
    /// Kind 8, with a text.
    Error(&'a str),
}

impl<'a> Reason<'a> {
    fn kind(&self) -> u32 {
        match self {
            Self::Normal => 0,
            Self::Shutdown => 1,
            Self::Killed => 2,
            Self::NoProcess => 3,
            Self::NoConnection => 4,
            Self::Trap(_) => 5,
            Self::NotStarted(_) => 6,
            Self::Limit(_) => 7,
            Self::Error(_) => 8,
        }
    }

    fn text(&self) -> Option<&'a str> {
        match self {
            Self::Trap(text) | Self::NotStarted(text) | Self::Error(text) => Some(text),
            Self::Normal
            | Self::Shutdown
            | Self::Killed
            | Self::NoProcess
            | Self::NoConnection
            | Self::Limit(_) => None,
        }
    }

    fn limit(&self) -> u32 {
        match self {
            Self::Limit(limit) => limit.as_u32(),
            Self::Normal
            | Self::Shutdown
            | Self::Killed
            | Self::NoProcess
            | Self::NoConnection
            | Self::Trap(_)
            | Self::NotStarted(_)
            | Self::Error(_) => 0,
        }
    }
}

impl<'a> Record<'a> for Reason<'a> {
    fn encoded_len(&self) -> usize {
        self.text().map_or(0, text_len).saturating_add(8)
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        to.u32(self.kind())?;
        to.u32(self.limit())?;
        match self.text() {
            Some(text) => to.text(text),
            None => Ok(()),
        }
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        let kind = from.u32()?;
        let limit = from.u32()?;
        let reason = match kind {
            0 => Self::Normal,
            1 => Self::Shutdown,
            2 => Self::Killed,
            3 => Self::NoProcess,
            4 => Self::NoConnection,
            5 => Self::Trap(from.text()?),
            6 => Self::NotStarted(from.text()?),
            7 => return Limit::from_u32(limit).map(Self::Limit),
            8 => Self::Error(from.text()?),
            unknown => return Err(Malformed::Unknown(unknown)),
        };
        match limit {
            0 => Ok(reason),
            unknown => Err(Malformed::Unknown(unknown)),
        }
    }
}
