//! A refusal by the process's own profile, as it crosses the border.
//!
//! Layout: three texts, `permission`, `target`, `help`.

use crate::bytes::{Full, Malformed, Reader, Record, Writer, text_len};

/// A refusal: the raw twin of `denial`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial<'a> {
    /// The grant asked for, by its manifest name.
    pub permission: &'a str,
    /// The thing it was asked for.
    pub target: &'a str,
    /// The manifest line that would allow it.
    pub help: &'a str,
}

impl<'a> Record<'a> for Denial<'a> {
    fn encoded_len(&self) -> usize {
        text_len(self.permission)
            .saturating_add(text_len(self.target))
            .saturating_add(text_len(self.help))
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        to.text(self.permission)?;
        to.text(self.target)?;
        to.text(self.help)
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            permission: from.text()?,
            target: from.text()?,
            help: from.text()?,
        })
    }
}
