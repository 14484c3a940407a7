//! The sums: [`Tally`].

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use sample_protocol::{Outcome, Reader, Totals};

/// How many paths the totals name.
const N_TOP_PATHS: usize = 10;

/// Everything counted so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    requests: u64,
    blank: u64,
    bytes: u128,
    statuses: BTreeMap<u64, u64>,
    paths: HashMap<String, u64>,
}

impl Tally {
    /// Adds outcomes that lie one behind the other; none if they are cut off.
    pub(crate) fn add(&mut self, outcomes: &[u8]) -> Option<()> {
        let mut from = Reader::new(outcomes);
        while !from.is_empty() {
            match Outcome::read(&mut from)? {
                Outcome::Blank => self.blank += 1,
                Outcome::Request { status, size, path } => {
                    self.requests += 1;
                    self.bytes += u128::from(size);
                    *self.statuses.entry(status).or_default() += 1;
                    self.count_path(path);
                }
            }
        }
        Some(())
    }

    /// Most paths are known already; those cost no new text.
    fn count_path(&mut self, path: &str) {
        match self.paths.get_mut(path) {
            Some(times) => *times += 1,
            None => {
                self.paths.insert(path.into(), 1);
            }
        }
    }

    /// How many outcomes have been added.
    pub(crate) fn counted(&self) -> u64 {
        self.requests + self.blank
    }

    pub(crate) fn totals(&self) -> Totals {
        let mut paths: Vec<_> = self
            .paths
            .iter()
            .map(|(path, times)| (path.clone(), *times))
            .collect();
        paths.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        paths.truncate(N_TOP_PATHS);
        Totals {
            requests: self.requests,
            blank: self.blank,
            bytes: self.bytes,
            n_paths: u64::try_from(self.paths.len()).expect("lengths fit 64 bits"),
            statuses: self
                .statuses
                .iter()
                .map(|(status, times)| (*status, *times))
                .collect(),
            top_paths: paths,
        }
    }
}

#[cfg(test)]
mod tests {
    use sample_protocol::Writer;

    use super::*;

    /// Sums, and the order of the top paths: by number, then by name.
    #[test]
    fn sums_and_order() {
        let mut to = Writer::new();
        for (status, size, path) in [
            (200, 5, "/b"),
            (404, u64::MAX, "/a"),
            (200, 1, "/c"),
            (200, 1, "/c"),
        ] {
            Outcome::Request { status, size, path }.write(&mut to);
        }
        Outcome::Blank.write(&mut to);
        let mut tally = Tally::default();
        assert_eq!(tally.add(&to.finish()), Some(()));
        let totals = tally.totals();
        assert_eq!((totals.requests, totals.blank, tally.counted()), (4, 1, 5));
        assert_eq!(totals.bytes, u128::from(u64::MAX) + 7);
        assert_eq!(totals.statuses, [(200, 3), (404, 1)]);
        let top: Vec<_> = totals
            .top_paths
            .iter()
            .map(|(path, times)| (path.as_str(), *times))
            .collect();
        assert_eq!(top, [("/c", 2), ("/a", 1), ("/b", 1)]);
    }
}
