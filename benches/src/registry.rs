//! All benchmarks.

use crate::figure::Benchmark;
use crate::{
    check, cores, fairness, host_calls, idle, memory, messages, restarts, scale, spawn, start,
    storage,
};

/// In the order of the target table. `million.rs` runs by itself.
pub(crate) fn all() -> Vec<Benchmark> {
    [
        spawn::all(),
        host_calls::all(),
        messages::all(),
        fairness::all(),
        restarts::all(),
        memory::all(),
        scale::all(),
        idle::all(),
        storage::all(),
        check::all(),
        start::all(),
        cores::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
