//! What ends a guest in the middle of a host call: [`Fault`].
//!
//! A fault is never an answer that a guest could go on from. Through both guest paths it unwinds the guest
//! and becomes the process's exit reason.

use crate::guest::{GuestExit, LimitBreach};
use rusm_abi::Malformed;
use rusm_actor::{ExitReason, InvalidName};

/// The guest does not go on.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It ends with this reason.
    Exit(ExitReason),
    /// It did what no correct program does.
    Misuse(Misuse),
    /// It ran into a bound of its profile.
    Breach(LimitBreach),
}

/// What no correct program does.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misuse {
    #[error("0 was given as a pid, and is none")]
    ZeroPid,
    #[error("0 was given as a reference, and is none")]
    ZeroReference,
    #[error("what was given as a name is none ({error}): '{given}'")]
    Name { given: String, error: InvalidName },
    #[error("no permission is called '{given}'")]
    Permission { given: String },
    #[error("a process may have at most {most} {what}")]
    TooMany { what: &'static str, most: usize },
    #[error("the module exports no memory called 'memory'")]
    NoMemory,
    #[error("{length} bytes at {pointer:#x} are not all inside the memory of {size} bytes")]
    OutOfBounds {
        pointer: u32,
        length: u32,
        size: usize,
    },
    #[error("the text at {pointer:#x} is not UTF-8")]
    NotText { pointer: u32 },
    #[error("the {record} at {pointer:#x} cannot be read: {cause}")]
    Record {
        record: &'static str,
        pointer: u32,
        cause: Malformed,
    },
}

impl From<Misuse> for Fault {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl From<Fault> for wasmtime::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Exit(reason) => Self::new(GuestExit(reason)),
            Fault::Misuse(misuse) => Self::new(misuse),
            Fault::Breach(breach) => Self::new(breach),
        }
    }
}
