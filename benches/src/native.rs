//! The kernel alone: processes whose bodies are Rust futures.

use crate::figure::{Benchmark, Unit, Work, timed};
use rusm_actor::{Context, Event, ExitReason, MailboxBounds, Node, Pid, Selector, SpawnOptions};
use rusm_supervisor::{ChildSpec, Intensity, Restart, Strategy, SupervisorSpec, start_link};
use std::time::Duration;

const SPAWNS: u64 = 300_000;
const ROUND_TRIPS: u64 = 500_000;
const RING_PROCESSES: u64 = 1_000;
const RING_LAPS: u64 = 500;
const SENDERS: u64 = 64;
const MESSAGES_EACH: u64 = 10_000;
const RESTARTS: u64 = 50_000;

pub(crate) fn all() -> Vec<Benchmark> {
    vec![
        rate("native_spawn_exit", spawn_exit),
        each("native_ping_pong", ping_pong),
        rate("native_ring", ring),
        rate("native_fan_in", fan_in),
        each("native_call", call),
        rate("native_restart", restart),
    ]
}

fn rate(name: &'static str, run: fn() -> Work) -> Benchmark {
    Benchmark {
        name,
        unit: Unit::PerSecond,
        run: Box::new(run),
    }
}

fn each(name: &'static str, run: fn() -> Work) -> Benchmark {
    Benchmark {
        name,
        unit: Unit::NanosecondsEach,
        run: Box::new(run),
    }
}

/// Runs `body` as a process of a fresh node and times it from inside.
fn on_node<F, Fut>(operations: u64, body: F) -> Work
where
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let node = Node::builder()
        .build()
        .expect("the machine gives two threads");
    let work = timed(operations, || {
        node.block_on(body).expect("the benchmark ends by itself")
    });
    node.shutdown();
    work
}

fn options(label: &str) -> SpawnOptions {
    let bounds = MailboxBounds {
        messages: 10_000_000,
        bytes: 1 << 40,
    };
    SpawnOptions::new(label).bounds(bounds)
}

/// Two spawners, each waiting for batches of its children by their last words.
fn spawn_exit() -> Work {
    const BATCH: u64 = 1_000;
    on_node(SPAWNS, |context| async move {
        let me = context.pid();
        for _ in 0..2 {
            let spawned = context.spawn(options("spawner"), move |context| async move {
                let parent = context.pid();
                for _ in 0..SPAWNS / 2 / BATCH {
                    for _ in 0..BATCH {
                        let child = move |child: Context| async move {
                            child.send(parent, 0, []).expect("there is room");
                            ExitReason::Normal
                        };
                        context
                            .spawn(SpawnOptions::new("child"), child)
                            .expect("there is room");
                    }
                    for _ in 0..BATCH {
                        context.receive(Selector::any()).await;
                    }
                }
                context.send(me, 0, []).expect("there is room");
                ExitReason::Normal
            });
            spawned.expect("there is room");
        }
        for _ in 0..2 {
            context.receive(Selector::any()).await;
        }
    })
}

fn echo(context: &Context) -> Pid {
    let echo = |context: Context| async move {
        loop {
            if let Event::Message(message) = context.receive(Selector::any()).await {
                let _gone = context.send(message.from, message.tag, message.payload);
            }
        }
    };
    context
        .spawn(options("echo"), echo)
        .expect("there is room")
        .pid
}

fn ping_pong() -> Work {
    on_node(ROUND_TRIPS, |context| async move {
        let echo = echo(&context);
        for _ in 0..ROUND_TRIPS {
            context.send(echo, 1, [1, 2, 3, 4]).expect("there is room");
            context.receive(Selector::any()).await;
        }
    })
}

fn call() -> Work {
    on_node(ROUND_TRIPS, |context| async move {
        let server = |context: Context| async move {
            loop {
                if let Event::Request(request) = context.receive(Selector::any()).await {
                    context.reply(request.id, request.payload);
                }
            }
        };
        let server = context
            .spawn(options("server"), server)
            .expect("there is room")
            .pid;
        for _ in 0..ROUND_TRIPS {
            context
                .call(server, 1, [1, 2, 3, 4], None)
                .await
                .expect("the server lives");
        }
    })
}

fn ring() -> Work {
    on_node(RING_PROCESSES * RING_LAPS, |context| async move {
        let me = context.pid();
        let mut next = me;
        for _ in 1..RING_PROCESSES {
            let to = next;
            let pass = move |context: Context| async move {
                loop {
                    if let Event::Message(message) = context.receive(Selector::any()).await {
                        let _gone = context.send(to, 0, message.payload);
                    }
                }
            };
            next = context
                .spawn(options("link of the ring"), pass)
                .expect("there is room")
                .pid;
        }
        for _ in 0..RING_LAPS {
            context.send(next, 0, [7]).expect("there is room");
            context.receive(Selector::any()).await;
        }
    })
}

fn fan_in() -> Work {
    on_node(SENDERS * MESSAGES_EACH, |context| async move {
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

/// A supervisor whose child ends at once, until it has been started often enough.
fn restart() -> Work {
    on_node(RESTARTS, |context| async move {
        let me = context.pid();
        let child = ChildSpec::native("crash", move |context| async move {
            context.send(me, 0, []).expect("there is room");
            ExitReason::error("as planned")
        });
        let often =
            Intensity::new(u32::MAX, Duration::from_secs(1)).expect("the period is not zero");
        let spec = SupervisorSpec::builder()
            .strategy(Strategy::OneForOne)
            .intensity(often)
            .child(child.restart(Restart::Permanent))
            .build()
            .expect("the spec is sound");
        start_link(&context, spec).await.expect("the child starts");
        for _ in 0..RESTARTS {
            context.receive(Selector::tag(0)).await;
        }
    })
}
