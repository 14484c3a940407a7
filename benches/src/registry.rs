//! All benchmarks.

use crate::figure::Benchmark;
use crate::{
    check, compute, cores, fairness, host_calls, idle, memory, messages, restarts, scale, spawn,
    start, storage,
};

/// In the order of the target table. `million.rs` runs by itself.
pub(crate) fn all() -> Vec<Benchmark> {
    [
        spawn::all(),
        host_calls::all(),
        compute::all(),
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

#[cfg(test)]
mod tests {
    use super::all;
    use crate::targets::{Against, TARGETS};
    use crate::{bare, erlang};
    use std::collections::BTreeSet;

    #[test]
    fn every_target_has_its_benchmark_and_its_counterpart() {
        let ours = all();
        let ours: BTreeSet<&str> = ours.iter().map(|one| one.name).collect();
        let bare = bare::all();
        for target in TARGETS {
            let name = target.benchmark;
            assert!(ours.contains(name), "there is no {name}");
            let is_there = match target.against {
                Against::Itself => true,
                Against::Benchmark(base) => base != name && ours.contains(base),
                Against::Bare(name) => bare.iter().any(|one| one.name == name),
                Against::Erlang(name) => erlang::has(name),
            };
            assert!(is_there, "there is no {}", target.against.name());
        }
    }

    #[test]
    fn no_two_benchmarks_have_one_name() {
        let all = all();
        let names: BTreeSet<&str> = all.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), all.len());
    }
}
