//! The sums: what the counter answers, and what the reader knows at the end.

use crate::{Reader, Writer};

/// The reply to [`tag::TOTALS`](crate::tag::TOTALS).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Well-formed lines.
    pub requests: u64,
    /// Blank lines.
    pub blank: u64,
    /// All sizes together. Two sizes alone may exceed 64 bits.
    pub bytes: u128,
    /// How many different paths there are.
    pub n_paths: u64,
    /// Each status and how often it was, in order of the status.
    pub statuses: Vec<(u64, u64)>,
    /// The most requested paths and how often they were, most first; of equals the first by name.
    pub top_paths: Vec<(String, u64)>,
}

impl Totals {
    /// For the counter.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::new();
        to.u64(self.requests)
            .u64(self.blank)
            .u128(self.bytes)
            .u64(self.n_paths);
        to.u64(count(self.statuses.len()));
        for (status, times) in &self.statuses {
            to.u64(*status).u64(*times);
        }
        for (path, times) in &self.top_paths {
            to.bytes(path.as_bytes()).u64(*times);
        }
        to.finish()
    }

    /// For the report.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let mut from = Reader::new(payload);
        let mut totals = Self {
            requests: from.u64()?,
            blank: from.u64()?,
            bytes: from.u128()?,
            n_paths: from.u64()?,
            ..Self::default()
        };
        for _ in 0..from.u64()? {
            totals.statuses.push((from.u64()?, from.u64()?));
        }
        while !from.is_empty() {
            totals.top_paths.push((from.text()?.into(), from.u64()?));
        }
        Some(totals)
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).expect("lengths fit 64 bits")
}

/// The payload of [`tag::DONE`](crate::tag::DONE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// All lines of the log.
    pub lines: u64,
    /// Lines that a parser trapped on.
    pub crashes: u64,
}

impl Done {
    /// For the reader.
    pub fn encode(self) -> Vec<u8> {
        Writer::new().u64(self.lines).u64(self.crashes).finish()
    }

    /// For the report.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let mut from = Reader::new(payload);
        Some(Self {
            lines: from.u64()?,
            crashes: from.u64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The report reads what the counter wrote.
    #[test]
    fn totals_read_back() {
        let totals = Totals {
            requests: 3,
            blank: 1,
            bytes: u128::from(u64::MAX) + 5,
            n_paths: 2,
            statuses: vec![(200, 2), (404, 1)],
            top_paths: vec![("/".into(), 2), ("/x".into(), 1)],
        };
        assert_eq!(Totals::decode(&totals.encode()), Some(totals.clone()));
        assert_eq!(
            Totals::decode(totals.encode().split_last().unwrap().1),
            None
        );
    }
}
