//! The lines of an import: one at a time, each of them bounded, checked, and told by its number if it is wrong.

use crate::place::{nearest_path, plain_cause};
use crate::report::{Failure, Kind};
use rusm_control::{Entry, LINE_BYTES_MAX};
use rusm_kv::{Batch, MAX_KEY, MAX_VALUE};
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::{self, RandomState};
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// Characters that are told of why a line is wrong: they may quote it.
const WHY_CHARS_MAX: usize = 200;

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
        Ok(Self {
            name: format!("'{}'", path.display()),
            input: Box::new(BufReader::new(open(path)?)),
        })
    }
}

/// Opens a file that was named to be read.
pub(super) fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| {
        let help = (error.kind() == ErrorKind::NotFound).then(|| nearest_path(path));
        let message = format!("cannot open '{}': {}", path.display(), plain_cause(&error));
        Failure::new(Kind::Usage, message).maybe_help(help.flatten())
    })
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
    pub(super) fn next(&mut self) -> Option<Result<Entry, Failure>> {
        while !self.is_over {
            self.number = self.number.saturating_add(1);
            match bounded_line(&mut self.source.input) {
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

    fn entry(&mut self, line: &[u8]) -> Result<Entry, Failure> {
        let read = Entry::from_line(line).and_then(|entry| check(&entry).map(|()| entry));
        let entry = read.map_err(|why| self.wrong(&cut(&why)))?;
        match self.seen.before(&entry, self.number) {
            None => Ok(entry),
            Some(before) => {
                let (bucket, key) = (&entry.bucket, &entry.key);
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

/// The next line without its end; none at the end of the input. At most [`LINE_BYTES_MAX`] bytes are kept of it.
pub(super) fn bounded_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let with_its_end = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    let with_its_end = with_its_end.saturating_add(1);
    let mut line = Vec::new();
    if input.take(with_its_end).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > LINE_BYTES_MAX {
        let why = format!("it is longer than {LINE_BYTES_MAX} bytes, and so is no entry");
        return Err(io::Error::new(ErrorKind::InvalidData, why));
    }
    Ok(Some(line))
}

/// What a store would say of the entry, while it is known in which line it stands.
pub(super) fn check(entry: &Entry) -> Result<(), String> {
    Batch::new(entry.bucket.as_str()).map_err(|error| error.to_string())?;
    let (key, value) = (entry.key.len(), entry.value.len());
    if key == 0 {
        return Err("the key is empty: it has at least one byte".to_owned());
    }
    for (what, actual, most) in [("key", key, MAX_KEY), ("value", value, MAX_VALUE)] {
        if actual > most {
            return Err(format!("the {what} has {actual} bytes: the most is {most}"));
        }
    }
    Ok(())
}

fn cut(why: &str) -> Cow<'_, str> {
    match why.char_indices().nth(WHY_CHARS_MAX) {
        None => Cow::Borrowed(why),
        Some((at, _)) => Cow::Owned(format!("{}…", why.get(..at).unwrap_or(why))),
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
    fn before(&mut self, entry: &Entry, line: u64) -> Option<u64> {
        let name = (&entry.bucket, &entry.key);
        let digest = self.seeds.each_ref().map(|seed| seed.hash_one(name));
        match self.lines.entry(digest) {
            hash_map::Entry::Occupied(found) => Some(*found.get()),
            hash_map::Entry::Vacant(free) => {
                free.insert(line);
                None
            }
        }
    }
}
