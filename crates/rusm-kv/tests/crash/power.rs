//! The power fails at every sync of a workload, one after another: what was acknowledged is there, nothing is half there.

use crate::disk::{Call, Disk, Fault, Trouble};
use crate::loss::Loss;
use crate::model::{Deed, Model, assert_same, contents, counted, totals};
use crate::run::{Hands, Run};
use crate::workload::{self, Step};
use rusm_kv::{Expires, Op, Store};
use rusm_sim::Dice;

const SEEDS: u64 = 2;
const STEPS: usize = 24;
/// How often the power fails in one long life.
const LIVES: usize = 12;

fn power_cut(nth: u64) -> Fault {
    Fault {
        call: Call::Sync,
        nth,
        trouble: Trouble::PowerCut,
    }
}

/// Opens the store on this disk, does the steps, closes it. True if the power failed meanwhile.
fn live(disk: &Disk, run: &mut Run, steps: &[Step]) -> bool {
    if let Ok(store) = run.open(disk) {
        run.go(&store, steps);
    } else {
        assert!(
            disk.has_struck(),
            "only a cut of power keeps it from opening"
        );
    }
    disk.has_struck()
}

/// From the first sync that makes the file to the last one that closes it.
#[test]
fn nothing_acknowledged_is_lost_at_any_sync() {
    rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), SEEDS, |seed| {
        cut_everywhere(seed, Run::new);
    });
}

/// The same with a file that may hardly grow, where the store makes room in other ways.
#[test]
fn nothing_acknowledged_is_lost_in_a_file_at_its_bound() {
    rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), SEEDS, |seed| {
        let run = || Run::new().with(|options| options.max_bytes(1 << 20));
        let n_full = cut_everywhere(seed, run);
        assert!(n_full > 0, "it was full");
    });
}

/// Cuts the power at each sync in turn, until none is left; says how many batches of the whole workload did not fit.
fn cut_everywhere(seed: u64, new_run: impl Fn() -> Run) -> usize {
    let steps = workload::steps(&mut Dice::new(seed), STEPS);
    for sync in 0.. {
        let disk = Disk::default().with_fault(power_cut(sync));
        let mut run = new_run();
        let is_over = !live(&disk, &mut run, &steps);
        for loss in Loss::ALL {
            let place = format!("power cut at sync {sync}, loss of {loss:?}");
            check(&disk, loss, &run, &mut Dice::new(seed ^ sync), &place);
        }
        if is_over {
            assert!(sync > STEPS as u64 / 2, "a sync for most writes, at least");
            return run.n_full;
        }
    }
    unreachable!("a workload has an end")
}

/// What is left of the disk opens, holds what it must, and can be written to; also if the power fails again while it
/// is being opened.
fn check(disk: &Disk, loss: Loss, run: &Run, dice: &mut Dice, place: &str) -> (Disk, Model) {
    let (durable, unsynced) = disk.parts();
    let mut image = loss.strike(durable, &unsynced, dice);
    if dice.one_in(4) {
        let place = format!("{place}, and again while it is opened");
        let second = Disk::holding(image).with_fault(power_cut(dice.below(6)));
        drop(run.open(&second));
        let (durable, unsynced) = second.parts();
        image = Loss::SomeSectors { sector: 512 }.strike(durable, &unsynced, dice);
        return holds(image, run, &place);
    }
    holds(image, run, place)
}

fn holds(image: Vec<u8>, run: &Run, place: &str) -> (Disk, Model) {
    let disk = Disk::holding(image);
    let store = match run.open(&disk) {
        Ok(store) => store,
        Err(error) => {
            assert!(!run.was_open(), "{place}: {error}");
            // The file was never finished; whoever makes it anew starts with nothing.
            return (Disk::default(), Model::default());
        }
    };
    let found = run.state_of(&store, place);
    is_consistent(&store, run, place);
    let mut after = run.after(found);
    after.go(&store, &[Step::Write(vec![put("after", "the crash")])]);
    drop(store);
    let opened = run.open(&disk);
    let store = opened.unwrap_or_else(|error| panic!("{place}, closed: {error}"));
    assert_same(&contents(&store), &after.acknowledged(), place);
    is_swept(&store, &mut after, place);
    drop(store);
    (disk, after.latest().clone())
}

/// The totals of the buckets are those of the entries that are in the file.
fn is_consistent(store: &Store, run: &Run, place: &str) {
    // Before the first of them was written, none has expired.
    run.clock.at(0, || {
        assert_eq!(totals(store), counted(&contents(store)), "{place}");
    });
}

/// What expires is found by its time, and is removed with the commits that follow: nothing was lost from the index of
/// expiry.
fn is_swept(store: &Store, run: &mut Run, place: &str) {
    run.clock.pass(1_000_000);
    for n in 0..12 {
        run.go(store, &[Step::Write(vec![put("swept", &n.to_string())])]);
    }
    // A full file may have no room for what it takes to remove something.
    if run.n_full == 0 {
        let left = counted(&run.acknowledged());
        assert_eq!(totals(store), left, "{place}, swept");
    }
}

fn put(key: &str, value: &str) -> Deed {
    let op = Op::Put {
        key: key.to_owned(),
        value: value.into(),
        expires: Expires::Never,
    };
    Deed {
        bucket: "afterwards".to_owned(),
        ops: vec![op],
    }
}

/// One store that lives through many cuts of power, each at another sync and with another loss.
#[test]
fn a_store_lives_through_one_cut_of_power_after_another() {
    rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), SEEDS * 2, |seed| {
        let mut dice = Dice::new(seed);
        let (clock, mut image, mut model) = (Hands::new(), Vec::new(), Model::default());
        for life in 0..LIVES {
            let disk = Disk::holding(image).with_fault(power_cut(dice.below(40)));
            let mut run = Run::from(&clock, model);
            live(&disk, &mut run, &workload::steps(&mut dice, STEPS));
            let loss = *dice.pick(&Loss::ALL).expect("there are some");
            let place = format!("life {life}, loss of {loss:?}");
            let (after, found) = check(&disk, loss, &run, &mut dice, &place);
            (image, model) = (after.contents(), found);
        }
    });
}
