//! The end of the log: the file of the day, the place in the chain, and mending what was broken off.
//!
//! Everything that reaches a file is appended. What is written is made durable and then named in the
//! head file, so the head never names what a loss of power could take back.

use crate::chain::{Link, Region, seal};
use crate::check::Checker;
use crate::folder::{Folder, FolderError, HEAD, Lock, file_name};
use crate::line::{head_text, parse_head};
use crate::record::Record;
use crate::time::Day;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

/// The version of the format.
const FORMAT: u32 = 1;

/// A record and when it happened.
pub(crate) type Dated = (SystemTime, Record);

/// Part of what is to be appended.
struct Piece {
    bytes: Vec<u8>,
    /// The place of the record that it is; none for the newline that ends a torn line.
    link: Option<Link>,
}

/// What stands behind the last whole record.
#[derive(Debug)]
enum End {
    /// Its newline, or nothing at all in an empty file.
    Line,
    /// Nothing, not even its newline.
    Unended,
    /// A write that was broken off.
    Torn(Region),
}

/// The end of the log, opened for writing.
#[derive(Debug)]
pub(crate) struct Tail {
    folder: Folder,
    _lock: Lock,
    day: Day,
    file: File,
    n_bytes: u64,
    last: Link,
    /// While the file has no record yet: the name of the file before, if there is one.
    opens_after: Option<Option<String>>,
    /// What the file ends with.
    end: End,
    /// In what way the log is not as it was left, until that has been written down.
    damage: Option<String>,
}

impl Tail {
    /// Opens the log in the folder where it ends; makes both if they are not there.
    pub(crate) fn open(path: &Path, now: SystemTime) -> Result<Tail, FolderError> {
        let (folder, lock) = Folder::create(path)?;
        let days = folder.days()?;
        let head = head_of(&folder, days.is_empty())?;
        let day = days.last().copied().unwrap_or_else(|| Day::of(now));
        let mut checker = Checker::default();
        if let Ok(head) = head {
            checker.expect(head, "the head file");
        }
        if !days.is_empty() {
            let name = file_name(day);
            let walked = checker.file(&name, folder.read(day)?);
            walked.map_err(|cause| folder.unusable("read", &name, cause))?;
        }
        let (last, damage) = end_of(&checker, head, days.is_empty());
        let file = folder.append(day)?;
        let n_bytes = file.metadata().map(|metadata| metadata.len());
        let n_bytes =
            n_bytes.map_err(|cause| folder.unusable("examine", &file_name(day), cause))?;
        let end = match checker.region() {
            // Whatever stands there: what follows begins on a line of its own.
            _ if damage.is_some() => End::Torn(Region::default()),
            Some(region) => End::Torn(region.clone()),
            None if checker.is_unended() => End::Unended,
            None => End::Line,
        };
        let opens = damage.is_none() && checker.n_of_last_file() == 0;
        let opens_after = opens.then(|| days.iter().rev().nth(1).copied().map(file_name));
        Ok(Tail {
            folder,
            _lock: lock,
            day,
            file,
            n_bytes,
            last,
            opens_after,
            end,
            damage,
        })
    }

    /// The day of the file.
    pub(crate) fn day(&self) -> Day {
        self.day
    }

    /// The size of the file.
    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// In what way the log is not as it was left, until that has been written down.
    pub(crate) fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// For tests: another file in the place of the day's.
    #[cfg(test)]
    pub(crate) fn swap_file(&mut self, file: File) -> File {
        std::mem::replace(&mut self.file, file)
    }

    /// Goes on in the file of another day; the one that is over is mended first.
    pub(crate) fn turn_to(&mut self, day: Day, now: SystemTime) -> io::Result<()> {
        self.append(now, &[]).1?;
        self.file = self.folder.append(day).map_err(io::Error::other)?;
        self.n_bytes = 0;
        self.opens_after = Some(Some(file_name(self.day)));
        self.day = day;
        Ok(())
    }

    /// Appends the records, and before them whatever mends the end of the file. Answers how many of them are
    /// in the file, whole, whether or not something failed.
    pub(crate) fn append(&mut self, now: SystemTime, records: &[Dated]) -> (usize, io::Result<()>) {
        let mut pieces = self.mending(now);
        let n_ahead = pieces.len();
        let mut last = pieces.iter().rev().find_map(|piece| piece.link);
        for (time, record) in records {
            let piece = sealed(last.unwrap_or(self.last), *time, record);
            last = piece.link;
            pieces.push(piece);
        }
        if pieces.is_empty() {
            return (0, Ok(()));
        }
        let is_new = self.opens_after.is_some();
        let bytes: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| piece.bytes.iter().copied())
            .collect();
        let (n_bytes, written) = write_all(&mut self.file, &bytes);
        self.n_bytes = self
            .n_bytes
            .saturating_add(u64::try_from(n_bytes).unwrap_or(u64::MAX));
        let n_pieces = self.account(&pieces, n_bytes);
        let result = written.and_then(|()| self.make_durable(is_new));
        (n_pieces.saturating_sub(n_ahead), result)
    }

    /// The first record of a file, and the closing off of what is torn.
    fn mending(&self, now: SystemTime) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let (is_ended, torn) = match &self.end {
            End::Line => (true, None),
            End::Unended => (false, None),
            End::Torn(region) => (region.ends_line(), Some(region.torn())),
        };
        if !is_ended {
            pieces.push(Piece {
                bytes: b"\n".to_vec(),
                link: None,
            });
        }
        let damage = self.damage.clone();
        let torn = torn.filter(|_| damage.is_none());
        let record = match &self.opens_after {
            Some(after) => Record::Open {
                format: FORMAT,
                after: after.clone(),
                torn,
            },
            None if torn.is_some() || damage.is_some() => Record::Recovery { torn, damage },
            None => return pieces,
        };
        pieces.push(sealed(self.last, now, &record.bounded()));
        pieces
    }

    /// Takes note of what the first bytes of the pieces have changed, and counts the whole pieces among them.
    fn account(&mut self, pieces: &[Piece], n_bytes: usize) -> usize {
        let mut rest = n_bytes;
        for (position, piece) in pieces.iter().enumerate() {
            let length = piece.bytes.len();
            let written = piece.bytes.get(..rest).unwrap_or(&piece.bytes);
            match piece.link {
                // A record is whole without its newline.
                Some(link) if written.len() + 1 >= length => {
                    self.last = link;
                    (self.opens_after, self.damage) = (None, None);
                    self.end = if written.len() == length {
                        End::Line
                    } else {
                        End::Unended
                    };
                }
                Some(_) | None => self.add_torn(written),
            }
            if written.len() < length {
                let is_whole = matches!(self.end, End::Unended) && piece.link == Some(self.last);
                return position + usize::from(is_whole);
            }
            rest -= length;
        }
        pieces.len()
    }

    /// Bytes that are no record were written.
    fn add_torn(&mut self, written: &[u8]) {
        match &mut self.end {
            _ if written.is_empty() => {}
            End::Torn(region) => region.add(written),
            End::Unended if written == b"\n" => self.end = End::Line,
            End::Line | End::Unended => {
                let mut region = Region::default();
                region.add(written);
                self.end = End::Torn(region);
            }
        }
    }

    fn make_durable(&self, is_new: bool) -> io::Result<()> {
        self.file.sync_data()?;
        if is_new {
            self.folder.sync()?;
        }
        self.folder.set_head(&head_text(self.last))
    }
}

fn sealed(last: Link, time: SystemTime, record: &Record) -> Piece {
    let (bytes, link) = seal(last, time, record);
    Piece {
        bytes,
        link: Some(link),
    }
}

/// The place that the head file names, or what is wrong with it. A log that is not there yet gets one.
fn head_of(folder: &Folder, is_empty: bool) -> Result<Result<Link, &'static str>, FolderError> {
    Ok(match folder.head()? {
        Some(content) => parse_head(&content).ok_or("the head file is not as a node writes it"),
        None if is_empty => {
            let made = folder.set_head(&head_text(Link::START));
            made.map_err(|cause| folder.unusable("write", HEAD, cause))?;
            Ok(Link::START)
        }
        None => Err("the head file is missing"),
    })
}

/// The place to go on from, and in what way the log is not as it was left. A damaged log goes on from where the
/// head says that it was, so that the break stays to be seen.
fn end_of(
    newest: &Checker,
    head: Result<Link, &'static str>,
    is_empty: bool,
) -> (Link, Option<String>) {
    let last = newest.last.unwrap_or(Link::START);
    let head = match head {
        Ok(head) => head,
        Err(what) => return (last, Some(what.to_owned())),
    };
    if let Some(broken) = &newest.broken {
        return (head, Some(broken.to_string()));
    }
    if is_empty && head != Link::START {
        return (head, Some("the files of the log are missing".to_owned()));
    }
    // The head may be older than the newest file: then it is for a verification to look at the others.
    let is_older = |before: Link| before == head || before.seq > head.seq;
    let is_reached =
        newest.last.is_none() || newest.before.is_some_and(is_older) || newest.has_found(head);
    if is_reached {
        return (newest.last.unwrap_or(head), None);
    }
    let what = format!(
        "the newest file ends with record {}, and record {} was written and is not in it",
        last.seq, head.seq
    );
    (head, Some(what))
}

/// Writes as much as can be written.
fn write_all(file: &mut File, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut n_written = 0;
    while let Some(rest) = bytes.get(n_written..).filter(|rest| !rest.is_empty()) {
        match file.write(rest) {
            Ok(0) => return (n_written, Err(io::ErrorKind::WriteZero.into())),
            Ok(n) => n_written += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (n_written, Err(error)),
        }
    }
    (n_written, Ok(()))
}

#[cfg(test)]
mod tests;
