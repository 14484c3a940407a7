//! Where a signal goes: [`Destination`].

use std::fmt;

use crate::Pid;

/// A process, or whoever holds a registered name when the signal arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// This process.
    Pid(Pid),
    /// The holder of this name.
    Name(&'a str),
}

impl From<Pid> for Destination<'_> {
    fn from(pid: Pid) -> Self {
        Self::Pid(pid)
    }
}

impl<'a> From<&'a str> for Destination<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl<'a> From<&'a String> for Destination<'a> {
    fn from(name: &'a String) -> Self {
        Self::Name(name)
    }
}

impl fmt::Display for Destination<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pid(pid) => write!(f, "process {pid}"),
            Self::Name(name) => write!(f, "'{name}'"),
        }
    }
}
