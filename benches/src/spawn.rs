//! Processes that come and go: how many in a second, and how long each one takes.

mod guests;
mod native;

use crate::figure::{Benchmark, percentiles};
use std::time::Duration;

pub(crate) use guests::{Leaf, spawn_exit as guest_spawn_exit};
pub(crate) use native::{Told, spawn_exit as native_spawn_exit};

/// Processes of one run that measures each.
const ONE_BY_ONE: u64 = 20_000;

pub(crate) fn all() -> Vec<Benchmark> {
    [native::all(), guests::all()]
        .into_iter()
        .flatten()
        .collect()
}

/// From one spawn to the notice of its end: three percentiles of the same runs.
fn latencies(of: &str, run: impl Fn() -> Vec<Duration> + 'static) -> [Benchmark; 3] {
    let name = format!("{of}_spawn_to_down");
    percentiles(&name, run, [("p50", 500), ("p99", 990), ("p99.9", 999)])
}
