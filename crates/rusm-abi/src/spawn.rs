//! How a new process is asked for and what is answered, as they cross the border.
//!
//! | offset | options |
//! |---:|---|
//! | 0 | `flags: u32`: 1 link, 2 monitor |
//! | 4 | `max-memory-mb: u32`, `u32::MAX` for none |
//! | 8 | `max-cpu-ms: u64`, [`NONE_MS`] for none |
//! | 16 | `timeout-ms: u64`, [`NONE_MS`] for none |
//! | 24 | text or none: name; text or none: profile; list of texts: arguments; list of texts: revoked permissions |
//!
//! | offset | spawned |
//! |---:|---|
//! | 0 | `process: u64` |
//! | 8 | `monitor: u64`, 0 for none |

use crate::bytes::{Full, Malformed, NONE_MS, Reader, Record, Writer, optional_len};
use crate::list::List;

const LINK: u32 = 1;
const MONITOR: u32 = 2;
const NO_MEMORY_BOUND: u32 = u32::MAX;

/// How a new process is asked for: the raw twin of `options` with its `restrictions`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpawnOptions<'a> {
    /// Link it to the caller.
    pub link: bool,
    /// Monitor it from the caller.
    pub monitor: bool,
    /// Register it under this name.
    pub name: Option<&'a str>,
    /// A profile that its manifest entry offers.
    pub profile: Option<&'a str>,
    /// Its arguments.
    pub args: List<'a, &'a str>,
    /// Permissions to take away.
    pub revoke: List<'a, &'a str>,
    /// A narrower bound of its memory.
    pub max_memory_mb: Option<u32>,
    /// A narrower bound of its CPU time.
    pub max_cpu_ms: Option<u64>,
    /// A narrower bound of its wall time.
    pub timeout_ms: Option<u64>,
}

impl SpawnOptions<'_> {
    /// Asks for nothing in particular; what an empty record means.
    pub const fn plain() -> Self {
        Self {
            link: false,
            monitor: false,
            name: None,
            profile: None,
            args: List::empty(),
            revoke: List::empty(),
            max_memory_mb: None,
            max_cpu_ms: None,
            timeout_ms: None,
        }
    }
}

impl<'a> Record<'a> for SpawnOptions<'a> {
    fn encoded_len(&self) -> usize {
        [
            optional_len(self.name.map(str::len)),
            optional_len(self.profile.map(str::len)),
            self.args.encoded_len(),
            self.revoke.encoded_len(),
        ]
        .into_iter()
        .fold(24, usize::saturating_add)
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        let link = if self.link { LINK } else { 0 };
        let monitor = if self.monitor { MONITOR } else { 0 };
        to.u32(link | monitor)?;
        to.u32(self.max_memory_mb.unwrap_or(NO_MEMORY_BOUND))?;
        to.u64(self.max_cpu_ms.unwrap_or(NONE_MS))?;
        to.u64(self.timeout_ms.unwrap_or(NONE_MS))?;
        to.optional_text(self.name)?;
        to.optional_text(self.profile)?;
        self.args.write(to)?;
        self.revoke.write(to)
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        let flags = from.u32()?;
        if flags & !(LINK | MONITOR) != 0 {
            return Err(Malformed::Unknown(flags));
        }
        Ok(Self {
            link: flags & LINK != 0,
            monitor: flags & MONITOR != 0,
            max_memory_mb: Some(from.u32()?).filter(|mb| *mb != NO_MEMORY_BOUND),
            max_cpu_ms: Some(from.u64()?).filter(|ms| *ms != NONE_MS),
            timeout_ms: Some(from.u64()?).filter(|ms| *ms != NONE_MS),
            name: from.optional_text()?,
            profile: from.optional_text()?,
            args: List::read(from)?,
            revoke: List::read(from)?,
        })
    }
}

/// A process that was spawned: the raw twin of `spawned`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spawned {
    /// Its pid.
    pub process: u64,
    /// The monitor, if one was asked for.
    pub monitor: Option<u64>,
}

impl<'a> Record<'a> for Spawned {
    fn encoded_len(&self) -> usize {
        16
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        to.u64(self.process)?;
        to.id(self.monitor)
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            process: from.u64()?,
            monitor: from.id()?,
        })
    }
}
