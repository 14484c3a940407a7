//! Round trips of one pair while a hundred others talk without a pause: what a caller waits when the node has more work than cores.

use crate::figure::{Benchmark, percentiles};
use crate::node::{node, options, start_echo, time_round_trips};
use crate::wasm::{Bench, Kind, Role};
use rusm_actor::{Context, ExitReason, Selector};
use std::time::Duration;

const OTHERS: u64 = 100;
const ROUND_TRIPS: usize = 2_000;
/// Round trips of a pair that does not end before the node does.
const FOR_EVER: u64 = 0xffff_ffff;

pub(crate) fn all() -> Vec<Benchmark> {
    let wanted = [("p50", 500), ("p99.9", 999)];
    let native = percentiles("native_overload", native, wanted);
    let guests = percentiles("core_overload", guests, wanted);
    native.into_iter().chain(guests).collect()
}

fn native() -> Vec<Duration> {
    let node = node(0);
    for _ in 0..OTHERS {
        let ping = |context: Context| async move {
            let echo = start_echo(&context);
            loop {
                let sent = context.send(echo, 1, [1, 2, 3, 4]);
                if sent.is_err() {
                    return ExitReason::Normal;
                }
                context.receive(Selector::any()).await;
            }
        };
        node.spawn(options("ping"), ping).expect("there is room");
    }
    let times = node.block_on(|context| async move {
        let echo = start_echo(&context);
        time_round_trips(&context, echo, ROUND_TRIPS).await
    });
    node.shutdown();
    times.expect("it comes to an end")
}

fn guests() -> Vec<Duration> {
    let bench = Bench::new();
    let pong = bench.actor(Kind::Core, &Role::pong(4));
    for nth in 0..OTHERS {
        let name = format!("p{nth:03}");
        bench.start_named(&name, &pong);
        bench.start(&bench.actor(Kind::Core, &Role::ping(&name, FOR_EVER, 4)));
    }
    let pong = bench.start(&pong).pid();
    let times = bench.runtime.node().block_on(move |context| async move {
        time_round_trips(&context, pong, ROUND_TRIPS).await
    });
    times.expect("it comes to an end")
}
