//! The reader of the audit log (`rusm-audit`): any bytes as its head file and its files.
//!
//! Parts are set apart by the byte 0xff, which stands in no log: a note, the head, the files. Whatever they
//! are, there is a verdict; it does not depend on the pieces in which the files are read; what it says steers no
//! terminal; and where it finds no break, the chain holds by a second, simpler reading.

use rusm_audit::{Entry, Hash, Link, Verdict, parse_time, stamp, verify_files};
use std::io::{self, Read};
use std::time::{Duration, UNIX_EPOCH};

/// The target.
pub fn audit(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0xff);
    let note = parts.next().unwrap_or_default();
    let head = parts.next();
    let files: Vec<&[u8]> = parts.collect();
    check_words(note);
    let anchor = std::str::from_utf8(note).ok().and_then(Link::parse);
    let anchors: Vec<Link> = anchor.into_iter().collect();
    let whole = verdict(
        head,
        files.iter().map(|file| Pieces(file, usize::MAX)),
        &anchors,
    );
    let pieces = verdict(head, files.iter().map(|file| Pieces(file, 7)), &anchors);
    assert_eq!(whole, pieces);
    match &whole.broken {
        Some(broken) => assert!(is_plain(&broken.to_string()), "{broken}"),
        None => assert_holds(&files, &whole, &anchors),
    }
    files
        .iter()
        .flat_map(|file| file.split(|byte| *byte == b'\n'))
        .for_each(check_line);
}

fn verdict<'f>(
    head: Option<&[u8]>,
    files: impl Iterator<Item = Pieces<'f>>,
    anchors: &[Link],
) -> Verdict {
    let files = files.map(|file| ("audit-2026-11-21.jsonl", file));
    verify_files(head, files, anchors).expect("nothing fails in memory")
}

/// A file that is read in small pieces.
struct Pieces<'f>(&'f [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = self.1.min(room.len());
        let room = room.get_mut(..most).unwrap_or_default();
        self.0.read(room)
    }
}

/// Every line that is a record and stands at its place holds the hash of the one before.
fn assert_holds(files: &[&[u8]], verdict: &Verdict, anchors: &[Link]) {
    let mut last: Option<Link> = None;
    let mut found: Vec<Link> = vec![Link::START];
    for line in files
        .iter()
        .flat_map(|file| file.split(|byte| *byte == b'\n'))
    {
        let Ok(entry) = Entry::parse(line) else {
            continue;
        };
        if let Some(last) = last {
            assert_eq!(entry.seq, last.seq + 1);
            assert_eq!(entry.prev(), Some(last.hash));
        }
        let hash = Hash::of(line);
        last = Some(Link {
            seq: entry.seq,
            hash,
        });
        found.extend(last);
    }
    assert_eq!(verdict.last, last);
    assert!(
        anchors.iter().all(|anchor| found.contains(anchor)),
        "a note that is not there"
    );
}

fn check_line(line: &[u8]) {
    match Entry::parse(line) {
        Ok(entry) => {
            let printed = entry.to_json();
            assert!(is_plain(&printed), "{printed}");
            let again = Entry::parse(printed.as_bytes());
            // Printed anew a record may be longer than any line: `/` and the like are written shorter in the log.
            if printed.len() <= rusm_audit::LINE_BYTES_MAX {
                assert_eq!(again.as_ref(), Ok(&entry), "{printed}");
            }
        }
        Err(what) => assert!(is_plain(&what), "{what}"),
    }
}

/// Times and links as people type them.
fn check_words(note: &[u8]) {
    let Ok(text) = std::str::from_utf8(note) else {
        return;
    };
    let now = UNIX_EPOCH + Duration::from_secs(1_795_255_200);
    if let Some(time) = parse_time(text, now) {
        let written = stamp(time);
        let read = parse_time(&written, now).expect("a stamp is a time");
        assert_eq!(stamp(read), written);
    }
    if let Some(link) = Link::parse(text) {
        assert_eq!(Link::parse(&link.to_string()), Some(link));
    }
}

fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|character| character == ' ' || character.is_ascii_graphic())
}
