//! Everything that the kernel offers, done to each other by processes that are killed, panic, do not listen and
//! are refused, and every checker of `rusm_sim::check` on what happened.

use rusm_sim::Plan;

/// How many seeds unless told otherwise.
const SEEDS: u64 = 300;

#[test]
fn everything_at_once_on_every_seed() {
    Plan::everything().for_each_seed(env!("CARGO_PKG_NAME"), SEEDS);
}
