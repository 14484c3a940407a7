//! Floods: bounded, counted, and no harm to anybody else's records.

use crate::support::{Manual, denial, entries, open, place};
use rusm_audit::{Entry, Record, verify};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

fn number(entry: &Entry, field: &str) -> u64 {
    entry.fields[field].as_u64().unwrap()
}

fn lost(entry: &Entry) -> u64 {
    let lost = entry.fields["lost"].as_object().unwrap();
    lost.values().filter_map(Value::as_u64).sum()
}

/// Records of one kind, written, counted and lost: all of them.
fn told(folder: &Path, kind: &str) -> u64 {
    let count = |entry: Entry| match entry.kind.as_str() {
        "more" if entry.text("of") == Some(kind) => number(&entry, "count"),
        "gap" => lost(&entry),
        other => u64::from(other == kind),
    };
    entries(folder).into_iter().map(count).sum()
}

/// A million denials of one process: a file of some kilobytes, in which they all are told, and in which the one denial of
/// another process of the same component has its own record.
#[test]
fn a_flood_of_denials_is_bounded_and_counted() {
    let place = place();
    let folder = place.path().join("audit");
    let log = open(&folder, &Manual::new());
    for n in 0..1_000_000 {
        log.record(denial("hostile", 1, "somewhere"));
        if n == 500_000 {
            log.record(denial("hostile", 2, "elsewhere"));
            log.record(denial("quiet", 3, "elsewhere"));
        }
    }
    log.close("finished");
    assert_eq!(told(&folder, "denial"), 1_000_002);
    let written = entries(&folder);
    let of = |pid: &str| {
        written
            .iter()
            .filter(|entry| entry.kind == "denial" && entry.text("pid") == Some(pid))
            .count()
    };
    assert_eq!((of("1"), of("2"), of("3")), (100, 1, 1));
    let size = std::fs::metadata(folder.join("audit-1970-01-01.jsonl"))
        .unwrap()
        .len();
    assert!(size < 50_000, "{size} bytes");
    assert_eq!(verify(&folder, &[]).unwrap().broken, None);
}

/// Whatever comes at once, from however many: written, counted or lost, and nothing silently.
#[test]
fn nothing_is_lost_silently() {
    let place = place();
    let folder = place.path().join("audit");
    let clock = Manual::new();
    let log = open(&folder, &clock);
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let log = &log;
            scope.spawn(move || {
                for n in 0..20_000u32 {
                    log.record(Record::Exit {
                        component: format!("c{}", n % 40),
                        pid: format!("{thread}.{n}"),
                        parent: None,
                        reason: "x".repeat(1_000),
                    });
                }
            });
        }
    });
    clock.advance(Duration::from_secs(1));
    log.close("finished");
    assert_eq!(told(&folder, "exit"), 80_000);
    let verdict = verify(&folder, &[]).unwrap();
    assert_eq!((verdict.broken, verdict.is_closed), (None, true));
}

/// The start and the stop of a node are written, whatever fills the queue.
#[test]
fn a_closed_log_takes_nothing_more() {
    let place = place();
    let folder = place.path().join("audit");
    let log = open(&folder, &Manual::new());
    log.close("finished");
    log.record(denial("late", 1, "x"));
    log.close("again");
    let kinds: Vec<String> = entries(&folder)
        .into_iter()
        .map(|entry| entry.kind)
        .collect();
    assert_eq!(kinds, ["open", "start", "stop"]);
}
