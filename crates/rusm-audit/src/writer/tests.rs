//! Days, bounds, and what is told of what is missing.

use super::*;
use crate::line::Entry;
use crate::verify::verify;
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;

fn at(day: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(day * 86_400)
}

fn exit(pid: u32) -> Record {
    Record::Exit {
        component: "a".into(),
        pid: pid.to_string(),
        parent: None,
        reason: "normal".into(),
    }
}

fn opened(place: &TempDir, day_bytes_max: u64) -> Writer {
    Writer::open(&place.path().join("audit"), at(0), day_bytes_max).unwrap()
}

fn entries(place: &TempDir) -> Vec<(String, Entry)> {
    let mut entries = Vec::new();
    crate::read(&place.path().join("audit"), |found| {
        entries.push((found.file, found.entry.unwrap()));
    })
    .unwrap();
    entries
}

fn kinds(place: &TempDir) -> Vec<(String, String)> {
    let short = |(file, entry): (String, Entry)| (file[6..16].to_owned(), entry.kind);
    entries(place).into_iter().map(short).collect()
}

/// One file a day; each begins by naming the one before; a clock set back leads to no older file.
#[test]
fn every_day_has_its_file() {
    let place = crate::testing::place();
    let mut writer = opened(&place, DAY_BYTES_MAX);
    let days = [0, 0, 2, 1, 2, 400];
    let records = days.iter().map(|day| (at(*day), exit(1))).collect();
    writer.write(records, Lost::new()).unwrap();
    let found = kinds(&place);
    let expected = [
        ("1970-01-01", "open"),
        ("1970-01-01", "exit"),
        ("1970-01-01", "exit"),
        ("1970-01-03", "open"),
        ("1970-01-03", "exit"),
        ("1970-01-03", "exit"),
        ("1970-01-03", "exit"),
        ("1971-02-05", "open"),
        ("1971-02-05", "exit"),
    ];
    assert_eq!(
        found,
        expected.map(|(day, kind)| (day.to_owned(), kind.to_owned()))
    );
    let after: Vec<_> = entries(&place)
        .iter()
        .filter_map(|(_, entry)| entry.text("after").map(str::to_owned))
        .collect();
    assert_eq!(after, ["audit-1970-01-01.jsonl", "audit-1970-01-03.jsonl"]);
    assert_eq!(
        verify(&place.path().join("audit"), &[]).unwrap().broken,
        None
    );
}

/// A file takes only so much of what guests cause; what is kept out is counted, and told when the day is over.
#[test]
fn a_day_is_bounded_and_says_what_is_missing() {
    let place = crate::testing::place();
    let mut writer = opened(&place, 1_000);
    for pid in 0..50 {
        writer.write(vec![(at(0), exit(pid))], Lost::new()).unwrap();
    }
    writer.write(vec![(at(1), exit(50))], Lost::new()).unwrap();
    for pid in 0..50 {
        writer.write(vec![(at(1), exit(pid))], Lost::new()).unwrap();
    }
    writer.finish(at(1), Vec::new(), Lost::new()).unwrap();
    let entries = entries(&place);
    let n_exits = u64::try_from(
        entries
            .iter()
            .filter(|(_, entry)| entry.kind == "exit")
            .count(),
    )
    .unwrap();
    assert!(n_exits < 12, "{n_exits}");
    let gaps: Vec<_> = entries
        .iter()
        .filter(|(_, entry)| entry.kind == "gap")
        .collect();
    assert_eq!(gaps.len(), 2);
    assert_eq!(gaps[0].0, "audit-1970-01-02.jsonl");
    assert_eq!(gaps[0].1.text("reason"), Some("day-full"));
    let verdict = verify(&place.path().join("audit"), &[]).unwrap();
    assert_eq!((verdict.broken, verdict.lost), (None, 101 - n_exits));
}

/// What the queue lost is told before the next record, by kind.
#[test]
fn a_gap_is_told_first() {
    let place = crate::testing::place();
    let mut writer = opened(&place, DAY_BYTES_MAX);
    let mut lost = Lost::new();
    lose(&mut lost, Loss::Queue, Kind::Denial, 7);
    lose(&mut lost, Loss::Queue, Kind::Spawn, 2);
    writer.write(vec![(at(0), exit(1))], lost).unwrap();
    let entries = entries(&place);
    assert_eq!(
        entries
            .iter()
            .map(|(_, entry)| entry.kind.as_str())
            .collect::<Vec<_>>(),
        ["open", "gap", "exit"]
    );
    assert_eq!(
        entries[1].1.fields["lost"],
        serde_json::json!({"denial": 7, "spawn": 2})
    );
}

/// Records that a full disk refused are counted by the next that it takes, over several failures and a change of
/// the day; a `more` counts as what it stands for.
#[test]
fn a_full_disk_is_counted() {
    let place = crate::testing::place();
    let mut writer = opened(&place, DAY_BYTES_MAX);
    writer.write(vec![(at(0), exit(0))], Lost::new()).unwrap();
    let more = Record::More {
        component: "a".into(),
        pid: None,
        of: Kind::Denial,
        count: 40,
    };
    let full = || {
        std::fs::File::options()
            .append(true)
            .open("/dev/full")
            .unwrap()
    };
    let real = writer.tail.swap_file(full());
    writer
        .write(vec![(at(0), exit(1)), (at(0), more)], Lost::new())
        .unwrap_err();
    writer
        .write(vec![(at(0), exit(2))], Lost::new())
        .unwrap_err();
    writer.tail.swap_file(real);
    writer.write(vec![(at(3), exit(3))], Lost::new()).unwrap();
    let entries = entries(&place);
    let gaps: Vec<_> = entries
        .iter()
        .filter(|(_, entry)| entry.kind == "gap")
        .collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].1.text("reason"), Some("disk"));
    assert_eq!(
        gaps[0].1.fields["lost"],
        serde_json::json!({"denial": 40, "exit": 2})
    );
    let verdict = verify(&place.path().join("audit"), &[]).unwrap();
    assert_eq!((verdict.broken, verdict.lost), (None, 42));
}
