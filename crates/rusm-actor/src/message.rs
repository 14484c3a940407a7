//! What processes say to each other: [`Payload`], [`Message`], [`CallRequest`], and the [`Event`]s
//! that a receive hands out.
//!
//! Bytes are moved, never shared, so nothing the sender does later changes what the receiver reads
//! (OTP statement 021). Only the kernel makes `Exit` and `Down` events: no message can be mistaken
//! for one.

use crate::id::{Pid, Ref};
use crate::reason::ExitReason;
use std::fmt;

/// Payloads up to this many bytes travel inside their envelope.
const INLINE_BYTES: usize = 23;

/// A copy of more bytes is made in pieces of so many.
const COPIED_AT_ONCE: usize = 2_048;

/// The bytes of a message; short ones need no allocation.
#[derive(Clone)]
pub struct Payload(Bytes);

/// Which of the two it is takes a word, so that the others lie at words.
#[derive(Clone)]
#[repr(u64)]
enum Bytes {
    Inline(Short),
    Heap(Vec<u8>),
}

/// Bytes that are written and moved as whole words: a processor waits when it reads in one piece what it has just written in
/// several. The last of them is their number.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Short([u8; INLINE_BYTES + 1]);

impl Short {
    #[inline]
    fn new(from: &[u8]) -> Option<Self> {
        let len = u8::try_from(from.len()).ok()?;
        let mut bytes = [0; INLINE_BYTES + 1];
        let [room @ .., last] = &mut bytes;
        match room.first_chunk_mut() {
            Some(first) if from.len() <= WORD => *first = word(from).to_le_bytes(),
            _ => room.get_mut(..from.len())?.copy_from_slice(from),
        }
        *last = len;
        Some(Self(bytes))
    }

    fn as_slice(&self) -> &[u8] {
        let Self([room @ .., len]) = self;
        room.get(..usize::from(*len)).unwrap_or(room)
    }
}

/// The bytes of a word.
const WORD: usize = size_of::<u64>();

/// Up to a word of bytes as a number, the first of them lowest.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    const HALF: usize = WORD / 2;
    match (bytes.first_chunk::<HALF>(), bytes.last_chunk::<HALF>()) {
        (Some(first), Some(last)) => {
            // They overlap where there is less than a word.
            let n_bytes_below = bytes.len() - HALF;
            let [first, last] = [*first, *last].map(|half| u64::from(u32::from_le_bytes(half)));
            first | last << (8 * n_bytes_below)
        }
        _ => bytes
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

impl Payload {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Bytes::Inline(short) => short.as_slice(),
            Bytes::Heap(bytes) => bytes,
        }
    }

    /// The bytes, owned; copies only what was inline.
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Bytes::Inline(_) => self.as_slice().to_vec(),
            Bytes::Heap(bytes) => bytes,
        }
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn inline(from: &[u8]) -> Option<Self> {
        Some(Self(Bytes::Inline(Short::new(from)?)))
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::inline(&bytes).unwrap_or(Self(Bytes::Heap(bytes)))
    }
}

impl From<&[u8]> for Payload {
    fn from(bytes: &[u8]) -> Self {
        Self::inline(bytes).unwrap_or_else(|| {
            let mut copy = Vec::with_capacity(bytes.len());
            // Not at once: what glibc copies a long piece with, `rep movsb`, takes some processors twenty times as long where
            // both lie at almost the same place of their pages.
            let pieces = bytes.chunks(COPIED_AT_ONCE);
            pieces.for_each(|piece| copy.extend_from_slice(piece));
            Self(Bytes::Heap(copy))
        })
    }
}

impl From<&str> for Payload {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl<const N: usize> From<[u8; N]> for Payload {
    fn from(bytes: [u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Payload {}

impl fmt::Debug for Payload {
    /// The size only: payloads stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.len())
    }
}

/// A message from one process to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it; set by the kernel.
    pub from: Pid,
    /// A label chosen by the application, for selective receive.
    pub tag: u64,
    /// The bytes.
    pub payload: Payload,
}

/// A message whose sender waits for a reply to `id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRequest {
    /// Answer to this.
    pub id: Ref,
    /// Who asks; set by the kernel.
    pub from: Pid,
    /// A label chosen by the application, for selective receive.
    pub tag: u64,
    /// The bytes.
    pub payload: Payload,
}

/// One thing that a receive hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message.
    Message(Message),
    /// A request that waits for [`reply`](crate::Context::reply).
    Request(CallRequest),
    /// A trapped exit signal (OTP statement 032).
    Exit {
        /// Who ended, or who sent the signal.
        from: Pid,
        /// Why.
        reason: ExitReason,
    },
    /// A monitored process ended (OTP statement 050).
    Down {
        /// The monitor, as `monitor` returned it.
        monitor: Ref,
        /// Who ended.
        pid: Pid,
        /// Why.
        reason: ExitReason,
    },
}

impl Event {
    /// How many payload bytes it holds in a mailbox; `None` for a notice, which no bound sheds.
    pub(crate) fn charged_bytes(&self) -> Option<usize> {
        match self {
            Self::Message(message) => Some(message.payload.len()),
            Self::Request(request) => Some(request.payload.len()),
            Self::Exit { .. } | Self::Down { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_keeps_every_length_around_the_inline_bound() {
        for len in 0..64 {
            let bytes: Vec<u8> = (0..len).collect();
            assert_eq!(Payload::from(bytes.as_slice()).as_slice(), bytes);
            assert_eq!(Payload::from(bytes.clone()).into_vec(), bytes);
        }
    }

    #[test]
    fn payload_keeps_what_is_copied_in_pieces() {
        for len in [
            COPIED_AT_ONCE - 1,
            COPIED_AT_ONCE,
            2 * COPIED_AT_ONCE,
            65_537,
        ] {
            let bytes: Vec<u8> = (0..len).map(|at| (at / 7).to_le_bytes()[0]).collect();
            assert_eq!(Payload::from(bytes.as_slice()).as_slice(), bytes);
        }
    }
}
