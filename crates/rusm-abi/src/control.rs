//! What is known of another process, as it crosses the border.
//!
//! | offset | field |
//! |---:|---|
//! | 0 | `process: u64` |
//! | 8 | `parent: u64`, 0 for none |
//! | 16 | `memory-bytes: u64` |
//! | 24 | `cpu-time-us: u64` |
//! | 32 | `mailbox-length: u32` |
//! | 36 | `restarts: u32` |
//! | 40 | text: component; text or none: name; text: profile; text: state |

use crate::bytes::{Full, Malformed, Reader, Record, Writer, optional_len, text_len};

/// What is known of a process: the raw twin of `info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info<'a> {
    /// Its pid.
    pub process: u64,
    /// Who spawned it.
    pub parent: Option<u64>,
    /// What it runs.
    pub component: &'a str,
    /// Its registered name.
    pub name: Option<&'a str>,
    /// What it may do.
    pub profile: &'a str,
    /// What it is doing.
    pub state: &'a str,
    /// How many messages wait for it.
    pub mailbox_length: u32,
    /// Its linear memory.
    pub memory_bytes: u64,
    /// The CPU time it has used.
    pub cpu_time_us: u64,
    /// How often its supervisor has restarted it.
    pub restarts: u32,
}

impl<'a> Record<'a> for Info<'a> {
    fn encoded_len(&self) -> usize {
        [
            text_len(self.component),
            optional_len(self.name.map(str::len)),
            text_len(self.profile),
            text_len(self.state),
        ]
        .into_iter()
        .fold(40, usize::saturating_add)
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        to.u64(self.process)?;
        to.id(self.parent)?;
        to.u64(self.memory_bytes)?;
        to.u64(self.cpu_time_us)?;
        to.u32(self.mailbox_length)?;
        to.u32(self.restarts)?;
        to.text(self.component)?;
        to.optional_text(self.name)?;
        to.text(self.profile)?;
        to.text(self.state)
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            process: from.u64()?,
            parent: from.id()?,
            memory_bytes: from.u64()?,
            cpu_time_us: from.u64()?,
            mailbox_length: from.u32()?,
            restarts: from.u32()?,
            component: from.text()?,
            name: from.optional_text()?,
            profile: from.text()?,
            state: from.text()?,
        })
    }
}
