//! What an idle process costs, by part. Each run is a program of its own: memory that an earlier benchmark gave back would hide the growth.
//!
//! In that program the allocator has one mapping, made at the start, so that the kernel tells the heap of the host apart; what else grows is
//! linear memories, tables and stacks of guests.

use crate::figure::{Benchmark, SharedRuns, Unit, Work};
use crate::node::{node, start_echo};
use crate::wasm::{Bench, Kind, Role};
use rusm_actor::{Context, Pid, Selector};
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

/// Who idles, and how many of them.
const IDLERS: [(&str, u64); 4] = [
    ("native", 1_000_000),
    ("core", 10_000),
    ("rust_core", 5_000),
    ("rust_component", 5_000),
];
/// What is measured of them, and the names in the system's reports.
const PARTS: [&str; 5] = ["resident", "heap", "outside_heap", "page_tables", "total"];

/// More than any of them take of the heap.
const HEAP: &str = "8GiB";

/// Bytes, and the mappings, that a number of processes took.
type Growth = BTreeMap<String, u64>;

pub(crate) fn all() -> Vec<Benchmark> {
    if usage().is_none() {
        return Vec::new();
    }
    IDLERS
        .into_iter()
        .flat_map(|(kind, count)| of_kind(kind, count))
        .collect()
}

fn of_kind(kind: &'static str, count: u64) -> Vec<Benchmark> {
    let runs = SharedRuns::new(move || in_a_program_of_its_own(kind));
    let part = |part: &'static str| {
        let read = Rc::clone(&runs).read(move |growth: Growth| Work {
            operations: count,
            elapsed: Duration::ZERO,
            bytes: growth.get(part).copied().unwrap_or_default(),
        });
        Benchmark::new(format!("{kind}_idle_{part}"), Unit::BytesEach, read)
    };
    PARTS.into_iter().map(part).collect()
}

fn in_a_program_of_its_own(kind: &str) -> Growth {
    let program = std::env::current_exe().expect("the program knows its own path");
    let output = Command::new(program)
        .args(["--idle", kind])
        .env("MIMALLOC_RESERVE_OS_MEMORY", HEAP)
        .output();
    let output = output.expect("the program can be started again");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("numbers are text");
    let line = |line: &str| {
        let (part, bytes) = line.split_once(' ')?;
        Some((part.to_owned(), bytes.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// What the program does when it was started with `--idle KIND`: one line for each part, and its growth in bytes.
pub(crate) fn growth_by(kind: &str) -> String {
    let (_, count) = IDLERS
        .into_iter()
        .find(|(name, _)| *name == kind)
        .expect("it is one of them");
    let growth = match Kind::ALL.into_iter().find(|one| one.name() == kind) {
        Some(kind) => growth_by_guests(kind, count),
        None => growth_by_native(count),
    };
    let lines = growth
        .into_iter()
        .map(|(part, bytes)| format!("{part} {bytes}\n"));
    lines.collect()
}

fn growth_by_native(count: u64) -> Growth {
    let node = node(0);
    let before = usage().unwrap_or_default();
    node.block_on(move |context| async move {
        let everybody: Vec<Pid> = (0..count).map(|_| start_echo(&context)).collect();
        ask_all(context, everybody).await;
    });
    let growth = growth(&before);
    node.shutdown();
    growth
}

fn growth_by_guests(kind: Kind, count: u64) -> Growth {
    let bench = Bench::new();
    let pong = bench.actor(kind, &Role::pong(4));
    // The first one of all brings what is there only once.
    let first = bench.start(&pong).pid();
    bench
        .runtime
        .node()
        .block_on(move |context| ask_all(context, vec![first]));
    let before = usage().unwrap_or_default();
    let everybody: Vec<Pid> = (0..count).map(|_| bench.start(&pong).pid()).collect();
    bench
        .runtime
        .node()
        .block_on(move |context| ask_all(context, everybody));
    growth(&before)
}

/// Each answers once, while all the others live.
async fn ask_all(context: Context, everybody: Vec<Pid>) {
    for pid in everybody {
        context.send(pid, 1, [1]).expect("there is room");
        context.receive(Selector::any()).await;
    }
}

fn growth(before: &Growth) -> Growth {
    let after = usage().unwrap_or_default();
    let grown = |(part, after): (String, u64)| {
        let before = before.get(&part).copied().unwrap_or_default();
        (part, after.saturating_sub(before))
    };
    let mut growth: Growth = after.into_iter().map(grown).collect();
    let of = |growth: &Growth, part| growth.get(part).copied().unwrap_or_default();
    let outside = of(&growth, "resident").saturating_sub(of(&growth, "heap"));
    let total = of(&growth, "resident") + of(&growth, "page_tables");
    growth.insert("outside_heap".to_owned(), outside);
    growth.insert("total".to_owned(), total);
    growth
}

/// The memory of this program by part, in bytes, where the system tells it.
fn usage() -> Option<Growth> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let mappings = fs::read_to_string("/proc/self/smaps").ok()?;
    let on_the_heap = std::ptr::from_ref(&*Box::new(0_u8)).addr();
    let heap = mappings
        .lines()
        .skip_while(|line| !is_mapping_of(on_the_heap, line));
    let parts = [
        ("resident", kibibytes(status.lines(), "VmRSS:")),
        ("page_tables", kibibytes(status.lines(), "VmPTE:")),
        ("heap", kibibytes(heap, "Rss:")),
    ];
    let known = parts
        .into_iter()
        .map(|(part, kib)| (part.to_owned(), kib.unwrap_or_default() * 1_024));
    Some(known.collect())
}

/// Whether a line of the system's report begins the mapping that an address lies in: `7f0000000000-7f0000001000 rw-p`.
fn is_mapping_of(address: usize, line: &str) -> bool {
    let number = |text| usize::from_str_radix(text, 16).ok();
    let range = line.split(' ').next().and_then(|range| {
        let (start, end) = range.split_once('-')?;
        Some(number(start)?..number(end)?)
    });
    range.is_some_and(|range| range.contains(&address))
}

fn kibibytes<'a>(mut lines: impl Iterator<Item = &'a str>, key: &str) -> Option<u64> {
    let line = lines.find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
