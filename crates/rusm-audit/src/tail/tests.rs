//! Writes that were broken off at every byte, and disks that take nothing.

use super::*;
use crate::verify::{Verdict, verify};
use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;

const NOW: SystemTime = UNIX_EPOCH;

fn stop(reason: &str) -> Dated {
    let reason = reason.to_owned();
    (NOW, Record::Stop { reason })
}

fn opened(place: &TempDir) -> Tail {
    Tail::open(&place.path().join("audit"), NOW).unwrap()
}

fn verdict(place: &TempDir) -> Verdict {
    verify(&place.path().join("audit"), &[]).unwrap()
}

/// Pieces as `append` makes them, of which only so many bytes reach the file.
fn append_partly(tail: &mut Tail, records: &[Dated], n_bytes: usize) -> usize {
    let mut pieces = tail.mending(NOW);
    let mut last = pieces
        .last()
        .and_then(|piece| piece.link)
        .unwrap_or(tail.last);
    for (time, record) in records {
        let piece = sealed(last, *time, record);
        last = piece.link.unwrap();
        pieces.push(piece);
    }
    let bytes = pieces
        .iter()
        .map(|piece| piece.bytes.as_slice())
        .collect::<Vec<_>>()
        .concat();
    let n_bytes = n_bytes.min(bytes.len());
    tail.file.write_all(&bytes[..n_bytes]).unwrap();
    tail.account(&pieces, n_bytes);
    bytes.len()
}

/// A write that ends at any byte, in a node that goes on: what is whole counts, what is torn is closed off.
#[test]
fn a_write_broken_off_anywhere_is_closed_off() {
    let batch = [stop("one"), stop("two")];
    let mut length = usize::MAX;
    let mut n_bytes = 0;
    while n_bytes <= length {
        let place = crate::testing::place();
        let mut tail = opened(&place);
        length = append_partly(&mut tail, &batch, n_bytes);
        // Broken off again, in the middle of closing it off.
        append_partly(&mut tail, &batch, n_bytes % 300);
        let (n_written, result) = tail.append(NOW, &batch);
        result.unwrap();
        assert_eq!(n_written, 2);
        drop(tail);
        let verdict = verdict(&place);
        assert_eq!(verdict.broken, None, "cut at {n_bytes}");
        assert_eq!(verdict.torn_bytes, 0);
        n_bytes += 1;
    }
}

/// A write that ends at any byte, in a node that ends there: the next one closes it off, on whatever day.
#[test]
fn a_node_killed_anywhere_is_followed_by_another() {
    let batch = [stop("one"), stop("two")];
    for n_bytes in 0..600 {
        let place = crate::testing::place();
        let mut tail = opened(&place);
        append_partly(&mut tail, &batch, n_bytes);
        drop(tail);
        let killed = verdict(&place);
        assert_eq!(killed.broken, None, "cut at {n_bytes}");
        let later = NOW + Duration::from_secs(if n_bytes % 2 == 0 { 0 } else { 100_000 });
        let mut tail = opened(&place);
        assert_eq!(tail.damage(), None);
        if later != NOW {
            tail.turn_to(Day::of(later), later).unwrap();
        }
        tail.append(later, &[(later, stop("three").1)]).1.unwrap();
        drop(tail);
        let mended = verdict(&place);
        assert_eq!(mended.broken, None, "cut at {n_bytes}");
        assert!(mended.records > killed.records);
        assert_eq!((mended.is_closed, mended.torn_bytes), (true, 0));
    }
}

/// A line that lacks only its newline is a record.
#[test]
fn a_record_without_its_newline_is_kept() {
    let place = crate::testing::place();
    let mut tail = opened(&place);
    let length = append_partly(&mut tail, &[stop("one")], usize::MAX);
    drop(tail);
    let file = place.path().join("audit/audit-1970-01-01.jsonl");
    let content = std::fs::read(&file).unwrap();
    std::fs::write(&file, &content[..length - 1]).unwrap();
    let mut tail = opened(&place);
    tail.append(NOW, &[stop("two")]).1.unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("\"reason\":\"one\"").count(), 1);
    assert_eq!(verdict(&place).broken, None, "{text}");
}

/// The head is never ahead of the log, and may lie behind it.
#[test]
fn a_head_that_lies_behind_is_no_damage() {
    let place = crate::testing::place();
    let mut tail = opened(&place);
    tail.append(NOW, &[stop("one")]).1.unwrap();
    let head = place.path().join("audit/head.json");
    let early = std::fs::read(&head).unwrap();
    for day in 1..4u64 {
        let time = NOW + Duration::from_secs(day * 86_400);
        tail.turn_to(Day::of(time), time).unwrap();
        tail.append(time, &[stop("more")]).1.unwrap();
    }
    drop(tail);
    std::fs::write(&head, early).unwrap();
    assert_eq!(verdict(&place).broken, None);
    let mut tail = opened(&place);
    assert_eq!(tail.damage(), None);
    tail.append(NOW, &[stop("last")]).1.unwrap();
    assert_eq!(verdict(&place).broken, None);
}

/// What was cut off while no node ran is written down by the next, which does not heal it.
#[test]
fn a_cut_is_written_down_and_stays_to_be_seen() {
    let cuts: [fn(&Path); 4] = [
        |folder| std::fs::remove_file(folder.join("audit-1970-01-01.jsonl")).unwrap(),
        |folder| std::fs::remove_file(folder.join("head.json")).unwrap(),
        |folder| std::fs::write(folder.join("head.json"), "{}").unwrap(),
        |folder| {
            let file = folder.join("audit-1970-01-01.jsonl");
            let text = std::fs::read_to_string(&file).unwrap();
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            std::fs::write(&file, lines[..lines.len() - 1].concat()).unwrap();
        },
    ];
    for cut in cuts {
        let place = crate::testing::place();
        let mut tail = opened(&place);
        tail.append(NOW, &[stop("one"), stop("two")]).1.unwrap();
        drop(tail);
        cut(&place.path().join("audit"));
        let broken = verdict(&place).broken;
        assert!(broken.is_some());
        let mut tail = opened(&place);
        assert!(tail.damage().is_some());
        tail.append(NOW, &[stop("three")]).1.unwrap();
        drop(tail);
        let mut tail = opened(&place);
        tail.append(NOW, &[stop("four")]).1.unwrap();
        assert!(verdict(&place).broken.is_some(), "healed: {broken:?}");
    }
}

/// A disk that takes nothing costs nothing that is there.
#[test]
fn a_full_disk_is_an_error_and_no_damage() {
    let place = crate::testing::place();
    let mut tail = opened(&place);
    let full = File::options().append(true).open("/dev/full").unwrap();
    let real = std::mem::replace(&mut tail.file, full);
    let (n_written, result) = tail.append(NOW, &[stop("one")]);
    assert_eq!(
        (n_written, result.unwrap_err().kind()),
        (0, io::ErrorKind::StorageFull)
    );
    tail.file = real;
    assert_eq!(tail.append(NOW, &[stop("two")]).0, 1);
    assert_eq!(verdict(&place).broken, None);
}
