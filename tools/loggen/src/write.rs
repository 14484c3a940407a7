//! A whole log: [`write_log`].

use std::io::{self, Write};

use crate::dirt::Dirt;
use crate::line::Line;
use crate::random::Random;
use crate::recipe::Recipe;

/// Malformed lines, of 10,000.
const MALFORMED: u64 = 50;
/// Blank lines, of 10,000.
const BLANK: u64 = 10;
/// Lines that end with a carriage return and a line feed, of 10,000.
const CARRIAGE_RETURN: u64 = 100;

/// What [`write_log`] wrote, by its own account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Lines that can be counted.
    pub well_formed: u64,
    /// Lines without a byte.
    pub blank: u64,
    /// Everything else.
    pub malformed: u64,
}

impl Written {
    /// All lines.
    pub fn lines(&self) -> u64 {
        self.well_formed + self.blank + self.malformed
    }
}

/// Writes the log that the recipe names. `to` should be buffered.
///
/// # Errors
/// Those of `to`.
pub fn write_log(recipe: Recipe, to: &mut impl Write) -> io::Result<Written> {
    let mut random = Random::new(recipe.seed);
    let mut written = Written::default();
    let mut second = 0;
    for _ in 0..recipe.lines {
        second += random.below(9);
        let kind = random.below(10_000);
        if kind < MALFORMED {
            written.malformed += 1;
            to.write_all(&random.pick(Dirt::ALL).draw(&mut random, second))?;
        } else if kind < MALFORMED + BLANK {
            written.blank += 1;
        } else {
            written.well_formed += 1;
            to.write_all(&Line::draw(&mut random, second).bytes())?;
        }
        let end: &[u8] = if random.chance(CARRIAGE_RETURN, 10_000) {
            b"\r\n"
        } else {
            b"\n"
        };
        to.write_all(end)?;
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(seed: u64, lines: u64) -> (Vec<u8>, Written) {
        let mut bytes = Vec::new();
        let written = write_log(Recipe { seed, lines }, &mut bytes).unwrap();
        (bytes, written)
    }

    /// The same recipe gives the same bytes, another seed others.
    #[test]
    fn the_recipe_is_all_there_is() {
        assert_eq!(log(1, 500), log(1, 500));
        assert_ne!(log(1, 500).0, log(2, 500).0);
    }

    /// As many lines as asked for, and the account of their kinds adds up.
    #[test]
    fn the_account_is_true() {
        let (bytes, written) = log(1, 20_000);
        let n_line_feeds = bytes.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!((n_line_feeds, written.lines()), (20_000, 20_000));
        let lines = bytes.split(|byte| *byte == b'\n').take(n_line_feeds);
        let n_blank = lines.filter(|line| matches!(line, [] | [b'\r'])).count();
        assert_eq!(u64::try_from(n_blank), Ok(written.blank));
        assert!((50..200).contains(&written.malformed), "{written:?}");
    }

    /// A spoilt line is never blank and never two.
    #[test]
    fn every_kind_of_dirt_is_one_line() {
        let mut random = Random::new(3);
        for dirt in Dirt::ALL.iter().cycle().take(2_000) {
            let bytes = dirt.draw(&mut random, 7);
            assert!(
                !bytes.is_empty() && bytes != b"\r" && !bytes.contains(&b'\n'),
                "{dirt:?}"
            );
        }
    }
}
