//! The sample app, counted twice: by its sandboxed parsers, and here with regular expressions.
//!
//! The definition of a well-formed line stands in `tools/loggen/src/lib.rs`; nothing else is shared.

use crate::support::{Outcome, Place};
use regex::Regex;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    lines: u64,
    requests: u64,
    blank: u64,
    malformed: u64,
    bytes: u64,
    paths: BTreeMap<String, u64>,
    statuses: BTreeMap<String, u64>,
}

fn count(log: &[u8]) -> Count {
    const QUOTED: &str = r#""((?:\\.|[^"\\])*)""#;
    let line = format!(
        r"(?s)^[^ ]+ [^ ]+ [^ ]+ \[([^\]]*)\] {QUOTED} ([0-9]{{3}}) (-|[0-9]+) {QUOTED} {QUOTED}$"
    );
    let line = Regex::new(&line).unwrap();
    let request = Regex::new(r"(?s)^[A-Z]+ ([^ ]+) HTTP/[^ ]*$").unwrap();
    let mut count = Count::default();
    for raw in log
        .strip_suffix(b"\n")
        .unwrap_or(log)
        .split(|byte| *byte == b'\n')
    {
        count.lines += 1;
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        if raw.is_empty() {
            count.blank += 1;
            continue;
        }
        let parts = std::str::from_utf8(raw)
            .ok()
            .and_then(|text| line.captures(text));
        let parts = parts.filter(|parts| parts[1].len() == 26);
        let path = parts
            .as_ref()
            .and_then(|parts| request.captures(parts.get(2).unwrap().as_str()));
        let size = parts.as_ref().map(|parts| {
            if &parts[4] == "-" {
                Ok(0)
            } else {
                parts[4].parse::<u64>()
            }
        });
        let (Some(parts), Some(path), Some(Ok(size))) = (parts, path, size) else {
            count.malformed += 1;
            continue;
        };
        count.requests += 1;
        count.bytes += size;
        let path = path[1].split('?').next().unwrap().to_owned();
        *count.paths.entry(path).or_default() += 1;
        *count.statuses.entry(parts[3].to_owned()).or_default() += 1;
    }
    count
}

/// The number behind a label of the summary.
pub(crate) fn figure(summary: &str, label: &str) -> u64 {
    let line = summary.lines().find_map(|line| line.strip_prefix(label));
    let line = line.unwrap_or_else(|| panic!("{label:?} is missing in: {summary}"));
    line.trim().parse().unwrap()
}

/// The pairs of a table of the summary, under the line that begins with `head`.
fn table<'a>(summary: &'a str, head: &str) -> Vec<(&'a str, &'a str)> {
    let rows = summary
        .lines()
        .skip_while(|line| !line.trim_start().starts_with(head))
        .skip(1);
    let rows = rows.take_while(|line| !line.is_empty());
    rows.map(|line| line.trim().split_once(char::is_whitespace).unwrap())
        .collect()
}

/// A folder with the app's manifest, in which its sources are the project's and its data are its own.
pub(crate) fn sample() -> Place {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    let manifest = std::fs::read_to_string(root.join("rusm.toml")).unwrap();
    let guests = format!("source = \"{}/guests/", root.display());
    let place = Place::new();
    place.write("rusm.toml", manifest.replace("source = \"guests/", &guests));
    place.write("data/.keep", "");
    place
}

#[test]
fn the_sample_counts_every_line_once_and_survives_every_crash() {
    let place = sample();
    let run = place.rusm(["run"]).finish().ends_with(0);
    let summary = run.stdout();
    let log = std::fs::read(place.path("data/access-seed1-lines200000.log")).unwrap();
    let counted = count(&log);
    assert!(
        counted.lines >= 200_000 && counted.malformed > 500 && counted.blank > 0,
        "{counted:?}"
    );
    let figures = [
        ("lines ", counted.lines),
        ("requests ", counted.requests),
        ("blank lines ", counted.blank),
        ("malformed lines ", counted.malformed),
        ("crashes survived ", counted.malformed),
        ("bytes sent ", counted.bytes),
        (
            "different paths ",
            u64::try_from(counted.paths.len()).unwrap(),
        ),
    ];
    for (label, expected) in figures {
        assert_eq!(figure(summary, label), expected, "{label}");
    }
    let statuses: Vec<(&str, u64)> = table(summary, "status")
        .into_iter()
        .map(|(status, times)| (status, times.trim().parse().unwrap()))
        .collect();
    let expected: Vec<(&str, u64)> = counted
        .statuses
        .iter()
        .map(|(status, times)| (status.as_str(), *times))
        .collect();
    assert_eq!(statuses, expected);
    let top = table(summary, "times  top paths");
    assert_eq!(top.len(), 10);
    for (times, path) in &top {
        assert_eq!(
            counted.paths.get(path.trim()),
            Some(&times.parse().unwrap()),
            "{path}"
        );
    }
    let least: u64 = top.last().unwrap().0.parse().unwrap();
    assert!(
        counted
            .paths
            .values()
            .filter(|times| **times > least)
            .count()
            < top.len()
    );
}

#[test]
fn the_greedy_guest_is_told_no_each_time() {
    let place = sample();
    let run = place.rusm(["run"]).finish().ends_with(0);
    let summary = run.stdout();
    assert!(
        summary.contains("greedy asked 3 times and was refused 3 times"),
        "{summary}"
    );
    assert!(summary.contains("limit: memory"), "{summary}");
    assert_eq!(summary.matches("  refused  ").count(), 3, "{summary}");
}

/// A reader who has gone, as `head` does, ends the run like any other: nothing starts again for nobody.
#[test]
fn the_sample_ends_also_when_nobody_reads_it() {
    let place = sample();
    let mut run = place.rusm(["run"]).start();
    drop(run.stdout.take());
    let run = Outcome::of(run).ends_with(0);
    assert!(!run.stderr.contains("gives up"), "{}", run.stderr);
}

/// Four customers place ten orders each, and the service crashes over one of each; the second run finds them all
/// in the book and adds none.
#[test]
fn the_shop_counts_every_order_once_in_every_run() {
    let place = sample();
    let books = "orders: 40 placed, 40 counted, 48 rice, 68 salt, 72 tea\n";
    for is_first in [true, false] {
        let run = place.rusm(["run"]).finish().ends_with(0);
        assert!(run.stdout().contains(books), "{}", run.stdout());
        let crashes = run.stderr.contains("is counted, and nobody knows");
        assert_eq!(crashes, is_first, "{}", run.stderr);
    }
}
