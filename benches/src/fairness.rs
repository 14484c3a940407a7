//! How long two processes take for a round trip while four others compute without end.

use crate::figure::{Benchmark, percentiles};
use crate::node::{node, start_echo, time_round_trips};
use crate::wasm::Bench;
use rusm_actor::{Context, ExitReason, FULL_SLICE, Node, SpawnOptions};
use std::time::{Duration, Instant};

const LOOPS: usize = 4;
const ROUND_TRIPS: usize = 20_000;
/// How long a native loop computes between two looks at whether to give way.
const STEP: Duration = Duration::from_micros(50);

pub(crate) fn all() -> Vec<Benchmark> {
    let wanted = [("p50", 500), ("p99", 990), ("p99.9", 999)];
    let native = percentiles("native_fair", beside_native_loops, wanted);
    let guests = percentiles("core_fair", beside_guests, wanted);
    native.into_iter().chain(guests).collect()
}

/// Computes in steps and gives way when it is asked to, as a guest does at its ticks.
async fn compute(context: Context) -> ExitReason {
    loop {
        let start = Instant::now();
        while start.elapsed() < STEP {
            std::hint::spin_loop();
        }
        if context.should_yield(FULL_SLICE) {
            context.yield_now().await;
        }
    }
}

fn beside_native_loops() -> Vec<Duration> {
    let node = node(0);
    for _ in 0..LOOPS {
        node.spawn(SpawnOptions::new("loop"), compute)
            .expect("there is room");
    }
    let round_trips = round_trips(&node, LOOPS);
    node.shutdown();
    round_trips
}

fn beside_guests() -> Vec<Duration> {
    let bench = Bench::new();
    let spin = bench.load("spin", include_str!("wat/spin.wat"));
    let loops = bench.spawn_many(LOOPS as u64, "spin", &spin);
    round_trips(bench.runtime.node(), loops.len())
}

/// The round trips of two native processes on a node with so many loops.
fn round_trips(node: &Node, loops: usize) -> Vec<Duration> {
    let measured = node.block_on(move |context| async move {
        assert!(context.node().process_count() > loops, "the loops run");
        let echo = start_echo(&context);
        time_round_trips(&context, echo, ROUND_TRIPS).await
    });
    measured.expect("the round trips come to an end")
}
