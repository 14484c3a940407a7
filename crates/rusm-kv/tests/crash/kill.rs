//! A process that is killed while many of its threads write: this test runs itself again, as that process.
//!
//! The child says each write once it is acknowledged. The parent kills it after so many lines as its seed says, reads
//! what else had been said, and opens the file: all that is there, and nothing is half there.

use crate::child::{Child, role, say};
use crate::loss::below;
use rusm_kv::{Batch, OpResult, Options, Snapshot, Store};
use rusm_sim::Dice;
use std::collections::BTreeMap;
use std::path::Path;

const WRITERS: u64 = 8;
const ROUNDS: u64 = 30;
/// Counts the entries of a bucket, in the same batches that write them.
const COUNT: &str = "count";

/// How many entries each writer knows to be durable.
type Acknowledged = BTreeMap<u64, i64>;

fn bucket(writer: u64) -> String {
    format!("writer-{writer}")
}

/// Some of them take many pages.
fn value(writer: u64, n: i64) -> Vec<u8> {
    let len = if n % 10 == 3 { 20_000 } else { 50 };
    format!("{writer}:{n};").into_bytes().repeat(len / 5)
}

/// The child: writes from many threads until it is killed.
fn write_for_ever(file: &Path) -> ! {
    say("starts");
    let store = Store::open(file, Options::default()).unwrap();
    say("is open");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = &store;
            scope.spawn(move || write_as(store, writer));
        }
    });
    unreachable!("there is always another number")
}

fn write_as(store: &Store, writer: u64) {
    let first = count(&store.readable().wait().unwrap(), writer);
    for n in first.. {
        let batch = Batch::new(bucket(writer)).unwrap();
        let batch = batch
            .put(format!("{n:08}"), value(writer, n))
            .increment(COUNT, 1);
        let done = store.submit(batch).wait().unwrap();
        assert_eq!(done.results[1], OpResult::Value(n + 1));
        say(&format!("wrote {writer} {n}"));
        if writer == 0 && n % 50 == 49 {
            // It may be refused while somebody reads.
            drop(store.compact());
        }
    }
}

fn count(snapshot: &Snapshot, writer: u64) -> i64 {
    let count = snapshot.get(&bucket(writer), COUNT).unwrap();
    count.map_or(0, |text| String::from_utf8(text).unwrap().parse().unwrap())
}

/// Every entry that the counter counts is there and right, and no other; the counter is what was acknowledged, or one
/// more where a write was on its way.
fn check(file: &Path, acknowledged: &mut Acknowledged, round: u64) {
    let store = Store::open(file, Options::default()).unwrap();
    let snapshot = store.read().unwrap();
    for writer in 0..WRITERS {
        let (found, known) = (
            count(&snapshot, writer),
            acknowledged.entry(writer).or_default(),
        );
        assert!(
            found == *known || found == *known + 1,
            "round {round}, writer {writer}: {found} entries, {known} acknowledged"
        );
        let page = snapshot.list(&bucket(writer), "0", None, usize::MAX, usize::MAX);
        let entries = page.unwrap().entries;
        assert_eq!(
            i64::try_from(entries.len()).unwrap(),
            found,
            "round {round}"
        );
        for (n, entry) in (0..).zip(entries) {
            assert_eq!(entry.key, format!("{n:08}"), "round {round}");
            assert_eq!(entry.value, value(writer, n), "round {round}, entry {n}");
        }
        *known = found;
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    if let Some(file) = role() {
        write_for_ever(&file);
    }
    rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), 1, |seed| {
        let (place, mut dice) = (tempfile::tempdir().unwrap(), Dice::new(seed));
        let (file, copy) = (place.path().join("store"), place.path().join("copy"));
        let mut acknowledged = Acknowledged::new();
        for round in 0..ROUNDS {
            let test = "kill::nothing_acknowledged_is_lost_when_the_process_is_killed";
            let mut child = Child::start(test, &file);
            // Early, too: while the file is made or repaired.
            let n_lines = if dice.one_in(4) {
                1
            } else {
                1 + below(&mut dice, 300)
            };
            let mut lines = 0;
            while let Some(line) = child.next_line() {
                lines += 1;
                if lines == n_lines {
                    child.kill();
                }
                note(&line, &mut acknowledged);
            }
            assert!(lines >= n_lines, "round {round}: it ended by itself");
            if !file.exists() {
                continue;
            }
            // Every other time the next child finds the file as this one has left it.
            let is_copied = dice.one_in(2);
            let looked_at = if is_copied { &copy } else { &file };
            if is_copied {
                std::fs::copy(&file, &copy).unwrap();
            }
            check(looked_at, &mut acknowledged, round);
        }
        assert!(
            acknowledged.values().sum::<i64>() > 0,
            "something was written"
        );
    });
}

fn note(line: &str, acknowledged: &mut Acknowledged) {
    let words: Vec<&str> = line.split(' ').collect();
    if let ["wrote", writer, n] = words[..] {
        let known = acknowledged.entry(writer.parse().unwrap()).or_default();
        *known = (*known).max(n.parse::<i64>().unwrap() + 1);
    }
}

/// The child: makes one copy after the other while others write.
fn copy_for_ever(file: &Path) -> ! {
    let store = Store::open(file, Options::default()).unwrap();
    std::thread::scope(|scope| {
        let store = &store;
        scope.spawn(move || write_as(store, 1));
        for n in 0.. {
            let to = file.with_extension(format!("copy-{n}"));
            match store.backup(&to) {
                Ok(()) => say(&format!("copied {}", to.display())),
                Err(error) => assert!(to.exists(), "{error}"),
            }
        }
    });
    unreachable!("there is always another number")
}

/// A copy that is there is whole, and one that was reported is there.
#[test]
fn a_copy_is_whole_or_not_there_when_the_process_is_killed() {
    if let Some(file) = role() {
        copy_for_ever(&file);
    }
    rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), 1, |seed| {
        let (place, mut dice) = (tempfile::tempdir().unwrap(), Dice::new(seed));
        let file = place.path().join("store");
        for _ in 0..8 {
            let test = "kill::a_copy_is_whole_or_not_there_when_the_process_is_killed";
            let mut child = Child::start(test, &file);
            let n_lines = 3 + below(&mut dice, 40);
            let mut copies = Vec::new();
            let mut lines = 0;
            while let Some(line) = child.next_line() {
                lines += 1;
                if lines == n_lines {
                    child.kill();
                }
                copies.extend(line.strip_prefix("copied ").map(str::to_owned));
            }
            for copy in copies {
                assert!(Path::new(&copy).exists(), "{copy} was reported");
            }
            for copy in std::fs::read_dir(place.path()).unwrap() {
                let copy = copy.unwrap().path();
                let is_copy = copy
                    .extension()
                    .is_some_and(|is| is.to_string_lossy().starts_with("copy-"));
                if is_copy && !copy.to_string_lossy().ends_with("partial") {
                    is_whole(&copy);
                }
            }
        }
    });
}

fn is_whole(copy: &Path) {
    let store = Store::open_existing(copy, Options::default()).unwrap();
    let snapshot = store.read().unwrap();
    let count = count(&snapshot, 1);
    let page = snapshot.list(&bucket(1), "0", None, usize::MAX, usize::MAX);
    let entries = page.unwrap().entries;
    assert_eq!(
        i64::try_from(entries.len()).unwrap(),
        count,
        "{}",
        copy.display()
    );
    for (n, entry) in (0..).zip(entries) {
        assert_eq!(entry.value, value(1, n), "{}", copy.display());
    }
}
