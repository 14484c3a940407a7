//! The store of rusm beside others: the same puts, equally durable, in one run on one disk.
//!
//! `cargo run --release` in this folder runs everything; `contest` or `alone` as an argument runs one half, a number sets how many rounds
//! there are. The files lie in the folder for temporary files (`TMPDIR`), which must be on a disk and not in memory. Every line
//! is `name median unit min max`; tables for people follow. Absolute figures move with machine and disk: compare those of one run only.

mod alone;
mod contest;
mod engine;
mod figure;

use std::env::args;

const ROUNDS: usize = 5;

fn main() {
    let is_named = |name: &str| args().skip(1).any(|word| word == name);
    let both = !is_named("contest") && !is_named("alone");
    let n_rounds = args().find_map(|word| word.parse().ok()).unwrap_or(ROUNDS);
    if both || is_named("alone") {
        alone::run(n_rounds);
    }
    if both || is_named("contest") {
        contest::run(n_rounds);
    }
}

/// Where one contestant keeps its files for a while.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is a folder for temporary files")
}
