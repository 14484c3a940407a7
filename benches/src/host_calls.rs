//! What a guest's call of the host costs that asks for the guest's own pid: no right to check, nothing to copy.

use crate::figure::{Benchmark, Work, timed};
use crate::wasm::{Bench, Kind, Role, expect_normal};

pub(crate) const CALLS: u64 = 2_000_000;

pub(crate) fn all() -> Vec<Benchmark> {
    vec![
        Benchmark::nanoseconds("core_host_call", core),
        Benchmark::nanoseconds("rust_component_host_call", component),
    ]
}

/// A module that makes those calls and ends.
pub(crate) fn core_module() -> Vec<u8> {
    let text = include_str!("wat/host_calls.wat").replace("TIMES", &CALLS.to_string());
    wat::parse_str(text).expect("the module is well formed")
}

fn core() -> Work {
    let bench = Bench::new();
    let module = bench.load_wasm("host-calls", &core_module());
    timed(CALLS, || {
        let callers = bench.spawn_many(1, "host-calls", &module);
        callers.iter().for_each(expect_normal);
    })
}

fn component() -> Work {
    let bench = Bench::new();
    let caller = bench.actor(Kind::RustComponent, &Role::host_calls(CALLS));
    timed(CALLS, || expect_normal(&bench.start(&caller)))
}
