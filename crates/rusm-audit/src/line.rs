//! Reading: lines of bounded length out of anything, and what a line says.

use crate::chain::{Hash, LINE_BYTES_MAX, Link};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::io::{self, BufRead, BufReader, Read};

/// A line as it lies in the file.
#[derive(Debug)]
pub(crate) struct RawLine<'a> {
    /// Counted from 1.
    pub(crate) number: u64,
    /// At most [`LINE_BYTES_MAX`] bytes and a newline; of a longer line the next part is the next line.
    pub(crate) bytes: &'a [u8],
}

impl RawLine<'_> {
    /// Without its newline; none when it has none.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        self.bytes.strip_suffix(b"\n")
    }
}

/// Lines of a file.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    source: BufReader<R>,
    number: u64,
    buffer: Vec<u8>,
}

impl<R: Read> Lines<R> {
    pub(crate) fn of(source: R) -> Self {
        Self {
            source: BufReader::with_capacity(64 * 1024, source),
            number: 0,
            buffer: Vec::new(),
        }
    }

    /// The next line; none at the end.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<RawLine<'_>>> {
        let continues = !self.buffer.is_empty() && !self.buffer.ends_with(b"\n");
        self.buffer.clear();
        let most = u64::try_from(LINE_BYTES_MAX + 1).unwrap_or(u64::MAX);
        (&mut self.source)
            .take(most)
            .read_until(b'\n', &mut self.buffer)?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        self.number += u64::from(!continues);
        Ok(Some(RawLine {
            number: self.number,
            bytes: &self.buffer,
        }))
    }
}

/// What one line of the log says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Entry {
    /// Its number in the chain.
    pub seq: u64,
    /// The hash of the line before it, in hexadecimal.
    pub prev: String,
    /// When, as a stamp.
    pub time: String,
    /// The kind of record, by its name. A later version of rusm may know more kinds than this one.
    pub kind: String,
    /// What else it says.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl Entry {
    /// Reads a line. The error says what is wrong with it, and holds no text of the line.
    pub fn parse(line: &[u8]) -> Result<Entry, String> {
        if line.len() > LINE_BYTES_MAX {
            return Err(format!("the line is longer than {LINE_BYTES_MAX} bytes"));
        }
        if let Some(at) = line.iter().position(|byte| !(b' '..=b'~').contains(byte)) {
            return Err(format!("byte {} is not printable ASCII", at + 1));
        }
        serde_json::from_slice(line).map_err(|error| {
            let what = match error.classify() {
                serde_json::error::Category::Data => "is not a record of the log",
                serde_json::error::Category::Io
                | serde_json::error::Category::Syntax
                | serde_json::error::Category::Eof => "is not JSON",
            };
            format!("the line {what} (column {})", error.column())
        })
    }

    /// The text of a field; none if it has no such field, or another than a text in it.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    /// The hash of the line before it, if it is one.
    pub fn prev(&self) -> Option<Hash> {
        Hash::parse(&self.prev)
    }

    /// The same record as the line that would be written for it: printable ASCII.
    pub fn to_json(&self) -> String {
        let mut fields = Map::new();
        fields.insert("seq".to_owned(), self.seq.into());
        for (name, text) in [
            ("prev", &self.prev),
            ("time", &self.time),
            ("kind", &self.kind),
        ] {
            fields.insert(name.to_owned(), text.as_str().into());
        }
        fields.extend(self.fields.clone());
        crate::chain::ascii(&Value::Object(fields).to_string())
    }
}

/// The head file's content.
pub(crate) fn head_text(link: Link) -> String {
    format!("{{\"seq\":{},\"hash\":\"{}\"}}\n", link.seq, link.hash)
}

/// Reads the head file's content; none if it is not exactly what is written there.
pub(crate) fn parse_head(content: &[u8]) -> Option<Link> {
    #[derive(Deserialize)]
    struct Head {
        seq: u64,
        hash: String,
    }
    let head: Head = serde_json::from_slice(content).ok()?;
    let link = Link {
        seq: head.seq,
        hash: Hash::parse(&head.hash)?,
    };
    (head_text(link).as_bytes() == content).then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<(u64, usize)> {
        let mut lines = Lines::of(bytes);
        let mut found = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            found.push((line.number, line.bytes.len()));
        }
        found
    }

    /// Every byte comes once, in pieces that are bounded; the parts of one long line have one number.
    #[test]
    fn lines_are_bounded() {
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"a\n\nbc"), [(1, 2), (2, 1), (3, 2)]);
        let long = [vec![b'x'; 3 * LINE_BYTES_MAX], b"\ny".to_vec()].concat();
        let found = lines(&long);
        assert_eq!(
            found.iter().map(|(_, length)| length).sum::<usize>(),
            long.len()
        );
        assert!(
            found
                .iter()
                .all(|(_, length)| *length <= LINE_BYTES_MAX + 1)
        );
        assert_eq!(
            found.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
            [1, 1, 1, 2]
        );
    }

    /// What is not a record is told apart, without repeating it.
    #[test]
    fn what_is_no_record_is_named() {
        let error = |line: &[u8]| Entry::parse(line).unwrap_err();
        assert_eq!(error(b"{\"seq\":1,"), "the line is not JSON (column 9)");
        assert!(error(b"{}").starts_with("the line is not a record"));
        assert_eq!(error("{ü}".as_bytes()), "byte 2 is not printable ASCII");
        assert!(error(&vec![b' '; LINE_BYTES_MAX + 1]).contains("longer"));
        assert!(error("[".repeat(30_000).as_bytes()).starts_with("the line is not"));
        let twice = br#"{"seq":1,"seq":2,"prev":"","time":"","kind":""}"#;
        assert!(error(twice).contains("not a record"));
    }

    /// Printed again, a record is the same, and fit for a terminal.
    #[test]
    fn a_record_survives_being_printed() {
        let line = br#"{"seq":1,"prev":"p","time":"t","kind":"exit","reason":"a\u001b\u202e\n"}"#;
        let entry = Entry::parse(line).unwrap();
        assert_eq!(entry.text("reason"), Some("a\u{1b}\u{202e}\n"));
        assert_eq!(Entry::parse(entry.to_json().as_bytes()), Ok(entry));
    }

    /// The head is read back only if it is exactly what is written.
    #[test]
    fn a_head_is_exact() {
        let link = Link {
            seq: 12,
            hash: Hash::of(b"x"),
        };
        let text = head_text(link);
        assert_eq!(parse_head(text.as_bytes()), Some(link));
        assert_eq!(parse_head(text.trim_end().as_bytes()), None);
        assert_eq!(parse_head(text.replace("12", "012").as_bytes()), None);
        assert_eq!(parse_head(b""), None);
    }
}
