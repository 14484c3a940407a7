//! What a guest pays while it computes: the look at the clock's ticks in every loop, and in the dense placement the check of every
//! address. Bare Wasmtime beside it neither interrupts nor checks.

use crate::figure::{Benchmark, Work, timed};
use crate::wasm::{Bench, expect_normal};
use rusm_manifest::Placement;

/// Steps of one run: each a multiplication, an addition, and eight bytes of memory.
pub(crate) const STEPS: u64 = 100_000_000;

pub(crate) fn all() -> Vec<Benchmark> {
    [
        ("core_compute_guarded", Placement::Guarded),
        ("core_compute_dense", Placement::Dense),
    ]
    .into_iter()
    .map(|(name, placement)| Benchmark::nanoseconds(name, move || compute(placement)))
    .collect()
}

/// A module that computes and ends.
pub(crate) fn module() -> Vec<u8> {
    let text = include_str!("wat/compute.wat").replace("STEPS", &STEPS.to_string());
    wat::parse_str(text).expect("the module is well formed")
}

fn compute(placement: Placement) -> Work {
    let bench = Bench::new();
    let loaded = bench.runtime.load_placed("compute", &module(), placement);
    let program = loaded.expect("the module can run here");
    timed(STEPS, || {
        let computes = bench.spawn_many(1, "compute", &program);
        computes.iter().for_each(expect_normal);
    })
}
