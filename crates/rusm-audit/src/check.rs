//! Walks the chain, line by line, and stops at the first place where it is broken: [`Checker`].
//!
//! Bytes that are no record are taken for a write that was broken off, if the record that follows
//! them closes off exactly these bytes, or if nothing follows them. A line that is a record and does not
//! fit the chain is a break at once.

use crate::chain::{BEGIN, Hash, Link, Region, begin};
use crate::line::{Entry, Lines, RawLine};
use serde_json::Value;
use std::fmt;
use std::io::{self, Read};

/// Where a log is broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The name of the file.
    pub file: String,
    /// The line in it, counted from 1; none when it is about the file as a whole.
    pub line: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Break {
    /// `audit-2026-11-21.jsonl:7: what is wrong`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

/// A record that is known to have been written.
#[derive(Clone, Debug)]
struct Anchor {
    link: Link,
    /// Who knows it.
    known_by: &'static str,
    is_found: bool,
}

/// Bytes that are no record.
#[derive(Clone, Debug)]
struct Fragment {
    place: Break,
    region: Region,
}

/// The state of a walk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checker {
    anchors: Vec<Anchor>,
    /// The place that the first record follows.
    pub(crate) before: Option<Link>,
    /// The last whole record.
    pub(crate) last: Option<Link>,
    pub(crate) last_kind: String,
    pub(crate) n_files: u64,
    pub(crate) n_records: u64,
    pub(crate) n_recoveries: u64,
    /// Records that were lost or only counted, as other records tell.
    pub(crate) n_lost: u64,
    pub(crate) n_counted: u64,
    pub(crate) broken: Option<Break>,
    fragment: Option<Fragment>,
    file: String,
    /// The whole records of this file.
    n_of_file: u64,
    /// The last record lacks its newline.
    is_unended: bool,
}

impl Checker {
    /// The log must hold this record.
    pub(crate) fn expect(&mut self, link: Link, known_by: &'static str) {
        self.anchors.push(Anchor {
            link,
            known_by,
            is_found: link == Link::START,
        });
    }

    /// Whether this record has been seen; it must be one that was expected.
    pub(crate) fn has_found(&self, link: Link) -> bool {
        let found = |anchor: &Anchor| anchor.link == link && anchor.is_found;
        self.anchors.iter().any(found)
    }

    /// The whole records of the last file.
    pub(crate) fn n_of_last_file(&self) -> u64 {
        self.n_of_file
    }

    /// What follows the last whole record.
    pub(crate) fn region(&self) -> Option<&Region> {
        self.fragment.as_ref().map(|fragment| &fragment.region)
    }

    /// Whether the last record is whole but for its newline.
    pub(crate) fn is_unended(&self) -> bool {
        self.is_unended
    }

    /// Walks over the next file.
    pub(crate) fn file(&mut self, name: &str, content: impl Read) -> io::Result<()> {
        self.end_file();
        if self.broken.is_some() {
            return Ok(());
        }
        name.clone_into(&mut self.file);
        self.n_files += 1;
        self.n_of_file = 0;
        let mut lines = Lines::of(content);
        while let Some(line) = lines.next_line()? {
            self.line(&line);
            if self.broken.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// What must hold of a file that is not the last.
    fn end_file(&mut self) {
        if let Some(fragment) = self.fragment.take() {
            self.broken.get_or_insert(fragment.place);
        } else if self.n_files > 0 && self.n_of_file == 0 {
            self.fail(None, "the file is empty".to_owned());
        } else if self.is_unended {
            self.fail(None, "its last line has no end".to_owned());
        }
    }

    /// The break that there is, once every file has been walked over.
    pub(crate) fn finish(&mut self) {
        if self.broken.is_some() {
            return;
        }
        let Some(anchor) = self.anchors.iter().find(|anchor| !anchor.is_found) else {
            return;
        };
        let (seq, known_by) = (anchor.link.seq, anchor.known_by);
        let last = self.last.map_or(0, |last| last.seq);
        let what = if last < seq {
            format!(
                "the log ends with record {last}, and {known_by} names record {seq}: its end is cut off"
            )
        } else {
            format!("{known_by} names record {seq}, which is older than the oldest file")
        };
        // The bytes behind the last record are what became of the next one.
        let place = self
            .fragment
            .as_ref()
            .and_then(|fragment| fragment.place.line);
        self.fail(place, what);
    }

    fn fail(&mut self, line: Option<u64>, what: String) {
        let file = self.file.clone();
        self.broken.get_or_insert(Break { file, line, what });
    }

    fn line(&mut self, line: &RawLine<'_>) {
        let bytes = line.whole().unwrap_or(line.bytes);
        let is_ended = line.whole().is_some();
        let parsed = Entry::parse(bytes).map(|entry| (entry, Hash::of(bytes)));
        match parsed {
            Err(what) => self.add_fragment(line, what),
            Ok((entry, hash)) => match self.accept(&entry, hash, is_ended) {
                Ok(()) => self.note(&entry),
                Err(what) => self.blame(line, what),
            },
        }
    }

    /// The line does not fit; what lies between it and the last record is to blame first.
    fn blame(&mut self, line: &RawLine<'_>, what: String) {
        match self.fragment.take() {
            Some(fragment) => drop(self.broken.get_or_insert(fragment.place)),
            None => self.fail(Some(line.number), what),
        }
    }

    /// A line that is no record. What a node left when it was broken off begins like the record that was to
    /// follow, as far as it goes; anything else somebody has written.
    fn add_fragment(&mut self, line: &RawLine<'_>, what: String) {
        let begin = match self.last {
            Some(last) => begin(last),
            None => BEGIN.to_owned(),
        };
        let bytes = line.whole().unwrap_or(line.bytes);
        let is_begun = !bytes.is_empty() && bytes.iter().zip(begin.bytes()).all(|(a, b)| *a == b);
        if !is_begun || !bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return self.blame(line, what);
        }
        let file = &self.file;
        let fragment = self.fragment.get_or_insert_with(|| Fragment {
            place: Break {
                file: file.clone(),
                line: Some(line.number),
                what,
            },
            region: Region::default(),
        });
        fragment.region.add(line.bytes);
    }

    /// Whether the record fits here; if so it is the last one now.
    fn accept(&mut self, entry: &Entry, hash: Hash, is_ended: bool) -> Result<(), String> {
        self.check_place(entry)?;
        self.check_kind(entry)?;
        let link = Link {
            seq: entry.seq,
            hash,
        };
        for anchor in &mut self.anchors {
            if anchor.link.seq >= link.seq && !is_ended {
                return Err(format!(
                    "record {} lost its newline after {} named record {}",
                    link.seq, anchor.known_by, anchor.link.seq
                ));
            }
            if anchor.link.seq != link.seq {
                continue;
            }
            if anchor.link.hash != hash {
                return Err(format!(
                    "record {} is not the one that {} names: it was changed",
                    link.seq, anchor.known_by
                ));
            }
            anchor.is_found = true;
        }
        self.fragment = None;
        self.is_unended = !is_ended;
        self.last = Some(link);
        Ok(())
    }

    /// Number and hash follow those of the record before.
    fn check_place(&mut self, entry: &Entry) -> Result<(), String> {
        let prev = entry
            .prev()
            .ok_or("its hash of the line before is no SHA-256 sum")?;
        let Some(last) = self.last else {
            let seq = entry.seq.checked_sub(1).ok_or("no record has number 0")?;
            let before = Link { seq, hash: prev };
            if (seq == 0) != (prev == Hash::NOTHING) {
                return Err("the first record, and no other, follows nothing".to_owned());
            }
            self.before = Some(before);
            return Ok(());
        };
        match entry.seq.checked_sub(last.seq) {
            None | Some(0) => Err(format!(
                "record {} stands behind record {}: it was repeated or moved",
                entry.seq, last.seq
            )),
            Some(1) if prev == last.hash => Ok(()),
            Some(1) => Err(format!(
                "its hash of the line before is that of another line: record {} was changed, or this one",
                last.seq
            )),
            Some(_) => Err(format!(
                "record {} stands behind record {}: those between are missing",
                entry.seq, last.seq
            )),
        }
    }

    /// A file begins with `open`, and what is torn is closed off.
    fn check_kind(&self, entry: &Entry) -> Result<(), String> {
        let is_open = entry.kind == "open";
        if is_open != (self.n_of_file == 0) {
            return Err(if is_open {
                "a file begins in the middle of another".to_owned()
            } else {
                "the file does not begin with its first record".to_owned()
            });
        }
        if let Some(damage) = entry.text("damage") {
            let damage = damage.escape_default();
            return Err(format!(
                "a node found the log damaged when it started: {damage}"
            ));
        }
        let closes = (is_open || entry.kind == "recovery")
            .then(|| entry.fields.get("torn"))
            .flatten();
        match (self.region().map(Region::torn), closes) {
            (None, None) => Ok(()),
            (Some(torn), Some(closes))
                if closes.get("bytes") == Some(&Value::from(torn.bytes))
                    && closes.get("sha256") == Some(&Value::from(torn.sha256.as_str())) =>
            {
                Ok(())
            }
            (_, Some(_)) => {
                Err("it closes off bytes that are not what stands before it".to_owned())
            }
            (Some(_), None) => Err("what stands before it is no record".to_owned()),
        }
    }

    fn note(&mut self, entry: &Entry) {
        self.n_records += 1;
        self.n_of_file += 1;
        entry.kind.clone_into(&mut self.last_kind);
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        match entry.kind.as_str() {
            "recovery" => self.n_recoveries += 1,
            "gap" => {
                let lost = entry.fields.get("lost").and_then(Value::as_object);
                let lost = lost.into_iter().flat_map(|lost| lost.values().map(number));
                self.n_lost = lost.fold(self.n_lost, u64::saturating_add);
            }
            "more" => {
                let count = entry.fields.get("count").map_or(0, number);
                self.n_counted = self.n_counted.saturating_add(count);
            }
            _ => {}
        }
    }
}
