//! Lines on their way to a parser.

use crate::{Reader, Writer};

/// A line of the log, and which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: u64,
    /// Without its line feed.
    pub bytes: Vec<u8>,
}

/// The payload of [`tag::WORK`](crate::tag::WORK).
pub fn encode_work<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Vec<u8> {
    let mut to = Writer::new();
    for line in lines {
        to.u64(line.number).bytes(&line.bytes);
    }
    to.finish()
}

/// Number and bytes of each line of a [`tag::WORK`](crate::tag::WORK) payload.
pub fn lines_of_work(payload: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut from = Reader::new(payload);
    std::iter::from_fn(move || Some((from.u64()?, from.bytes()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Work arrives as it was sent, empty lines too.
    #[test]
    fn work_reads_back() {
        let lines = [
            Line {
                number: 7,
                bytes: b"a b".into(),
            },
            Line {
                number: 9,
                bytes: Vec::new(),
            },
        ];
        let payload = encode_work(&lines);
        let read: Vec<_> = lines_of_work(&payload).collect();
        assert_eq!(read, [(7, b"a b".as_slice()), (9, b"".as_slice())]);
    }
}
