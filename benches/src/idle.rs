//! A node with nothing to do: how often any of its threads wakes up.

use crate::figure::{Benchmark, Unit, Work, nothing_for};
use crate::node::{node, options, start_echo};
use crate::wasm::{Bench, Kind, Role};
use rusm_actor::{Context, ExitReason, Node, Selector};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How long nothing happens.
const WATCHED: Duration = Duration::from_secs(2);
const PROCESSES: u64 = 100;
/// Where Linux tells what each thread of this program has done.
const THREADS: &str = "/proc/self/task";

pub(crate) fn all() -> Vec<Benchmark> {
    if !Path::new(THREADS).exists() {
        return Vec::new();
    }
    let count = |name, run: fn() -> Work| Benchmark::new(name, Unit::Count, run);
    vec![
        count("native_idle_wakeups", native),
        count("core_idle_wakeups", guests),
    ]
}

fn native() -> Work {
    let node = node(0);
    for _ in 0..PROCESSES {
        let waits = |context: Context| async move {
            context.receive(Selector::any()).await;
            ExitReason::Normal
        };
        node.spawn(options("idle"), waits).expect("there is room");
    }
    node.block_on(|context| async move {
        start_echo(&context);
    });
    let work = wakeups(&node);
    node.shutdown();
    work
}

fn guests() -> Work {
    let bench = Bench::new();
    let pong = bench.actor(Kind::Core, &Role::pong(4));
    (0..PROCESSES).for_each(|_| drop(bench.start(&pong)));
    wakeups(bench.runtime.node())
}

/// Context switches of all threads but this one, while nothing happens.
fn wakeups(node: &Node) -> Work {
    while !node.is_idle() {
        std::thread::yield_now();
    }
    // Whoever was on the way to sleep gets there.
    nothing_for(WATCHED / 10);
    let before = switches();
    nothing_for(WATCHED);
    let after = switches();
    let of_thread = |(thread, count): (&u32, &u64)| count - before.get(thread).unwrap_or(&0);
    Work {
        operations: after.iter().map(of_thread).sum(),
        elapsed: WATCHED,
        bytes: 0,
    }
}

/// Context switches so far of each thread but the one that asks, where the system tells them.
fn switches() -> BTreeMap<u32, u64> {
    let of_thread = |folder: fs::DirEntry| {
        let thread: u32 = folder.file_name().to_str()?.parse().ok()?;
        let status = fs::read_to_string(folder.path().join("status")).ok()?;
        let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
        let count = lines.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok());
        Some((thread, count.sum()))
    };
    let Ok(threads) = fs::read_dir(THREADS) else {
        return BTreeMap::new();
    };
    let all = threads.flatten().filter_map(of_thread);
    all.filter(|(thread, _)| *thread != std::process::id())
        .collect()
}
