//! The store alone: what a reader notices of commits, how long a start takes, and how large the file is.

use crate::engine::store::{BUCKET, Store, batch};
use crate::engine::{Engine, key, mixed};
use crate::figure::{Figure, nanoseconds, percentile};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const ENTRIES: u64 = 100_000;
const VALUE: usize = 100;
/// As many as a batch takes.
const AT_ONCE: u64 = 1_000;
const READING: Duration = Duration::from_secs(1);
const WRITERS: u64 = 64;

pub(crate) fn run(n_rounds: usize) {
    let folder = crate::folder();
    let store = filled(folder.path());
    reads(&store, n_rounds);
    size(&store, folder.path());
    starts(store, folder.path(), n_rounds);
}

fn filled(folder: &Path) -> Store {
    let store = Store::open(folder);
    for first in (0..ENTRIES).step_by(AT_ONCE as usize) {
        let numbers = first..first + AT_ONCE;
        let puts = numbers.map(|nth| (key(nth), vec![0x5a; VALUE]));
        let outcome = store.0.submit(batch(puts)).wait();
        outcome.expect("the disk works");
    }
    store
}

/// One reader, first while nobody writes and then while many do; in turns.
fn reads(store: &Store, n_rounds: usize) {
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..n_rounds {
        let [idle, busy] = &mut rounds;
        idle.push(read(store));
        let ends = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    let until = Instant::now() + READING / 10;
                    store.drive(WRITERS, &[0x5a; VALUE], until);
                }
            });
            busy.push(read(store));
            ends.store(true, Ordering::Relaxed);
        });
    }
    for (what, rounds) in ["idle", "during_commits"].into_iter().zip(&mut rounds) {
        let name = |figure| format!("rusm-kv_reads_{what}{figure}");
        let rates = rounds
            .iter()
            .map(|took| took.len() as f64 / READING.as_secs_f64());
        Figure::of(&name(""), "per_second", rates).print();
        for (figure, thousandths) in [("_p50", 500), ("_p99", 990), ("_max", 1_000)] {
            let times = rounds
                .iter_mut()
                .map(|took| nanoseconds(percentile(took, thousandths)));
            Figure::of(&name(figure), "ns", times).print();
        }
    }
}

fn read(store: &Store) -> Vec<Duration> {
    let mut took = Vec::new();
    let until = Instant::now() + READING;
    for nth in 0.. {
        let begin = Instant::now();
        if begin >= until {
            break;
        }
        let snapshot = store.0.read().expect("nothing is compacted");
        let found = snapshot.get(BUCKET, &key(mixed(nth) % ENTRIES));
        assert!(matches!(found, Ok(Some(_))), "all keys are there");
        took.push(begin.elapsed());
    }
    took
}

fn size(store: &Store, folder: &Path) {
    let data = ENTRIES as usize * (key(0).len() + VALUE);
    let bytes = || {
        fs::metadata(folder.join("rusm"))
            .expect("the file is there")
            .len()
    };
    let print = |what: &str, bytes: u64| {
        println!(
            "rusm-kv_file_{what} {bytes} bytes ({:.2} of the {data} bytes of keys and values)",
            bytes as f64 / data as f64
        );
    };
    print("written", bytes());
    store.0.compact().expect("nobody reads");
    print("compacted", bytes());
}

/// Closed in order, and after an end in the midst of it: what lies on the disk while a store is open is what a crash leaves.
fn starts(store: Store, folder: &Path, n_rounds: usize) {
    let crashed = crate::folder();
    fs::copy(folder.join("rusm"), crashed.path().join("left")).expect("the disk has room");
    drop(store);
    let in_order = (0..n_rounds).map(|_| start(folder));
    Figure::of("rusm-kv_start", "ns", in_order).print();
    let after_crash = (0..n_rounds).map(|_| {
        fs::copy(crashed.path().join("left"), crashed.path().join("rusm"))
            .expect("the disk has room");
        start(crashed.path())
    });
    Figure::of("rusm-kv_start_after_crash", "ns", after_crash).print();
}

/// In nanoseconds, until the first entry has been read.
fn start(folder: &Path) -> f64 {
    let begin = Instant::now();
    let store = Store::open(folder);
    let snapshot = store.0.read().expect("nothing is compacted");
    let found = snapshot.get(BUCKET, &key(0));
    assert!(matches!(found, Ok(Some(_))), "all keys are there");
    nanoseconds(begin.elapsed())
}
