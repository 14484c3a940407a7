//! The power fails while many threads share commits: each finds what it was acknowledged, and the commits are whole.

use crate::disk::{Call, Disk, Fault, Trouble};
use crate::loss::Loss;
use crate::patience::within_patience;
use crate::run::{Hands, open};
use rusm_kv::{Batch, OpResult, Store};
use rusm_sim::Dice;
use std::sync::Arc;

const WRITERS: usize = 6;
const WRITES: usize = 12;
const SEEDS: u64 = 3;
const BUCKET: &str = "shared";
/// Counts the other entries of the bucket, in the same batches that write them.
const COUNT: &str = "count";

fn key(writer: usize, n: usize) -> String {
    format!("{writer}-{n:02}")
}

/// How many writes of each writer were acknowledged.
fn write_together(store: &Store) -> Vec<usize> {
    std::thread::scope(|scope| {
        let write = |writer| scope.spawn(move || write_as(store, writer));
        let writers: Vec<_> = (0..WRITERS).map(write).collect();
        let ended = writers.into_iter().map(|writer| writer.join().unwrap());
        ended.collect()
    })
}

fn write_as(store: &Store, writer: usize) -> usize {
    let mut counted = 0;
    for n in 0..WRITES {
        let value = key(writer, n).repeat(1 + 500 * (n % 3));
        let batch = Batch::new(BUCKET).unwrap();
        let batch = batch.put(key(writer, n), value).increment(COUNT, 1);
        let Ok(outcome) = store.submit(batch).wait() else {
            return n;
        };
        let OpResult::Value(count) = outcome.results[1] else {
            panic!("{outcome:?}");
        };
        assert!(count > counted, "the count only grows");
        counted = count;
    }
    WRITES
}

/// The counter and the entries agree, and each writer has what it was acknowledged and at most one write more.
fn check(disk: &Disk, acknowledged: &[usize], clock: &Arc<Hands>, place: &str) {
    let store = open(disk, clock).unwrap_or_else(|error| panic!("{place}: {error}"));
    let snapshot = store.read().unwrap();
    let count = snapshot.get(BUCKET, COUNT).unwrap();
    let count = count.map_or(0, |text| String::from_utf8(text).unwrap().parse().unwrap());
    let mut n_found = 0;
    for (writer, acknowledged) in acknowledged.iter().enumerate() {
        let prefix = format!("{writer}-");
        let keys = snapshot
            .keys(BUCKET, &prefix, None, usize::MAX)
            .unwrap()
            .keys;
        let wanted: Vec<String> = (0..keys.len()).map(|n| key(writer, n)).collect();
        assert_eq!(keys, wanted, "{place}");
        assert!(
            keys.len() == *acknowledged || keys.len() == acknowledged + 1,
            "{place}: {} writes of writer {writer}, {acknowledged} acknowledged",
            keys.len()
        );
        n_found += keys.len();
    }
    assert_eq!(n_found, count, "{place}");
}

#[test]
fn writers_that_share_commits_lose_nothing_acknowledged() {
    within_patience(|| rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), SEEDS, cut_everywhere));
}

fn cut_everywhere(seed: u64) {
    let mut dice = Dice::new(seed);
    for nth in 0.. {
        let (clock, disk) = (Hands::new(), Disk::default());
        // The file is made in peace: its making has tests of its own.
        drop(open(&disk, &clock).unwrap());
        let disk = Disk::holding(disk.contents()).with_fault(Fault {
            call: Call::Sync,
            nth,
            trouble: Trouble::PowerCut,
        });
        let opened = open(&disk, &clock);
        let acknowledged = opened.map_or(vec![0; WRITERS], |store| write_together(&store));
        for loss in Loss::ALL {
            let (durable, unsynced) = disk.parts();
            let image = loss.strike(durable, &unsynced, &mut dice);
            let place = format!("power cut at sync {nth}, loss of {loss:?}");
            check(&Disk::holding(image), &acknowledged, &clock, &place);
        }
        if !disk.has_struck() {
            assert_eq!(acknowledged, [WRITES; WRITERS]);
            return;
        }
    }
}
