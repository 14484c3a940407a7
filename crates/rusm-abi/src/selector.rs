//! What `receive` looks for, as it crosses the border.
//!
//! | offset | field |
//! |---:|---|
//! | 0 | `sender: u64`, 0 for anybody |
//! | 8 | `monitor: u64`, 0 for no monitor in particular |
//! | 16 | `count: u32` of tags, [`NONE_LENGTH`] for any tag or none |
//! | 20 | `count` tags, `u64` each |

use crate::bytes::{Full, Malformed, NONE_LENGTH, Reader, Record, Writer};
use crate::list::List;

/// What `receive` looks for: the raw twin of `selector`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Selector<'a> {
    /// Any of these tags.
    pub tags: Option<List<'a, u64>>,
    /// Who sent it.
    pub sender: Option<u64>,
    /// The `down` event of this monitor.
    pub monitor: Option<u64>,
}

impl<'a> Record<'a> for Selector<'a> {
    fn encoded_len(&self) -> usize {
        self.tags
            .map_or(4, |tags| tags.encoded_len())
            .saturating_add(16)
    }

    fn write(&self, to: &mut Writer<'_>) -> Result<(), Full> {
        to.id(self.sender)?;
        to.id(self.monitor)?;
        match self.tags {
            Some(tags) => tags.write(to),
            None => to.u32(NONE_LENGTH),
        }
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        let sender = from.id()?;
        let monitor = from.id()?;
        let tags = match from.u32()? {
            NONE_LENGTH => None,
            count => Some(List::read_items(count, from)?),
        };
        Ok(Self {
            tags,
            sender,
            monitor,
        })
    }
}
