//! What a line says, on its way from a parser through the reader to the counter.

use crate::{Reader, Writer};

/// What a line says, of the lines that say anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Nothing: it is blank.
    Blank,
    /// A request was answered.
    Request {
        /// With this status.
        status: u64,
        /// And so many bytes.
        size: u64,
        /// It was for this path.
        path: &'a str,
    },
}

impl<'a> Outcome<'a> {
    /// Behind what is there already.
    pub fn write(self, to: &mut Writer) {
        match self {
            Self::Blank => to.u64(0),
            Self::Request { status, size, path } => {
                to.u64(1).u64(status).u64(size).bytes(path.as_bytes())
            }
        };
    }

    /// Off the front.
    pub fn read(from: &mut Reader<'a>) -> Option<Self> {
        match from.u64()? {
            0 => Some(Self::Blank),
            1 => Some(Self::Request {
                status: from.u64()?,
                size: from.u64()?,
                path: from.text()?,
            }),
            _ => None,
        }
    }
}

/// The payload of [`tag::PARSED`](crate::tag::PARSED): a line's number and its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// The line's number.
    pub number: u64,
    /// The bytes of its [`Outcome`], which the reader passes on unread.
    pub outcome: &'a [u8],
}

impl<'a> Parsed<'a> {
    /// For the parser.
    pub fn encode(number: u64, outcome: Outcome<'_>) -> Vec<u8> {
        let mut to = Writer::new();
        to.u64(number);
        outcome.write(&mut to);
        to.finish()
    }

    /// For the reader.
    pub fn decode(payload: &'a [u8]) -> Option<Self> {
        let mut from = Reader::new(payload);
        Some(Self {
            number: from.u64()?,
            outcome: from.rest(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the parser sends is what the counter reads, one behind the other.
    #[test]
    fn outcomes_travel_unread() {
        let request = Outcome::Request {
            status: 404,
            size: 9,
            path: "/grüße",
        };
        let mut batch = Vec::new();
        for (number, outcome) in [(3, request), (4, Outcome::Blank)] {
            let payload = Parsed::encode(number, outcome);
            let parsed = Parsed::decode(&payload).unwrap();
            assert_eq!(parsed.number, number);
            batch.extend(parsed.outcome);
        }
        let mut from = Reader::new(&batch);
        assert_eq!(Outcome::read(&mut from), Some(request));
        assert_eq!(Outcome::read(&mut from), Some(Outcome::Blank));
        assert!(from.is_empty());
    }
}
