//! Native processes.

use super::{ONE_BY_ONE, latencies};
use crate::figure::{Benchmark, Work};
use crate::node::{node, on_node, options};
use rusm_actor::{Context, ExitReason, Selector, SpawnOptions};
use std::time::{Duration, Instant};

const SPAWNS: u64 = 300_000;
const BATCH: u64 = 1_000;
const SPAWNERS: u64 = 2;

/// How a spawner learns that its child has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    ByMessage,
    ByMonitor,
}

pub(crate) fn all() -> Vec<Benchmark> {
    let mut all = vec![
        Benchmark::rate("native_spawn_exit", || spawn_exit(0, Told::ByMessage)),
        Benchmark::rate("native_spawn_monitor", || spawn_exit(0, Told::ByMonitor)),
    ];
    all.extend(latencies("native", one_by_one));
    all
}

/// Two spawners, each waiting for batches of its children.
pub(crate) fn spawn_exit(workers: usize, told: Told) -> Work {
    on_node(workers, SPAWNS, move |context| async move {
        let me = context.pid();
        for _ in 0..SPAWNERS {
            let spawned = context.spawn(options("spawner"), move |context| async move {
                for _ in 0..SPAWNS / SPAWNERS / BATCH {
                    batch(&context, told).await;
                }
                context.send(me, 0, []).expect("there is room");
                ExitReason::Normal
            });
            spawned.expect("there is room");
        }
        for _ in 0..SPAWNERS {
            context.receive(Selector::any()).await;
        }
    })
}

async fn batch(context: &Context, told: Told) {
    let parent = context.pid();
    for _ in 0..BATCH {
        let options = SpawnOptions::new("child");
        let options = match told {
            Told::ByMessage => options,
            Told::ByMonitor => options.monitor(),
        };
        let child = move |child: Context| async move {
            if told == Told::ByMessage {
                child.send(parent, 0, []).expect("there is room");
            }
            ExitReason::Normal
        };
        context.spawn(options, child).expect("there is room");
    }
    for _ in 0..BATCH {
        context.receive(Selector::any()).await;
    }
}

fn one_by_one() -> Vec<Duration> {
    let node = node(0);
    let times = node.block_on(|context| async move {
        let mut times = Vec::new();
        for _ in 0..ONE_BY_ONE {
            let start = Instant::now();
            let child = |_: Context| async { ExitReason::Normal };
            let spawned = context.spawn(SpawnOptions::new("child").monitor(), child);
            spawned.expect("there is room");
            context.receive(Selector::any()).await;
            times.push(start.elapsed());
        }
        times
    });
    node.shutdown();
    times.expect("it comes to an end")
}
