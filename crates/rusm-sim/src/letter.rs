//! What the payloads of a run say: [`Letter`].

use crate::fact::LetterId;
use rusm_actor::{Payload, Ref};

/// A numbered payload of any length from 24 bytes on, so that a lost, doubled or mutilated one shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Which.
    pub id: LetterId,
    /// A request that the receiver may answer in the sender's place: its reference, and its letter.
    pub handed_on: Option<(Ref, LetterId)>,
    /// Bytes at the end that say nothing.
    pub padding: usize,
}

/// What the padding consists of.
const FILLER: u8 = 0xa5;

impl Letter {
    /// The payload.
    pub fn write(&self) -> Payload {
        let mut bytes = Vec::with_capacity(24 + self.padding);
        bytes.extend(self.id.0.to_le_bytes());
        let (request, of) = self
            .handed_on
            .map_or((0, 0), |(request, of)| (request.as_u64(), of.0));
        bytes.extend(request.to_le_bytes());
        bytes.extend(of.to_le_bytes());
        bytes.resize(24 + self.padding, FILLER);
        bytes.into()
    }

    /// The letter that a payload is; none if it is not one, whole and unchanged.
    pub fn read(payload: &Payload) -> Option<Self> {
        let (id, rest) = payload.as_slice().split_first_chunk()?;
        let (request, rest) = rest.split_first_chunk()?;
        let (of, padding) = rest.split_first_chunk()?;
        let handed_on = Ref::from_u64(u64::from_le_bytes(*request))
            .map(|request| (request, LetterId(u64::from_le_bytes(*of))));
        let is_whole = padding.iter().all(|byte| *byte == FILLER);
        is_whole.then_some(Self {
            id: LetterId(u64::from_le_bytes(*id)),
            handed_on,
            padding: padding.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_it_was_written_or_not_at_all() {
        for (handed_on, padding) in [(None, 0), (Ref::from_u64(9).zip(Some(LetterId(2))), 70)] {
            let letter = Letter {
                id: LetterId(5),
                handed_on,
                padding,
            };
            assert_eq!(Letter::read(&letter.write()), Some(letter));
        }
        assert_eq!(Letter::read(&Payload::from("short")), None);
        assert_eq!(Letter::read(&Payload::from([0; 25])), None);
    }
}
