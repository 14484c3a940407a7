//! A file that something has changed behind the store's back: whatever it is, opening and reading give an error or what
//! was written, never a panic, and never something else.

use crate::disk::Disk;
use crate::loss::below;
use crate::model::{Contents, Model, assert_same, try_contents};
use crate::patience::within_patience;
use crate::run::{Hands, Run, open};
use crate::workload::{self, Step};
use rusm_sim::Dice;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

const SEEDS: u64 = 250;
const STEPS: usize = 24;
const PAGE: usize = 4096;

/// Some good files, and what they hold.
struct Files {
    clock: Arc<Hands>,
    /// Closed properly, some commits before the last.
    older: Vec<u8>,
    /// Closed properly.
    closed: Vec<u8>,
    /// Of a process that was killed after the last commit.
    open: Vec<u8>,
    /// What the last two hold.
    holds: Contents,
    /// What the store held after each commit before.
    before: Vec<Contents>,
}

fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let (clock, disk, mut dice) = (Hands::new(), Disk::default(), Dice::new(1));
        let mut run = Run::from(&clock, Model::default());
        run.go(
            &open(&disk, &clock).unwrap(),
            &workload::steps(&mut dice, STEPS),
        );
        let older = disk.contents();
        let store = open(&disk, &clock).unwrap();
        run.go(&store, &workload::steps(&mut dice, STEPS));
        let open = disk.contents();
        drop(store);
        Files {
            older,
            closed: disk.contents(),
            open,
            holds: run.acknowledged(),
            before: run.history(),
            clock,
        }
    })
}

/// What becomes of a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// It is not opened.
    Refused,
    /// It is opened, and some reads or writes say that it is damaged.
    Noticed,
    /// The damage touched nothing.
    Unharmed,
    /// All is as it was before the last commit: redb takes a commit for unfinished if its pages do not fit.
    OneCommitBack,
}

/// Changes a file in one place, and says how.
fn damage(file: &mut Vec<u8>, older: &[u8], dice: &mut Dice) -> String {
    // Where most of the structure is, every other time.
    let most = if dice.one_in(2) {
        16 * PAGE
    } else {
        file.len()
    };
    let place = below(dice, most);
    let sector = place - place % 512;
    let page = place - place % PAGE;
    match dice.below(8) {
        0 | 1 => {
            file[place] ^= 1 << dice.below(8);
            format!("a bit of byte {place} flipped")
        }
        2 => {
            file[sector..sector + 512].fill(0);
            format!("512 zeroes at {sector}")
        }
        3 => {
            file[page..page + PAGE].fill(0);
            format!("a page of zeroes at {page}")
        }
        4 => {
            let end = (place + 1 + below(dice, 64)).min(file.len());
            file[place..end].fill_with(|| u8::try_from(dice.below(256)).unwrap());
            format!("noise at {place}..{end}")
        }
        5 => {
            file.truncate(place);
            format!("cut off at {place}")
        }
        6 => {
            let from = below(dice, file.len() / PAGE) * PAGE;
            file.copy_within(from..from + PAGE, page);
            format!("the page of {from} at {page}")
        }
        _ => {
            let page = page.min(older.len() - PAGE);
            file[page..page + PAGE].copy_from_slice(&older[page..page + PAGE]);
            format!("an older page at {page}")
        }
    }
}

/// Opens, reads, writes, closes and does it again; whatever is read must be what was written.
fn judge(file: Vec<u8>, may_go_back: bool, dice: &mut Dice, place: &str) -> Verdict {
    let good = files();
    let disk = Disk::holding(file);
    let Ok(store) = open(&disk, &good.clock) else {
        return Verdict::Refused;
    };
    let Ok(found) = try_contents(&store) else {
        return Verdict::Noticed;
    };
    let verdict = if found == good.holds {
        Verdict::Unharmed
    } else {
        let is_older = good.before.contains(&found);
        assert!(may_go_back && is_older, "{place}: something else is read");
        Verdict::OneCommitBack
    };
    let mut run = Run::from(&good.clock, Model::of(found));
    run.go(&store, &write_steps(dice));
    if run.failure.is_some() {
        return Verdict::Noticed;
    }
    drop(store);
    let Ok(store) = open(&disk, &good.clock) else {
        return Verdict::Noticed;
    };
    match try_contents(&store) {
        Ok(found) => assert_same(&found, &run.acknowledged(), place),
        Err(_) => return Verdict::Noticed,
    }
    verdict
}

/// Time stands still, for the files are shared.
fn write_steps(dice: &mut Dice) -> Vec<Step> {
    let mut steps = workload::steps(dice, 6);
    steps.retain(|step| !matches!(step, Step::Pass(_)));
    steps
}

/// Judges so many damaged files; says how often it went how.
fn judge_all(test: impl Fn(&mut Dice) -> Verdict + Sync + Send + 'static) {
    within_patience(move || {
        let verdicts = Mutex::new(BTreeMap::<Verdict, u32>::new());
        rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), SEEDS, |seed| {
            let verdict = test(&mut Dice::new(seed));
            *verdicts.lock().unwrap().entry(verdict).or_default() += 1;
        });
        println!("{:?}", verdicts.into_inner().unwrap());
    });
}

#[test]
fn a_damaged_file_is_refused_or_right() {
    judge_all(|dice| {
        let mut file = files().closed.clone();
        let place = damage(&mut file, &files().older, dice);
        judge(file, false, dice, &place)
    });
}

#[test]
fn a_damaged_file_of_a_killed_process_is_refused_or_a_whole_state() {
    judge_all(|dice| {
        let mut file = files().open.clone();
        let place = damage(&mut file, &files().older, dice);
        judge(file, true, dice, &place)
    });
}

/// Any file at all, and any beginning of a good one.
#[test]
fn a_file_that_is_no_store_is_refused() {
    judge_all(|dice| {
        let mut file = files().closed.clone();
        match dice.below(3) {
            0 => file.truncate(1 + below(dice, 2 * PAGE)),
            1 => file[64..4 * PAGE].fill_with(|| u8::try_from(dice.below(256)).unwrap()),
            _ => file.fill_with(|| u8::try_from(dice.below(256)).unwrap()),
        }
        let verdict = judge(file, false, dice, "no store");
        assert_eq!(verdict, Verdict::Refused);
        verdict
    });
}
