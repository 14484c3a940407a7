//! Between native processes.

use super::{PAIRS, RING_PROCESSES, SENDERS, SIZES, SMALL, trips_of};
use crate::figure::{Benchmark, Work};
use crate::node::{on_node, options, start_echo};
use rusm_actor::{Context, Event, ExitReason, Pid, Selector};

const ROUND_TRIPS: u64 = 500_000;
const RING_LAPS: u64 = 500;
const MESSAGES_EACH: u64 = 10_000;

pub(crate) fn all() -> Vec<Benchmark> {
    let small = Benchmark::nanoseconds("native_ping_pong", || ping_pong(0, 1, SMALL));
    let sizes = SIZES.map(|n_bytes| {
        let name = format!("native_ping_pong_{n_bytes}_bytes");
        Benchmark::nanoseconds(name, move || ping_pong(0, 1, n_bytes))
    });
    let pairs = PAIRS.map(|n_pairs| {
        let name = format!("native_ping_pong_{n_pairs}_pairs");
        Benchmark::nanoseconds(name, move || ping_pong(0, n_pairs, SMALL))
    });
    let others = [
        Benchmark::rate("native_ring", ring),
        Benchmark::rate("native_fan_in", fan_in),
        Benchmark::nanoseconds("native_call", call),
    ];
    [small]
        .into_iter()
        .chain(sizes)
        .chain(pairs)
        .chain(others)
        .collect()
}

/// So many pairs, which have a share of the round trips each. Who asks copies what it sends; the echo hands it on.
pub(crate) fn ping_pong(workers: usize, n_pairs: u64, n_bytes: usize) -> Work {
    let each = trips_of(n_bytes, ROUND_TRIPS) / n_pairs;
    on_node(workers, each * n_pairs, move |context| async move {
        let me = context.pid();
        for _ in 0..n_pairs {
            let ping = move |context: Context| async move {
                let echo = start_echo(&context);
                let payload = vec![7; n_bytes];
                for _ in 0..each {
                    let sent = context.send(echo, 1, payload.as_slice());
                    sent.expect("there is room");
                    context.receive(Selector::any()).await;
                }
                context.send(me, 0, []).expect("there is room");
                ExitReason::Normal
            };
            context.spawn(options("ping"), ping).expect("there is room");
        }
        for _ in 0..n_pairs {
            context.receive(Selector::any()).await;
        }
    })
}

fn call() -> Work {
    on_node(0, ROUND_TRIPS, |context| async move {
        let server = start_echo(&context);
        for _ in 0..ROUND_TRIPS {
            let reply = context.call(server, 1, [1, 2, 3, 4], None);
            reply.await.expect("the server lives");
        }
    })
}

fn ring() -> Work {
    on_node(0, RING_PROCESSES * RING_LAPS, |context| async move {
        let first = (1..RING_PROCESSES).fold(context.pid(), |next, _| start_link(&context, next));
        for _ in 0..RING_LAPS {
            context.send(first, 0, [7]).expect("there is room");
            context.receive(Selector::any()).await;
        }
    })
}

/// Passes every message on.
fn start_link(context: &Context, next: Pid) -> Pid {
    let pass = move |context: Context| async move {
        loop {
            if let Event::Message(message) = context.receive(Selector::any()).await {
                let _gone = context.send(next, 0, message.payload);
            }
        }
    };
    let spawned = context.spawn(options("link of the ring"), pass);
    spawned.expect("there is room").pid
}

fn fan_in() -> Work {
    on_node(0, SENDERS * MESSAGES_EACH, |context| async move {
        let me = context.pid();
        for _ in 0..SENDERS {
            let send = move |context: Context| async move {
                for _ in 0..MESSAGES_EACH {
                    while context.send(me, 0, [1, 2, 3, 4]).is_err() {
                        context.yield_now().await;
                    }
                }
                ExitReason::Normal
            };
            context
                .spawn(options("sender"), send)
                .expect("there is room");
        }
        for _ in 0..SENDERS * MESSAGES_EACH {
            context.receive(Selector::any()).await;
        }
    })
}
