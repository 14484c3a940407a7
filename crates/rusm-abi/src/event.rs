//! What `receive` delivers, as it crosses the border.
//!
//! Layout: a head of [`EVENT_HEAD`] bytes, then the rest up to the end of the record.
//!
//! | offset | field | message | request | exit | down |
//! |---:|---|---|---|---|---|
//! | 0 | `kind: u32` | 0 | 1 | 2 | 3 |
//! | 4 | `zero: u32` | 0 | 0 | 0 | 0 |
//! | 8 | `process: u64` | sender | sender | who ended | who ended |
//! | 16 | `tag: u64` | tag | tag | 0 | 0 |
//! | 24 | `reference: u64` | 0 | id to reply to | 0 | the monitor |
//! | 32 | the rest | payload | payload | reason | reason |

use crate::bytes::{Full, Malformed, Reader, Record, Writer};
use crate::reason::Reason;

/// How many bytes come before an event's payload or reason.
pub const EVENT_HEAD: usize = 32;

/// What `receive` delivers: the raw twin of `event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message.
    Message {
        /// Who sent it.
        sender: u64,
        /// Its label.
        tag: u64,
        /// Its bytes.
        payload: &'a [u8],
    },
    /// A message whose sender waits for a reply.
    Request {
        /// What to reply to.
        id: u64,
        /// Who sent it.
        sender: u64,
        /// Its label.
        tag: u64,
        /// Its bytes.
        payload: &'a [u8],
    },
    /// An exit signal, trapped.
    Exit {
        /// Whose exit it was.
        sender: u64,
        /// Why.
        reason: Reason<'a>,
    },
    /// A monitored process ended.
    Down {
        /// The monitor.
        monitor: u64,
        /// Who ended.
        process: u64,
        /// Why.
        reason: Reason<'a>,
    },
}

/// In one piece: every message is written with one.
fn head(kind: u32, process: u64, tag: u64, reference: u64) -> [u8; EVENT_HEAD] {
    let mut head = [0; EVENT_HEAD];
    let words = [u64::from(kind), process, tag, reference];
    for (field, word) in head.as_chunks_mut().0.iter_mut().zip(words) {
        *field = word.to_le_bytes();
    }
    head
}

impl<'a> Record<'a> for Event<'a> {
    fn encoded_len(&self) -> usize {
        let rest = match self {
            Self::Message { payload, .. } | Self::Request { payload, .. } => payload.len(),
            Self::Exit { reason, .. } | Self::Down { reason, .. } => reason.encoded_len(),
        };
        rest.saturating_add(EVENT_HEAD)
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        let (kind, process, tag, reference) = match *self {
            Self::Message { sender, tag, .. } => (0, sender, tag, 0),
            Self::Request {
                id, sender, tag, ..
            } => (1, sender, tag, id),
            Self::Exit { sender, .. } => (2, sender, 0, 0),
            Self::Down {
                monitor, process, ..
            } => (3, process, 0, monitor),
        };
        to.array(&head(kind, process, tag, reference))?;
        match self {
            Self::Message { payload, .. } | Self::Request { payload, .. } => to.bytes(payload),
            Self::Exit { reason, .. } | Self::Down { reason, .. } => reason.write(to),
        }
    }

    /// Takes all that is left as the rest: an event is always the last thing in its bytes.
    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        let kind = from.u32()?;
        let zero = from.u32()?;
        if zero != 0 {
            return Err(Malformed::Unknown(zero));
        }
        let (process, tag, reference) = (from.u64()?, from.u64()?, from.u64()?);
        match kind {
            0 => Ok(Self::Message {
                sender: process,
                tag,
                payload: from.take_rest(),
            }),
            1 => Ok(Self::Request {
                id: reference,
                sender: process,
                tag,
                payload: from.take_rest(),
            }),
            2 => Ok(Self::Exit {
                sender: process,
                reason: Reason::read(from)?,
            }),
            3 => Ok(Self::Down {
                monitor: reference,
                process,
                reason: Reason::read(from)?,
            }),
            unknown => Err(Malformed::Unknown(unknown)),
        }
    }
}
