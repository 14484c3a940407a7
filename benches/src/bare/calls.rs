//! Calls of one host function that takes nothing and answers a number.

use super::engine;
use super::guest::{Linked, State};
use crate::figure::{Benchmark, Work, timed};
use crate::guests::{Target, built};
use crate::host_calls::{CALLS, core_module};

pub(super) fn all() -> Vec<Benchmark> {
    vec![
        Benchmark::nanoseconds("core_host_call", core),
        Benchmark::nanoseconds("rust_component_host_call", component),
    ]
}

fn core() -> Work {
    let engine = engine();
    let linked = Linked::core(&engine, &core_module());
    timed(CALLS, || linked.run(&engine, State::default()))
}

fn component() -> Work {
    let engine = engine();
    let linked = Linked::component(&engine, &built(Target::Component, "bench_probe"));
    let args = ["host_calls", "host-calls", &CALLS.to_string()].map(str::to_owned);
    timed(CALLS, || {
        linked.run(&engine, State::with_args(args.to_vec()))
    })
}
