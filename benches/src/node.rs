//! A node without guests, and the native processes that several benchmarks share.

use crate::figure::{Work, timed};
use rusm_actor::{Context, Event, MailboxBounds, Node, Pid, Selector, SpawnOptions};
use std::time::{Duration, Instant};

/// A node with so many workers; 0 for one per core.
pub(crate) fn node(workers: usize) -> Node {
    Node::builder()
        .workers(workers)
        .build()
        .expect("the machine gives its threads")
}

/// Runs `body` as a process of a fresh node and times it from inside.
pub(crate) fn on_node<F, Fut>(workers: usize, operations: u64, body: F) -> Work
where
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let node = node(workers);
    let work = timed(operations, || {
        node.block_on(body).expect("the benchmark ends by itself")
    });
    node.shutdown();
    work
}

/// A process whose mailbox nobody fills.
pub(crate) fn options(label: &str) -> SpawnOptions {
    let bounds = MailboxBounds {
        messages: 10_000_000,
        bytes: 1 << 40,
    };
    SpawnOptions::new(label).bounds(bounds)
}

/// Sends every message back, and answers every request with its own bytes.
pub(crate) fn start_echo(context: &Context) -> Pid {
    let echo = |context: Context| async move {
        loop {
            match context.receive(Selector::any()).await {
                Event::Message(message) => {
                    let _gone = context.send(message.from, message.tag, message.payload);
                }
                Event::Request(request) => context.reply(request.id, request.payload),
                Event::Exit { .. } | Event::Down { .. } => (),
            }
        }
    };
    let spawned = context.spawn(options("echo"), echo);
    spawned.expect("there is room").pid
}

/// So many round trips with an echo, each timed.
pub(crate) async fn time_round_trips(
    context: &Context,
    echo: Pid,
    n_trips: usize,
) -> Vec<Duration> {
    let mut times = Vec::with_capacity(n_trips);
    for _ in 0..n_trips {
        let start = Instant::now();
        context.send(echo, 1, [1, 2, 3, 4]).expect("there is room");
        context.receive(Selector::any()).await;
        times.push(start.elapsed());
    }
    times
}
