//! Whatever is changed in a log is found, and the first place of it is named.

use crate::support::{Log, Manual, denial, open, place};
use proptest::prelude::*;
use proptest::sample::Index;
use rusm_audit::Record;
use std::time::Duration;

/// One thing that somebody does to a log.
#[derive(Clone, Debug)]
enum Change {
    Byte(Index, Index, u8),
    Insert(Index, Index, u8),
    Remove(Index, Index),
    DropLine(Index, Index),
    RepeatLine(Index, Index, Index),
    SwapLines(Index, Index, Index),
    MoveLine(Index, Index, Index, Index),
    Truncate(Index, Index),
    Append(Index, Vec<u8>),
    DropFile(Index),
    SwapFiles(Index, Index),
    RepeatFile(Index),
    Head(Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), at(), 1..=255u8).prop_map(|(f, n, b)| Change::Byte(f, n, b)),
        2 => (at(), at(), any::<u8>()).prop_map(|(f, n, b)| Change::Insert(f, n, b)),
        2 => (at(), at()).prop_map(|(f, n)| Change::Remove(f, n)),
        3 => (at(), at()).prop_map(|(f, n)| Change::DropLine(f, n)),
        2 => (at(), at(), at()).prop_map(|(f, n, to)| Change::RepeatLine(f, n, to)),
        2 => (at(), at(), at()).prop_map(|(f, a, b)| Change::SwapLines(f, a, b)),
        2 => (at(), at(), at(), at()).prop_map(|(f, n, g, to)| Change::MoveLine(f, n, g, to)),
        3 => (at(), at()).prop_map(|(f, n)| Change::Truncate(f, n)),
        1 => (at(), prop::collection::vec(any::<u8>(), 1..40)).prop_filter("the beginning of a record is no change", |(_, bytes)| bytes[0] != b'{').prop_map(|(f, bytes)| Change::Append(f, bytes)),
        2 => at().prop_map(Change::DropFile),
        1 => (at(), at()).prop_map(|(a, b)| Change::SwapFiles(a, b)),
        1 => at().prop_map(Change::RepeatFile),
        1 => (at(), 1..=255u8).prop_map(|(n, b)| Change::Head(n, b)),
    ]
}

fn lines(content: &[u8]) -> Vec<Vec<u8>> {
    content
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

fn on_lines(content: &mut Vec<u8>, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut all = lines(content);
    change(&mut all);
    *content = all.concat();
}

fn content<'l>(files: &'l mut [(String, Vec<u8>)], at: &Index) -> &'l mut Vec<u8> {
    let at = at.index(files.len());
    &mut files[at].1
}

impl Change {
    fn apply(&self, log: &mut Log) {
        let n_files = log.files.len();
        let files = &mut log.files;
        match self {
            Change::Byte(file, at, bits) => {
                let content = content(files, file);
                let at = at.index(content.len());
                content[at] ^= bits;
            }
            Change::Insert(file, at, byte) => {
                let content = content(files, file);
                let at = at.index(content.len() + 1);
                content.insert(at, *byte);
            }
            Change::Remove(file, at) => {
                let content = content(files, file);
                content.remove(at.index(content.len()));
            }
            Change::DropLine(file, at) => on_lines(content(files, file), |all| {
                drop(all.remove(at.index(all.len())))
            }),
            Change::RepeatLine(file, at, to) => on_lines(content(files, file), |all| {
                let line = all[at.index(all.len())].clone();
                all.insert(to.index(all.len() + 1), line);
            }),
            Change::SwapLines(file, a, b) => on_lines(content(files, file), |all| {
                let n = all.len();
                all.swap(a.index(n), b.index(n));
            }),
            Change::MoveLine(file, at, other, to) => {
                let mut line = Vec::new();
                on_lines(content(files, file), |all| {
                    line = all.remove(at.index(all.len()))
                });
                on_lines(content(files, other), |all| {
                    all.insert(to.index(all.len() + 1), line)
                });
            }
            Change::Truncate(file, at) => {
                let content = content(files, file);
                content.truncate(at.index(content.len()));
            }
            Change::Append(file, bytes) => content(files, file).extend(bytes),
            // The oldest files may go: whoever keeps logs for a while only removes them.
            Change::DropFile(at) if n_files > 1 => drop(files.remove(1 + at.index(n_files - 1))),
            Change::SwapFiles(a, b) => {
                let (a, b) = (a.index(n_files), b.index(n_files));
                let first = files[a].1.clone();
                files[a].1 = std::mem::replace(&mut files[b].1, first);
            }
            Change::RepeatFile(at) => {
                let file = files[at.index(n_files)].clone();
                files.insert(at.index(n_files), file);
            }
            Change::Head(at, bits) => {
                let at = at.index(log.head.len());
                log.head[at] ^= bits;
            }
            Change::DropFile(_) => {}
        }
    }
}

/// Nodes that ran one after the other: for each, how it ended and the hours between its records.
fn lives() -> impl Strategy<Value = Vec<(bool, Vec<u8>)>> {
    let life = (any::<bool>(), prop::collection::vec(0..30u8, 1..6));
    prop::collection::vec(life, 1..4)
}

/// The log that these nodes wrote; those that do not close it leave a torn line behind.
fn written(lives: &[(bool, Vec<u8>)]) -> Log {
    let place = place();
    let folder = place.path().join("audit");
    let clock = Manual::new();
    for (closes, hours) in lives {
        let log = open(&folder, &clock);
        for (n, hours) in (0u32..).zip(hours) {
            clock.advance(Duration::from_secs(u64::from(*hours) * 3600));
            log.record(match n % 3 {
                0 => denial("a", n, "\u{202e}\"\n"),
                1 => Record::Drop {
                    component: "a".into(),
                    pid: n.to_string(),
                    permission: "env".into(),
                },
                _ => Record::Exit {
                    component: "b".into(),
                    pid: n.to_string(),
                    parent: None,
                    reason: "trap: x".into(),
                },
            });
        }
        if *closes {
            log.close("finished");
            continue;
        }
        drop(log);
        let mut newest = Log::of(&folder).files.pop().unwrap();
        newest.1.extend(b"{\"seq\":");
        std::fs::write(folder.join(newest.0), newest.1).unwrap();
    }
    open(&folder, &clock).close("finished");
    Log::of(&folder)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// One change or several: found, unless they undo each other. What looks like the beginning of a record at the very end is what a
    /// node leaves that died while it wrote, and is told as that; so is with which record the log begins, as the oldest files may go.
    #[test]
    fn every_change_is_found(lives in lives(), changes in prop::collection::vec(change(), 1..4)) {
        let log = written(&lives);
        prop_assert_eq!(log.verdict().broken, None);
        let mut changed = log.clone();
        for change in &changes {
            if changed.files.iter().any(|(_, content)| content.is_empty()) {
                break;
            }
            change.apply(&mut changed);
        }
        let verdict = changed.verdict();
        let is_told = verdict.torn_bytes > 0 || verdict.first != log.verdict().first;
        prop_assert_eq!(verdict.broken.is_some() || is_told, changed != log);
    }
}

/// Every single byte, and every single line, of one log.
#[test]
fn every_byte_and_every_line_counts() {
    let log = written(&[(true, vec![1, 20]), (false, vec![5, 9])]);
    assert!(log.files.len() > 1);
    for file in 0..log.files.len() {
        for at in 0..log.files[file].1.len() {
            let mut changed = log.clone();
            changed.files[file].1[at] ^= 1;
            assert!(
                changed.verdict().broken.is_some(),
                "byte {at} of file {file}"
            );
            changed = log.clone();
            changed.files[file].1.truncate(at);
            assert!(
                changed.verdict().broken.is_some(),
                "file {file} cut at {at}"
            );
        }
        for line in 0..lines(&log.files[file].1).len() {
            let mut changed = log.clone();
            on_lines(&mut changed.files[file].1, |all| drop(all.remove(line)));
            assert!(
                changed.verdict().broken.is_some(),
                "line {line} of file {file}"
            );
        }
    }
}

/// The place that is named is the changed line, or the one behind it that shows the change.
#[test]
fn the_first_place_is_named() {
    let log = written(&[(true, vec![0; 6])]);
    let n_lines = lines(&log.files[0].1).len();
    for line in 0..n_lines {
        let mut changed = log.clone();
        on_lines(&mut changed.files[0].1, |all| {
            let last = all[line].len() - 4;
            all[line][last] ^= 1;
        });
        let broken = changed.verdict().broken.unwrap();
        let place = usize::try_from(broken.line.unwrap_or(0)).unwrap();
        assert!(
            (line + 1..=line + 2).contains(&place),
            "line {} is named for {}",
            place,
            line + 1
        );
        assert_eq!(broken.file, log.files[0].0);
    }
}

/// Who removes the oldest files changes nothing else, and it is said with which record the log begins.
#[test]
fn the_oldest_files_may_go() {
    let mut log = written(&[(true, vec![0, 25, 25, 25])]);
    assert!(log.files.len() >= 4);
    log.files.drain(..2);
    let verdict = log.verdict();
    assert_eq!(verdict.broken, None);
    assert!(verdict.first > Some(1));
}

/// A chain made anew is a chain; only the record that was noted before shows that it is another.
#[test]
fn a_new_chain_does_not_hold_what_was_noted() {
    let log = written(&[(true, vec![0, 0])]);
    let noted = log.verdict().last.unwrap();
    let other = written(&[(true, vec![0, 0, 0])]);
    assert_eq!(other.verdict().broken, None);
    let holds = |log: &Log| {
        let files = log
            .files
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice()));
        let verdict = rusm_audit::verify_files(Some(&log.head), files, &[noted]).unwrap();
        verdict.broken.is_none()
    };
    assert!(holds(&log));
    assert!(!holds(&other));
}

/// What a guest chooses as its text stays in its field, and is read back as it was.
#[test]
fn no_text_forges_a_record() {
    let place = place();
    let folder = place.path().join("audit");
    let clock = Manual::new();
    let texts = [
        "a\n{\"seq\":2,\"prev\":\"\",\"kind\":\"stop\"}\n",
        "\r\n",
        "\"},{\"",
        "\\\"",
        "\\u0022",
        "\u{1b}[2J\u{9b}",
        "\u{202e}\u{2066}\u{2028}\u{2029}\u{85}",
        "\0\u{7f}\u{feff}",
        "\u{10ffff}",
    ];
    let log = open(&folder, &clock);
    texts
        .iter()
        .for_each(|text| log.record(denial(text, 1, text)));
    log.close("\n");
    assert_eq!(Log::of(&folder).verdict().broken, None);
    let entries = crate::support::entries(&folder);
    assert_eq!(entries.len(), texts.len() + 3);
    for (entry, text) in entries[2..].iter().zip(texts) {
        assert_eq!(
            (entry.text("component"), entry.text("target")),
            (Some(text), Some(text))
        );
    }
    let (_, content) = &Log::of(&folder).files[0];
    assert!(
        content
            .iter()
            .all(|byte| *byte == b'\n' || (b' '..=b'~').contains(byte))
    );
}
