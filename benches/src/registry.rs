//! All benchmarks.

use crate::figure::Benchmark;
use crate::{
    check, cores, fairness, host_calls, idle, memory, messages, restarts, scale, spawn, start,
    storage,
};

/// What runs unless something else is asked for, in the order of the target table.
pub(crate) fn usual() -> Vec<Benchmark> {
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

/// What takes most of a machine, or minutes: it runs only if its name is asked for.
pub(crate) fn on_request() -> Vec<Benchmark> {
    Vec::new()
}
