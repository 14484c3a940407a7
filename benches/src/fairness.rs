//! How long two processes take for a round trip while four others compute without end.

use crate::figure::{Benchmark, Unit, Work};
use rusm_actor::{Context, Event, ExitReason, Node, Pid, Selector, SpawnOptions};
use std::time::{Duration, Instant};

const LOOPS: usize = 4;
const ROUND_TRIPS: usize = 20_000;
/// How long a native loop computes between two looks at whether to give way.
const STEP: Duration = Duration::from_micros(50);

/// One figure per percentile, in thousandths.
const PERCENTILES: [(&str, &str, usize); 3] = [
    ("native_fair_p50", "wasm_core_fair_p50", 500),
    ("native_fair_p99", "wasm_core_fair_p99", 990),
    ("native_fair_p99.9", "wasm_core_fair_p99.9", 999),
];

pub(crate) fn all() -> Vec<Benchmark> {
    let figure = |name, thousandths, round_trips: fn() -> Vec<Duration>| Benchmark {
        name,
        unit: Unit::NanosecondsEach,
        run: Box::new(move || percentile(round_trips(), thousandths)),
    };
    let both = PERCENTILES.map(|(native, wasm, thousandths)| {
        [
            figure(native, thousandths, beside_native_loops),
            figure(wasm, thousandths, crate::wasm::round_trips_beside_loops),
        ]
    });
    both.into_iter().flatten().collect()
}

/// In thousandths.
pub(crate) fn percentile(mut round_trips: Vec<Duration>, thousandths: usize) -> Work {
    round_trips.sort_unstable();
    let index = round_trips.len() * thousandths / 1_000;
    let elapsed = round_trips.get(index).copied().unwrap_or_default();
    Work {
        operations: 1,
        elapsed,
        bytes: 0,
    }
}

/// Computes in steps and gives way when it is asked to, as a guest does at its ticks.
async fn compute(context: Context) -> ExitReason {
    loop {
        let start = Instant::now();
        while start.elapsed() < STEP {
            std::hint::spin_loop();
        }
        if context.should_yield(2) {
            context.yield_now().await;
        }
    }
}

fn beside_native_loops() -> Vec<Duration> {
    let node = Node::builder()
        .build()
        .expect("the machine gives two threads");
    for _ in 0..LOOPS {
        node.spawn(SpawnOptions::new("loop"), compute)
            .expect("there is room");
    }
    let round_trips = round_trips(&node, LOOPS);
    node.shutdown();
    round_trips
}

/// The round trips of two native processes on a node with so many loops.
pub(crate) fn round_trips(node: &Node, loops: usize) -> Vec<Duration> {
    let measured = node.block_on(move |context| async move {
        assert!(context.node().process_count() > loops, "the loops run");
        let echo = start_echo(&context);
        let mut round_trips = Vec::with_capacity(ROUND_TRIPS);
        for _ in 0..ROUND_TRIPS {
            let start = Instant::now();
            context.send(echo, 1, [1, 2, 3, 4]).expect("there is room");
            context.receive(Selector::any()).await;
            round_trips.push(start.elapsed());
        }
        round_trips
    });
    measured.expect("the round trips come to an end")
}

fn start_echo(context: &Context) -> Pid {
    let echo = |context: Context| async move {
        loop {
            if let Event::Message(message) = context.receive(Selector::any()).await {
                let _gone = context.send(message.from, message.tag, message.payload);
            }
        }
    };
    let spawned = context.spawn(SpawnOptions::new("echo"), echo);
    spawned.expect("there is room").pid
}
