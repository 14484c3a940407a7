//! The lines of an import: one at a time, each of them bounded, checked, and told by its number if it is wrong.

use super::record::Record;
use crate::place::{nearest_path, plain_cause};
use crate::report::{Failure, Kind};
use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// Where lines come from.
pub(super) struct Source {
    name: String,
    input: Box<dyn BufRead>,
}

impl Source {
    /// A file, or standard input for `-`.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self {
                name: "standard input".to_owned(),
                input: Box::new(io::stdin().lock()),
            });
        }
        let name = format!("'{}'", path.display());
        let file = File::open(path).map_err(|error| {
            let help = (error.kind() == ErrorKind::NotFound).then(|| nearest_path(path));
            let message = format!("cannot open {name}: {}", plain_cause(&error));
            Failure::new(Kind::Usage, message).maybe_help(help.flatten())
        })?;
        let input = Box::new(BufReader::new(file));
        Ok(Self { name, input })
    }
}

/// The entries of a source, line by line. Blank lines are none.
pub(super) struct Lines {
    source: Source,
    number: u64,
    is_over: bool,
    seen: Seen,
}

impl Lines {
    pub(super) fn of(source: Source) -> Self {
        Self {
            source,
            number: 0,
            is_over: false,
            seen: Seen::default(),
        }
    }

    /// The number of the line that was read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next entry, or what is wrong with its line; none at the end.
    pub(super) fn next(&mut self) -> Option<Result<Record, Failure>> {
        while !self.is_over {
            self.number = self.number.saturating_add(1);
            match self.line() {
                Ok(None) => self.is_over = true,
                Ok(Some(line)) if line.iter().all(u8::is_ascii_whitespace) => {}
                Ok(Some(line)) => return Some(self.entry(&line)),
                Err(error) => {
                    // Nothing is known of where the next line would begin.
                    self.is_over = true;
                    return Some(Err(self.wrong(&plain_cause(&error))));
                }
            }
        }
        None
    }

    /// The next line without its end. At most [`Record::LINE_BYTES_MAX`] bytes are kept of it.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let most = Record::LINE_BYTES_MAX;
        let with_its_end = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut line = Vec::new();
        let mut bounded = (&mut self.source.input).take(with_its_end);
        if bounded.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() > most {
            let why = format!("it is longer than {most} bytes, and so is no entry");
            return Err(io::Error::new(ErrorKind::InvalidData, why));
        }
        Ok(Some(line))
    }

    fn entry(&mut self, line: &[u8]) -> Result<Record, Failure> {
        let record = Record::parse(line).map_err(|why| self.wrong(&why))?;
        match self.seen.before(&record, self.number) {
            None => Ok(record),
            Some(before) => {
                let (bucket, key) = (&record.bucket, &record.key);
                let why =
                    format!("key '{key}' of bucket '{bucket}' stands in line {before} already");
                Err(self.wrong(&why))
            }
        }
    }

    fn wrong(&self, why: &str) -> Failure {
        let message = format!("line {} of {}: {why}", self.number, self.source.name);
        Failure::new(Kind::General, message)
    }
}

/// Which keys there were: 128 bits of each, by hashes of secret seeds, and its line.
#[derive(Default)]
struct Seen {
    seeds: [RandomState; 2],
    lines: HashMap<[u64; 2], u64>,
}

impl Seen {
    /// The line in which this key stood before.
    fn before(&mut self, record: &Record, line: u64) -> Option<u64> {
        let name = (&record.bucket, &record.key);
        let digest = self.seeds.each_ref().map(|seed| seed.hash_one(name));
        match self.lines.entry(digest) {
            Entry::Occupied(found) => Some(*found.get()),
            Entry::Vacant(free) => {
                free.insert(line);
                None
            }
        }
    }
}
