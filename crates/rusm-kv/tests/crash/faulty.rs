//! A disk that fails at its n-th call, for every n of a workload: the commit that meets it answers all its writers with
//! the reason, nothing is written afterwards, what was committed can still be read, and a file opened anew has it all.

use crate::disk::{Call, Disk, EIO, ENOSPC, Fault, Trouble};
use crate::loss::Loss;
use crate::model::{Model, assert_same, try_contents};
use crate::patience::within_patience;
use crate::run::{Hands, Run, open};
use crate::workload::{self, Step};
use rusm_kv::{OpenError, Store, WriteError};
use rusm_sim::Dice;
use std::error::Error;

const STEPS: usize = 7;
/// A workload of small values with two compactions in it, so that there are not many calls of one kind.
const SEED: u64 = 21;

/// All steps on a disk with this fault, and everything that must be so afterwards; false if it never struck.
fn fails_well(steps: &[Step], fault: Fault) -> bool {
    let disk = Disk::default().with_fault(fault);
    let run = Run::new();
    let place = format!("{fault:?}");
    // Without a cache, what was committed before the failure is read from the disk after it.
    let mut run = run.with(|options| options.cache_bytes(0));
    match run.open(&disk) {
        Ok(store) => {
            run.go(&store, steps);
            if disk.has_struck() {
                is_poisoned(&store, &run, fault, &place);
            }
        }
        Err(error) => {
            assert!(disk.has_struck(), "{place}: {error}");
            names_the_reason(&chain(&error), fault, &place);
        }
    }
    // A process that is started anew sees what it wrote; after a loss of power, what it has synced.
    opens_anew(&disk, &run, Loss::Nothing, &place);
    opens_anew(&disk, &run, Loss::Everything, &place);
    disk.has_struck()
}

fn names_the_reason(text: &str, fault: Fault, place: &str) {
    match fault.trouble {
        Trouble::Once(code) | Trouble::Always(code) => {
            let wanted = format!("os error {code}");
            assert!(text.contains(&wanted), "{place}: {text:?}");
        }
        // What it was is on the standard error output.
        Trouble::Panic | Trouble::PowerCut => (),
    }
}

fn is_poisoned(store: &Store, run: &Run, fault: Fault, place: &str) {
    let poisoned = store.status().poisoned;
    let reason = poisoned.unwrap_or_else(|| panic!("{place}: it goes on after a failure"));
    names_the_reason(&reason, fault, place);
    reads_go_on(store, run, place);
    let refused = Run::refused(store);
    assert_eq!(refused, WriteError::Poisoned { reason }, "{place}");
    reads_go_on(store, run, place);
}

fn reads_go_on(store: &Store, run: &Run, place: &str) {
    let found = try_contents(store).unwrap_or_else(|error| panic!("{place}: {error}"));
    assert_same(&found, &run.acknowledged(), place);
}

fn opens_anew(disk: &Disk, run: &Run, loss: Loss, place: &str) {
    let place = format!("{place}, loss of {loss:?}");
    let (durable, unsynced) = disk.parts();
    let image = match loss {
        Loss::Nothing => disk.contents(),
        _ => loss.strike(durable, &unsynced, &mut Dice::new(SEED)),
    };
    let store = match open(&Disk::holding(image), &run.clock) {
        Ok(store) => store,
        Err(error) => {
            assert!(!run.was_open(), "{place}: {error}");
            return;
        }
    };
    let model = run.state_of(&store, &place);
    let mut after = Run::from(&run.clock, model);
    let steps = workload::steps(&mut Dice::new(SEED), 2);
    after.go(&store, &steps);
    assert!(after.failure.is_none(), "{place}: it can be written to");
}

/// Fails each of these calls in turn, with one trouble after the other.
fn every_call(call: Call, troubles: &'static [Trouble], at_least: u64) {
    within_patience(move || {
        let steps = workload::steps(&mut Dice::new(SEED), STEPS);
        let troubles = (0..).zip(troubles.iter().copied().cycle());
        let faults = troubles.map(|(nth, trouble)| Fault { call, nth, trouble });
        let n_struck = faults
            .take_while(|fault| fails_well(&steps, *fault))
            .count();
        let is_enough = n_struck as u64 >= at_least;
        assert!(is_enough, "the workload has that many, not {n_struck}");
    });
}

#[test]
fn a_failed_write_poisons_the_store() {
    every_call(
        Call::Write,
        &[Trouble::Once(ENOSPC), Trouble::Once(EIO)],
        50,
    );
}

#[test]
fn a_disk_that_stays_full_poisons_the_store() {
    every_call(Call::Write, &[Trouble::Always(ENOSPC)], 50);
}

#[test]
fn a_failed_sync_poisons_the_store() {
    for trouble in [
        &[Trouble::Once(EIO)],
        &[Trouble::Always(EIO)],
        &[Trouble::Once(ENOSPC)],
    ] {
        every_call(Call::Sync, trouble, 7);
    }
}

#[test]
fn a_file_that_cannot_grow_poisons_the_store() {
    for trouble in [&[Trouble::Once(ENOSPC)], &[Trouble::Always(EIO)]] {
        every_call(Call::SetLen, trouble, 2);
    }
}

#[test]
fn a_panic_below_poisons_the_store() {
    every_call(Call::Write, &[Trouble::Panic], 50);
    every_call(Call::Sync, &[Trouble::Panic], 7);
    every_call(Call::SetLen, &[Trouble::Panic], 2);
}

/// A read that fails is an error for its reader; whether others go on is left open, that none is told something wrong
/// is not.
#[test]
fn a_failed_read_is_an_error_and_never_a_wrong_answer() {
    within_patience(|| {
        let (clock, disk) = (Hands::new(), Disk::default());
        let mut run = Run::from(&clock, Model::default());
        run.go(
            &open(&disk, &clock).unwrap(),
            &workload::steps(&mut Dice::new(SEED), STEPS),
        );
        for trouble in [Trouble::Once(EIO), Trouble::Always(EIO), Trouble::Panic] {
            let fails = |nth| {
                let call = Call::Read;
                let disk = Disk::holding(disk.contents()).with_fault(Fault { call, nth, trouble });
                reads_well(&disk, run.after(run.latest().clone()), nth)
            };
            let n_struck = (0..).take_while(|nth| fails(*nth)).count();
            assert!(n_struck > 10, "there are reads to fail");
        }
    });
}

fn reads_well(disk: &Disk, run: Run, seed: u64) -> bool {
    let place = format!("{disk:?}");
    // Without a cache, everything is read from the disk.
    let mut run = run.with(|options| options.cache_bytes(0));
    match run.open(disk) {
        Ok(store) => {
            for n in 0..3 {
                if let Ok(found) = try_contents(&store) {
                    assert_same(&found, &run.acknowledged(), &place);
                }
                run.go(&store, &workload::steps(&mut Dice::new(seed + n), 1));
            }
        }
        Err(error) => assert!(
            matches!(error, OpenError::Io { .. } | OpenError::Corrupt { .. }),
            "{place}: {error}"
        ),
    }
    opens_anew(disk, &run, Loss::Nothing, &place);
    disk.has_struck()
}

/// An error with its causes, as a log has it.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
