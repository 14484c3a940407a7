//! Pairs, pages and transactions of the key-value store, as they cross the border.
//!
//! A pair is a text (key) and sized bytes (value). A page is a text or none (where to go on) and a
//! list of pairs. A transaction is a list of operations:
//!
//! | offset | operation |
//! |---:|---|
//! | 0 | `kind: u32`: 0 put, 1 delete, 2 expect |
//! | 4 | `zero: u32` |
//! | 8 | `expires-ms: u64`, [`NONE_MS`] for never and for the other kinds |
//! | 16 | text: key; for put sized bytes; for expect sized bytes or none |

use crate::bytes::{Full, Malformed, NONE_MS, Reader, Record, Writer, optional_len, text_len};
use crate::list::List;

/// A key and its value: the raw twin of `pair`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The key.
    pub key: &'a str,
    /// The value.
    pub value: &'a [u8],
}

impl<'a> Record<'a> for Pair<'a> {
    fn encoded_len(&self) -> usize {
        text_len(self.key).saturating_add(optional_len(Some(self.value.len())))
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        to.text(self.key)?;
        to.sized(self.value)
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            key: from.text()?,
            value: from.sized()?,
        })
    }
}

/// Some pairs of a bucket: the raw twin of `page`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Page<'a> {
    /// The key to go on from; none at the end.
    pub next: Option<&'a str>,
    /// The pairs, in byte order of their keys.
    pub pairs: List<'a, Pair<'a>>,
}

impl<'a> Record<'a> for Page<'a> {
    fn encoded_len(&self) -> usize {
        optional_len(self.next.map(str::len)).saturating_add(self.pairs.encoded_len())
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        to.optional_text(self.next)?;
        self.pairs.write(to)
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            next: from.optional_text()?,
            pairs: List::read(from)?,
        })
    }
}

/// One step of a transaction: the raw twin of `op`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// Kind 0: write a value.
    Put {
        /// The key.
        key: &'a str,
        /// The value.
        value: &'a [u8],
        /// When it goes away again.
        expires_ms: Option<u64>,
    },
    /// Kind 1: remove a value.
    Delete(&'a str),
    /// Kind 2: go on only if this is so.
    Expect {
        /// The key.
        key: &'a str,
        /// Its value; none when the key must be absent.
        value: Option<&'a [u8]>,
    },
}

impl<'a> Record<'a> for Op<'a> {
    fn encoded_len(&self) -> usize {
        let rest = match self {
            Self::Put { key, value, .. } => {
                text_len(key).saturating_add(optional_len(Some(value.len())))
            }
            Self::Delete(key) => text_len(key),
            Self::Expect { key, value } => {
                text_len(key).saturating_add(optional_len(value.map(<[u8]>::len)))
            }
        };
        rest.saturating_add(16)
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        let (kind, expires_ms) = match self {
            Self::Put { expires_ms, .. } => (0, expires_ms.unwrap_or(NONE_MS)),
            Self::Delete(_) => (1, NONE_MS),
            Self::Expect { .. } => (2, NONE_MS),
        };
        to.u32(kind)?;
        to.u32(0)?;
        to.u64(expires_ms)?;
        match *self {
            Self::Put { key, value, .. } => {
                to.text(key)?;
                to.sized(value)
            }
            Self::Delete(key) => to.text(key),
            Self::Expect { key, value } => {
                to.text(key)?;
                to.optional_sized(value)
            }
        }
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        let kind = from.u32()?;
        let zero = from.u32()?;
        if zero != 0 {
            return Err(Malformed::Unknown(zero));
        }
        let expires_ms = Some(from.u64()?).filter(|ms| *ms != NONE_MS);
        if kind != 0 && expires_ms.is_some() {
            return Err(Malformed::Unknown(kind));
        }
        let key = from.text()?;
        match kind {
            0 => Ok(Self::Put {
                key,
                value: from.sized()?,
                expires_ms,
            }),
            1 => Ok(Self::Delete(key)),
            2 => Ok(Self::Expect {
                key,
                value: from.optional_sized()?,
            }),
            unknown => Err(Malformed::Unknown(unknown)),
        }
    }
}
