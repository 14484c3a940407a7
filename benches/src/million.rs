//! A million small Wasm processes alive at once, and 100,000 Rust `std` components: how fast they come, answer and go, what each takes, by
//! part, and that they take no memory mappings.
//!
//! `million [PROCESSES [COMPONENTS [FILE]]]`: how many of each, and the component's code, a program that sends each message back when its
//! argument is `echo`. A million take more than 20 GiB, so it is run by name alone.

#![expect(
    clippy::print_stdout,
    reason = "printing figures is what this program does"
)]

use rusm_actor::{Context, Event, Pid, Selector};
use rusm_caps::{Profile, SpawnGrant};
use rusm_core::{Placement, Runtime, Spawn};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// As the first argument.
pub(crate) const NAME: &str = "million";

const PROCESSES: u32 = 1_000_000;
const COMPONENTS: u32 = 100_000;
/// A Rust `std` program of this repository.
const COMPONENT: &str = "guests/target/wasm32-wasip2/release/actor_probe.wasm";

/// Runs both parts.
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) {
    let mut number = |otherwise| {
        let given = arguments.next().map(|text| text.parse());
        given.map_or(otherwise, |number| number.expect("a number of processes"))
    };
    let (n_processes, n_components) = (number(PROCESSES), number(COMPONENTS));
    if n_processes > 0 {
        let wasm = wat::parse_str(include_str!("wat/answering.wat")).expect("it is valid");
        part("core", &wasm, n_processes, 1);
    }
    let file = arguments
        .next()
        .map_or_else(|| PathBuf::from(COMPONENT), PathBuf::from);
    if n_components > 0 {
        match fs::read(&file) {
            Ok(wasm) => part("component", &wasm, n_components, 8),
            Err(error) => println!("no component {}: {error}", file.display()),
        }
    }
}

/// Starts so many processes of this code, lets each answer while all live, and ends them.
fn part(name: &str, wasm: &[u8], n_processes: u32, memory_mib: u64) {
    let runtime = Runtime::builder()
        .build()
        .expect("the machine can run a node");
    let limited = |name: &str, memory_bytes| {
        Profile::sandboxed()
            .to_builder(name)
            .spawn(SpawnGrant::Anyone)
            .with_limits(|limits| {
                limits.max_memory_bytes = memory_bytes;
                limits.max_processes = 2_000_000;
            })
            .build()
            .expect("the bounds are in range")
    };
    let load = |name: &str, wasm: &[u8], placement| {
        let loaded = runtime.load_placed(name, wasm, placement);
        loaded.expect("the code can run here")
    };
    let one = load("one", wasm, Placement::Dense);
    runtime.declare("one", &one, limited("one", memory_mib << 20));
    let crowd = wat::parse_str(include_str!("wat/crowd.wat")).expect("it is valid");
    let crowd = load("crowd", &crowd, Placement::Auto);
    let crowd = Spawn::new("crowd", &crowd).profile(limited("crowd", 32 << 20));
    let crowd = runtime.spawn(crowd).expect("there is room").pid();

    let before = Resident::now();
    let tell = |text: &str, n: u32, elapsed: Duration| {
        let rate = f64::from(n) / elapsed.as_secs_f64();
        println!(
            "million_{name}_{text} {rate:.0} /s ({n} in {:.1} s)",
            elapsed.as_secs_f64()
        );
    };
    let begin = Instant::now();
    let n_started = ask(&runtime, crowd, n_processes);
    while !runtime.node().is_idle() {
        std::thread::yield_now();
    }
    tell("started", n_started, begin.elapsed());
    Resident::now()
        .since(&before)
        .print(name, "idle", n_started);
    let begin = Instant::now();
    let n_answered = ask(&runtime, crowd, 0);
    tell("answered", n_answered, begin.elapsed());
    Resident::now()
        .since(&before)
        .print(name, "answered", n_answered);
    let begin = Instant::now();
    runtime.shutdown();
    tell("ended", n_started, begin.elapsed());
    drop(runtime);
    Resident::now()
        .since(&before)
        .print(name, "left", n_started);
    assert_eq!(n_started, n_processes, "not all were started");
    assert_eq!(n_answered, n_processes, "not all answered");
}

/// Sends the crowd a number and waits for the one that it answers.
fn ask(runtime: &Runtime, crowd: Pid, number: u32) -> u32 {
    let asked = runtime.node().block_on(move |context: Context| async move {
        let sent = context.send(crowd, 1, number.to_le_bytes());
        sent.expect("its mailbox has room");
        loop {
            if let Event::Message(message) = context.receive(Selector::any()).await {
                let answer = message.payload.as_slice().first_chunk().copied();
                return u32::from_le_bytes(answer.expect("it is a number"));
            }
        }
    });
    asked.expect("the node lives")
}

/// What the program takes of the machine's memory, in bytes, and how many mappings it has.
#[derive(Clone, Copy, Debug, Default)]
struct Resident {
    /// Linear memories and stacks: what the kernel is told not to back by huge pages.
    slots: u64,
    /// All else: the heap, above all.
    host: u64,
    page_tables: u64,
    mappings: u64,
}

impl Resident {
    fn now() -> Self {
        let mut found = Self::default();
        let mut resident = 0;
        let smaps = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
        for line in smaps.lines() {
            let first = line.split_whitespace().next().unwrap_or_default();
            if first == "Rss:" {
                resident = kibibytes(line) << 10;
            } else if first == "VmFlags:" {
                // The last line of each mapping.
                let is_slots = line.split_whitespace().any(|flag| flag == "nh");
                let part = if is_slots {
                    &mut found.slots
                } else {
                    &mut found.host
                };
                *part += resident;
                found.mappings += 1;
            }
        }
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let tables = status.lines().find(|line| line.starts_with("VmPTE:"));
        found.page_tables = tables.map_or(0, kibibytes) << 10;
        found
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            slots: self.slots.saturating_sub(before.slots),
            host: self.host.saturating_sub(before.host),
            page_tables: self.page_tables.saturating_sub(before.page_tables),
            mappings: self.mappings,
        }
    }

    fn print(&self, name: &str, when: &str, n_processes: u32) {
        let each = |bytes: u64| bytes / u64::from(n_processes.max(1));
        let all = self.slots + self.host + self.page_tables;
        for (part, bytes) in [
            ("all", all),
            ("host", self.host),
            ("memories_and_stacks", self.slots),
            ("page_tables", self.page_tables),
        ] {
            println!("million_{name}_{when}_{part} {} bytes each", each(bytes));
        }
        println!("million_{name}_{when}_mappings {} in all", self.mappings);
    }
}

/// The number in a line such as `Rss: 4 kB`.
fn kibibytes(line: &str) -> u64 {
    let number = line.split_whitespace().nth(1);
    number.and_then(|text| text.parse().ok()).unwrap_or(0)
}
