//! What a test has a store do, by a seed, and what became of it: [`Step`], [`Run`].

use crate::loss::below;
use crate::model::Deed;
use rusm_kv::{Expires, Op};
use rusm_sim::Dice;

/// Something to do, in turn.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Submits these without waiting in between, and waits for all of them.
    Write(Vec<Deed>),
    /// Lets time pass, in milliseconds.
    Pass(u64),
    Compact,
}

/// A workload of so many steps.
pub(crate) fn steps(dice: &mut Dice, n_steps: usize) -> Vec<Step> {
    (0..n_steps).map(|_| step(dice)).collect()
}

fn step(dice: &mut Dice) -> Step {
    match dice.below(16) {
        0 => Step::Compact,
        1 | 2 => Step::Pass(1 + dice.below(400)),
        3..=5 => Step::Write((0..2 + dice.below(6)).map(|_| deed(dice)).collect()),
        _ => Step::Write(vec![deed(dice)]),
    }
}

pub(crate) fn deed(dice: &mut Dice) -> Deed {
    let bucket = format!("bucket-{}", dice.below(3));
    let n_ops = if dice.one_in(8) {
        40
    } else {
        1 + dice.below(5)
    };
    let ops = (0..n_ops).map(|_| op(dice)).collect();
    Deed { bucket, ops }
}

fn op(dice: &mut Dice) -> Op {
    let key = format!("key-{:02}", dice.below(30));
    match dice.below(12) {
        0 | 1 => Op::Delete { key },
        2 => Op::Increment {
            // A key of its own mostly; sometimes one that holds no number.
            key: if dice.one_in(9) {
                key
            } else {
                "count".to_owned()
            },
            by: 1,
        },
        // Holds only if there is no such entry, which is true often enough.
        3 if dice.one_in(3) => Op::Expect { key, value: None },
        _ => Op::Put {
            key,
            value: value(dice),
            expires: expires(dice),
        },
    }
}

fn value(dice: &mut Dice) -> Vec<u8> {
    let len = match dice.below(20) {
        0 => 200_000 + below(dice, 100_000),
        1 | 2 => 5_000 + below(dice, 20_000),
        _ => below(dice, 300),
    };
    let seed = dice.number();
    // Different everywhere, so that no sector passes for another.
    let words = (0..).map(|n| Dice::new(seed.wrapping_add(n)).number());
    words.flat_map(u64::to_le_bytes).take(len).collect()
}

fn expires(dice: &mut Dice) -> Expires {
    match dice.below(4) {
        0 => Expires::After {
            ms: 1 + dice.below(900),
        },
        _ => Expires::Never,
    }
}
