//! A million native processes alive at once: how fast they come, answer and go, and what each one holds.

use crate::figure::{Benchmark, Unit, Work, timed};
use rusm_actor::{Context, Event, ExitReason, Node, Pid, Selector, SpawnOptions};
use std::process::Command;
use std::time::Duration;

const MILLION: u64 = 1_000_000;

/// As the only argument: start a million processes and print by how many bytes that made the program grow.
/// A program of its own, as memory that an earlier benchmark gave back would hide the growth.
pub(crate) const RESIDENT: &str = "--resident-of-a-million";

pub(crate) fn all() -> Vec<Benchmark> {
    let mut all = vec![Benchmark {
        name: "native_million_live",
        unit: Unit::PerSecond,
        run: Box::new(live),
    }];
    if resident_bytes().is_some() {
        all.push(Benchmark {
            name: "native_million_resident",
            unit: Unit::BytesEach,
            run: Box::new(resident),
        });
    }
    all
}

async fn answering(context: Context) -> ExitReason {
    loop {
        if let Event::Message(message) = context.receive(Selector::any()).await {
            let _gone = context.send(message.from, message.tag, message.payload);
        }
    }
}

/// Starts a million, and lets each answer in turn while all the others live.
async fn start_and_ask(context: Context) {
    let start = |_| {
        let spawned = context.spawn(SpawnOptions::new("idle"), answering);
        spawned.expect("there is room").pid
    };
    let everybody: Vec<Pid> = (0..MILLION).map(start).collect();
    for pid in everybody {
        context.send(pid, 0, []).expect("there is room");
        context.receive(Selector::any()).await;
    }
}

fn a_million_alive() -> Node {
    let node = Node::builder()
        .build()
        .expect("the machine gives two threads");
    node.block_on(start_and_ask)
        .expect("the benchmark ends by itself");
    node
}

/// From the first spawn to the last end.
fn live() -> Work {
    timed(MILLION, || a_million_alive().shutdown())
}

fn resident() -> Work {
    let program = std::env::current_exe().expect("the program knows its own path");
    let output = Command::new(program).arg(RESIDENT).output();
    let output = output.expect("the program can be started again");
    let text = String::from_utf8(output.stdout).expect("a number is text");
    Work {
        operations: MILLION,
        elapsed: Duration::ZERO,
        bytes: text.trim().parse().expect("a number was printed"),
    }
}

/// What the program does when it was started with [`RESIDENT`].
pub(crate) fn growth_by_a_million() -> u64 {
    let before = resident_bytes().unwrap_or(0);
    let node = a_million_alive();
    let after = resident_bytes().unwrap_or(0);
    node.shutdown();
    after.saturating_sub(before)
}

/// The physical memory of this program, where the system tells it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1_024)
}
