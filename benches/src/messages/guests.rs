//! Between guests: the same work as in `native.rs`, for every kind of guest.

use super::{PAIRS, RING_PROCESSES, SENDERS, SIZES, SMALL, trips_of};
use crate::figure::{Benchmark, Work, timed};
use crate::wasm::{Bench, Kind, Role, expect_normal};
use rusm_actor::{Context, Pid, Selector};
use rusm_core::ProcessHandle;
use std::time::Instant;

const ROUND_TRIPS: u64 = 200_000;
const MESSAGES_EACH: u64 = 5_000;
const RING_LAPS: u64 = 200;

pub(crate) fn all() -> Vec<Benchmark> {
    Kind::ALL.into_iter().flat_map(of_kind).collect()
}

fn of_kind(kind: Kind) -> Vec<Benchmark> {
    let name = |what: &str| format!("{}_{what}", kind.name());
    let small = Benchmark::nanoseconds(name("ping_pong"), move || ping_pong(0, kind, 1, SMALL));
    let sizes = SIZES.map(|n_bytes| {
        let name = name(&format!("ping_pong_{n_bytes}_bytes"));
        Benchmark::nanoseconds(name, move || ping_pong(0, kind, 1, n_bytes))
    });
    let pairs = PAIRS.map(|n_pairs| {
        let name = name(&format!("ping_pong_{n_pairs}_pairs"));
        Benchmark::nanoseconds(name, move || ping_pong(0, kind, n_pairs, SMALL))
    });
    let others = [
        Benchmark::rate(name("ring"), move || ring(kind)),
        Benchmark::rate(name("fan_in"), move || fan_in(kind)),
        Benchmark::nanoseconds(name("call"), move || call(kind)),
    ];
    [small]
        .into_iter()
        .chain(sizes)
        .chain(pairs)
        .chain(others)
        .collect()
}

/// So many pairs, which have a share of the round trips each. Both copy what they send and what they receive.
pub(crate) fn ping_pong(workers: usize, kind: Kind, n_pairs: u64, n_bytes: usize) -> Work {
    let each = trips_of(n_bytes, ROUND_TRIPS) / n_pairs;
    let bench = Bench::with_workers(workers);
    let name = |nth: u64| format!("p{nth:03}");
    let pong = bench.actor(kind, &Role::pong(n_bytes));
    let pings = (0..n_pairs).map(|nth| {
        bench.start_named(&name(nth), &pong);
        bench.actor(kind, &Role::ping(&name(nth), each, n_bytes))
    });
    let pings: Vec<_> = pings.collect();
    timed(each * n_pairs, || {
        let running: Vec<ProcessHandle> = pings.iter().map(|ping| bench.start(ping)).collect();
        running.iter().for_each(expect_normal);
    })
}

fn call(kind: Kind) -> Work {
    let bench = Bench::new();
    bench.start_named("pong", &bench.actor(kind, &Role::pong(SMALL)));
    let caller = bench.actor(kind, &Role::call("pong", ROUND_TRIPS));
    timed(ROUND_TRIPS, || expect_normal(&bench.start(&caller)))
}

fn fan_in(kind: Kind) -> Work {
    let bench = Bench::new();
    let n_messages = SENDERS * MESSAGES_EACH;
    let sink = bench.actor(kind, &Role::sink(n_messages));
    let sink = bench.start_named("sink", &sink);
    let sender = bench.actor(kind, &Role::sender("sink", MESSAGES_EACH));
    timed(n_messages, || {
        (0..SENDERS).for_each(|_| drop(bench.start(&sender)));
        expect_normal(&sink);
    })
}

/// A native process closes the ring and counts the laps.
fn ring(kind: Kind) -> Work {
    let bench = Bench::new();
    let link = bench.actor(kind, &Role::link());
    let links: Vec<Pid> = (0..RING_PROCESSES)
        .map(|_| bench.start(&link).pid())
        .collect();
    let elapsed = bench
        .runtime
        .node()
        .block_on(move |context: Context| async move {
            let next = links.iter().skip(1).copied().chain([context.pid()]);
            for (link, next) in links.iter().zip(next) {
                context
                    .send(*link, 0, next.as_u64().to_le_bytes())
                    .expect("there is room");
            }
            let first = *links.first().expect("the ring has processes");
            let start = Instant::now();
            for _ in 0..RING_LAPS {
                context.send(first, 0, [1, 2, 3, 4]).expect("there is room");
                context.receive(Selector::any()).await;
            }
            start.elapsed()
        });
    Work {
        operations: RING_PROCESSES * RING_LAPS,
        elapsed: elapsed.expect("the ring turns"),
        bytes: 0,
    }
}
