//! A guest at work: calls of one host function that takes nothing and answers a number, and steps of a loop.

use super::engine;
use super::guest::{Linked, State};
use crate::compute::{self, STEPS};
use crate::figure::{Benchmark, Work, timed};
use crate::guests::{Target, built};
use crate::host_calls::{CALLS, core_module};

pub(super) fn all() -> Vec<Benchmark> {
    vec![
        Benchmark::nanoseconds("core_host_call", core),
        Benchmark::nanoseconds("rust_component_host_call", component),
        Benchmark::nanoseconds("core_compute", compute),
    ]
}

fn core() -> Work {
    let engine = engine();
    let linked = Linked::core(&engine, &core_module());
    timed(CALLS, || linked.run(&engine, State::default()))
}

fn compute() -> Work {
    let engine = engine();
    let linked = Linked::core(&engine, &compute::module());
    timed(STEPS, || linked.run(&engine, State::default()))
}

fn component() -> Work {
    let engine = engine();
    let linked = Linked::component(&engine, &built(Target::Component, "bench_probe"));
    let args = ["host_calls", "host-calls", &CALLS.to_string()].map(str::to_owned);
    timed(CALLS, || {
        linked.run(&engine, State::with_args(args.to_vec()))
    })
}
