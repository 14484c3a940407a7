//! The chain: each line holds its number and the hash of the line before it.
//!
//! A line is one JSON object of printable ASCII alone: every other character is written as a `\u` escape, so a line
//! neither ends early, nor steers a terminal, nor passes for another. The hash is SHA-256 over the
//! exact bytes of the line, its newline not among them.

use crate::record::{Record, Torn};
use crate::time::stamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::SystemTime;

/// The longest line, its newline not counted; nothing longer is ever written.
pub const LINE_BYTES_MAX: usize = 32 * 1024;

/// A SHA-256 sum, printed in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What stands in the place of the line before the first.
    pub const NOTHING: Hash = Hash([0; 32]);

    /// The sum of these bytes.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits in lower case.
    pub fn parse(text: &str) -> Option<Hash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return None;
        };
        let mut sum = [0; 32];
        if pairs.len() != sum.len() {
            return None;
        }
        for (place, [high, low]) in sum.iter_mut().zip(pairs) {
            *place = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Hash(sum))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A place in the chain: a line's number and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number. The first line ever is 1.
    pub seq: u64,
    /// The hash of the line.
    pub hash: Hash,
}

impl Link {
    /// The place before the first line.
    pub const START: Link = Link {
        seq: 0,
        hash: Hash::NOTHING,
    };

    /// Reads `SEQ:HASH`, as it is printed.
    pub fn parse(text: &str) -> Option<Link> {
        let (seq, hash) = text.split_once(':')?;
        let hash = Hash::parse(hash)?;
        let is_number = seq.bytes().all(|byte| byte.is_ascii_digit());
        let seq = seq.parse().ok().filter(|_| is_number)?;
        Some(Link { seq, hash })
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    prev: String,
    time: String,
    #[serde(flatten)]
    record: &'a Record,
}

/// The line that follows `last`, its newline included, and the place it takes.
pub(crate) fn seal(last: Link, time: SystemTime, record: &Record) -> (Vec<u8>, Link) {
    let seq = last.seq.saturating_add(1);
    let line = Line {
        seq,
        prev: last.hash.to_string(),
        time: stamp(time),
        record,
    };
    let json = serde_json::to_string(&line).expect("a record is plain data with string keys");
    let mut bytes = ascii(&json).into_bytes();
    let link = Link {
        seq,
        hash: Hash::of(&bytes),
    };
    bytes.push(b'\n');
    (bytes, link)
}

/// How every line begins.
pub(crate) const BEGIN: &str = "{\"seq\":";

/// How the line begins that follows `last`.
pub(crate) fn begin(last: Link) -> String {
    let seq = last.seq.saturating_add(1);
    format!("{BEGIN}{seq},\"prev\":\"{}\",\"time\":\"", last.hash)
}

/// The same JSON in printable ASCII. Outside of strings JSON has nothing else anyway.
pub(crate) fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character == ' ' || character.is_ascii_graphic() {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}

/// What lies between the last whole record and the next: bytes of writes that were broken off. The
/// newline that closes it off is not part of it.
#[derive(Clone, Default)]
pub(crate) struct Region {
    hasher: Sha256,
    n_bytes: u64,
    ends_line: bool,
}

impl Region {
    /// Adds bytes that follow, of one line, its newline as the last of them if it has one.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.ends_line {
            self.feed(b"\n");
        }
        let whole = bytes.strip_suffix(b"\n");
        self.feed(whole.unwrap_or(bytes));
        self.ends_line = whole.is_some();
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.n_bytes = self
            .n_bytes
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }

    /// Whether the file stands at the beginning of a line.
    pub(crate) fn ends_line(&self) -> bool {
        self.ends_line
    }

    /// As the record that closes it off names it.
    pub(crate) fn torn(&self) -> Torn {
        Torn {
            bytes: self.n_bytes,
            sha256: Hash(self.hasher.clone().finalize().into()).to_string(),
        }
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.torn(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Loss;
    use std::collections::BTreeMap;
    use std::time::UNIX_EPOCH;

    /// The format of the file, byte for byte.
    #[test]
    fn a_line_is_json_and_names_the_one_before() {
        let record = Record::Stop {
            reason: "finished".into(),
        };
        let (line, link) = seal(Link::START, UNIX_EPOCH, &record);
        let zeros = "0".repeat(64);
        let expected = format!(
            "{{\"seq\":1,\"prev\":\"{zeros}\",\"time\":\"1970-01-01T00:00:00.000Z\",\"kind\":\"stop\",\"reason\":\"finished\"}}\n"
        );
        assert_eq!(String::from_utf8(line).unwrap(), expected);
        assert_eq!(
            link,
            Link {
                seq: 1,
                hash: Hash::of(expected.trim_end().as_bytes())
            }
        );
        let (line, _) = seal(link, UNIX_EPOCH, &record);
        let prev = format!("{{\"seq\":2,\"prev\":\"{}\"", link.hash);
        assert!(begin(link).starts_with(&prev) && prev.starts_with(BEGIN));
        assert!(String::from_utf8(line).unwrap().starts_with(&prev));
    }

    /// SHA-256 of the empty text, from FIPS 180-4's examples, and back.
    #[test]
    fn hashes_are_sha_256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Hash::of(b"").to_string(), empty);
        assert_eq!(Hash::parse(empty), Some(Hash::of(b"")));
        for wrong in [
            "",
            &empty[1..],
            &empty.to_uppercase(),
            &format!("{empty}0"),
            &"ü".repeat(32),
        ] {
            assert_eq!(Hash::parse(wrong), None);
        }
        let link = Link {
            seq: 7,
            hash: Hash::of(b""),
        };
        assert_eq!(Link::parse(&link.to_string()), Some(link));
        assert_eq!(Link::parse(&format!("+7:{empty}")), None);
    }

    /// The worst text in the largest record still fits a line.
    #[test]
    fn no_line_is_longer_than_the_bound() {
        let worst = || "\u{1f4a9}".repeat(100_000);
        let records = [
            Record::Start {
                app: worst(),
                version: worst(),
            },
            Record::Stop { reason: worst() },
            Record::Grant {
                component: worst(),
                profile: worst(),
                offered: true,
                grants: vec![worst(); 50],
            },
            Record::Spawn {
                component: worst(),
                pid: worst(),
                parent: Some(worst()),
                profile: Some(worst()),
                grants: vec![worst(); 50],
            },
            Record::Exit {
                component: worst(),
                pid: worst(),
                parent: Some(worst()),
                reason: worst(),
            },
            Record::Denial {
                component: worst(),
                pid: worst(),
                profile: worst(),
                permission: worst(),
                target: worst(),
                rule: worst(),
                sentence: worst(),
            },
            Record::Drop {
                component: worst(),
                pid: worst(),
                permission: worst(),
            },
            Record::More {
                component: worst(),
                pid: Some(worst()),
                of: crate::Kind::Denial,
                count: u64::MAX,
            },
            Record::Recovery {
                torn: None,
                damage: Some(worst()),
            },
            Record::Gap {
                reason: Loss::DayFull,
                lost: crate::Kind::ALL
                    .map(|kind| (kind, u64::MAX))
                    .into_iter()
                    .collect::<BTreeMap<_, _>>(),
            },
        ];
        for record in records {
            let kind = record.kind();
            let (line, _) = seal(
                Link {
                    seq: u64::MAX,
                    hash: Hash::NOTHING,
                },
                UNIX_EPOCH,
                &record.bounded(),
            );
            assert!(line.len() <= LINE_BYTES_MAX, "{kind:?}: {}", line.len());
            assert!(line.len() > 100);
        }
    }

    /// No character of a text ends the line, the string or the terminal's patience, and none is lost.
    #[test]
    fn no_text_leaves_its_string() {
        let text = "a\n{\"seq\":2}\r\"}\\\x1b[2J\u{7f}\u{9b}\u{202e}\u{2028}ü💩\0";
        let record = Record::Stop {
            reason: text.into(),
        };
        let (line, _) = seal(Link::START, UNIX_EPOCH, &record);
        let (newline, rest) = line.split_last().unwrap();
        assert_eq!(*newline, b'\n');
        assert!(rest.iter().all(|byte| (b' '..=b'~').contains(byte)));
        let parsed: serde_json::Value = serde_json::from_slice(rest).unwrap();
        assert_eq!(parsed["reason"], text);
        assert_eq!(parsed["kind"], "stop");
    }

    /// However the bytes arrive, the region is the same, and its closing newline is not in it.
    #[test]
    fn a_region_does_not_depend_on_how_it_grew() {
        let mut region = Region::default();
        for part in [b"ab".as_slice(), b"c\n", b"", b"\n", b"de\n"] {
            region.add(part);
        }
        assert!(region.ends_line());
        let torn = region.torn();
        assert_eq!(
            (torn.bytes, torn.sha256),
            (7, Hash::of(b"abc\n\nde").to_string())
        );
    }
}
