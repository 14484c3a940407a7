//! Guests as processes: the same work as in `native.rs`, through the raw imports, from hand-written modules.

use crate::figure::{Benchmark, Unit, Work, timed};
use rusm_actor::{Context, ExitReason, Name, Pid, Selector};
use rusm_caps::{KvGrant, Profile, SpawnGrant};
use rusm_core::{AppEnd, BootPlan, ProcessHandle, Program, Runtime, RuntimeBuilder, Spawn};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BATCHED_SPAWNS: u64 = 50_000;
const ROUND_TRIPS: u64 = 200_000;
const SENDERS: u64 = 64;
const MESSAGES_EACH: u64 = 5_000;
const RING_PROCESSES: u64 = 1_000;
const RING_LAPS: u64 = 200;
const RESTARTS: u64 = 10_000;
const IDLE_PROCESSES: u64 = 20_000;

pub(crate) fn all() -> Vec<Benchmark> {
    let rate = |name, run: fn() -> Work| Benchmark {
        name,
        unit: Unit::PerSecond,
        run: Box::new(run),
    };
    let each = |name, run: fn() -> Work| Benchmark {
        name,
        unit: Unit::NanosecondsEach,
        run: Box::new(run),
    };
    vec![
        rate("wasm_core_spawn_exit", spawn_exit),
        each("wasm_core_ping_pong", ping_pong),
        each("wasm_core_ping_pong_64k", ping_pong_large),
        each("wasm_component_ping_pong", component_ping_pong),
        each("wasm_component_ping_pong_64k", component_ping_pong_large),
        rate("wasm_core_ring", ring),
        rate("wasm_core_fan_in", fan_in),
        rate("wasm_core_restart", restart),
        rate("wasm_component_spawn_exit", component_spawn_exit),
        rate("wasm_core_start_20000_idle", start_idle),
    ]
}

/// A runtime and the modules of one benchmark.
pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    profile: Arc<Profile>,
}

impl Bench {
    fn new() -> Self {
        Self::over(Runtime::builder())
    }

    pub(crate) fn over(builder: RuntimeBuilder) -> Self {
        let profile = Profile::sandboxed()
            .to_builder("bench")
            .spawn(SpawnGrant::Anyone)
            .storage(KvGrant::every())
            .with_limits(|limits| {
                limits.max_memory_bytes = 1 << 20;
                limits.max_processes = 100_000;
            })
            .build();
        Self {
            runtime: builder.build().expect("the machine can run a node"),
            profile: Arc::new(profile.expect("the bounds are in range")),
        }
    }

    pub(crate) fn load(&self, name: &str, wat: &str) -> Program {
        let wasm = wat::parse_str(wat).expect("the module is well formed");
        self.runtime
            .load(name, &wasm)
            .expect("the module can run here")
    }

    pub(crate) fn spawn(&self, name: &str, wat: &str) -> ProcessHandle {
        let program = self.load(name, wat);
        let name = Name::new(name).expect("the name is one");
        let spawn = Spawn::new(name.as_str(), &program)
            .profile(Arc::clone(&self.profile))
            .name(name);
        self.runtime.spawn(spawn).expect("there is room")
    }

    pub(crate) fn spawn_many(
        &self,
        count: u64,
        label: &str,
        program: &Program,
    ) -> Vec<ProcessHandle> {
        let one = || Spawn::new(label, program).profile(Arc::clone(&self.profile));
        (0..count)
            .map(|_| self.runtime.spawn(one()).expect("there is room"))
            .collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.runtime.shutdown();
    }
}

pub(crate) fn expect_normal(process: &ProcessHandle) {
    assert_eq!(process.wait(), ExitReason::Normal);
}

/// Two spawners, so that both cores have work.
fn spawn_exit_of(leaf: &str) -> Work {
    let bench = Bench::new();
    let leaf = bench.load("leaf", leaf);
    bench
        .runtime
        .declare("leaf", &leaf, Arc::clone(&bench.profile));
    let spawner = bench.load("spawner", include_str!("wat/spawner.wat"));
    timed(2 * BATCHED_SPAWNS, || {
        let spawners = bench.spawn_many(2, "spawner", &spawner);
        spawners.iter().for_each(expect_normal);
    })
}

fn spawn_exit() -> Work {
    spawn_exit_of(include_str!("wat/leaf.wat"))
}

fn component_spawn_exit() -> Work {
    spawn_exit_of(include_str!("wat/leaf_component.wat"))
}

/// An app whose only process traps at once, until its supervisor gives up.
fn restart() -> Work {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let wasm = wat::parse_str(include_str!("wat/crash.wat")).expect("the module is well formed");
    std::fs::write(folder.path().join("crash.wasm"), wasm).expect("the folder can be written to");
    let manifest = format!(
        "[app]\nname = \"restarts\"\n[components.crash]\nwasm = \"crash.wasm\"\n\
         [supervisors.all]\nmax-restarts = {RESTARTS}\nperiod-ms = 60_000\n\
         children = [{{ component = \"crash\" }}]\n"
    );
    let manifest = rusm_manifest::parse("rusm.toml", &manifest).expect("the manifest is sound");
    let plan = BootPlan {
        manifest,
        folder: folder.path().to_owned(),
        built: BTreeMap::new(),
    };
    let runtime = Runtime::builder()
        .build()
        .expect("the machine can run a node");
    runtime.declare_all(&plan).expect("the module can run here");
    // The root allows one restart of the supervisor below it, so the crashes are had twice.
    let work = timed(2 * RESTARTS, || {
        let app = runtime.boot(&plan).expect("the app starts");
        assert!(matches!(app.wait(), AppEnd::GaveUp(_)));
    });
    runtime.shutdown();
    work
}

fn ping_pong() -> Work {
    ping_pong_of(
        include_str!("wat/ping.wat"),
        include_str!("wat/pong.wat"),
        ROUND_TRIPS,
    )
}

/// The payload of messages that are worth more than their envelopes.
const LARGE_BYTES: u64 = 65_536;
const LARGE_ROUND_TRIPS: u64 = 20_000;

fn ping_pong_large() -> Work {
    let large = |wat: &str| {
        wat.replace(
            "(memory (export \"memory\") 1)",
            "(memory (export \"memory\") 4)",
        )
        .replace("(i32.const 4)))", "(i32.const 65536)))")
        .replace("(i32.const 4096)", "(i32.const 131072)")
        .replace("(i32.const 200000)", "(i32.const 20000)")
    };
    let ping = large(include_str!("wat/ping.wat")).replace(
        "(call $whereis (i32.const 0) (i32.const 65536)))",
        "(call $whereis (i32.const 0) (i32.const 4)))",
    );
    ping_pong_of(
        &ping,
        &large(include_str!("wat/pong.wat")),
        LARGE_ROUND_TRIPS,
    )
}

fn component_ping_pong() -> Work {
    component_ping_pong_of(4, ROUND_TRIPS)
}

fn component_ping_pong_large() -> Work {
    component_ping_pong_of(LARGE_BYTES, LARGE_ROUND_TRIPS)
}

fn component_ping_pong_of(n_bytes: u64, round_trips: u64) -> Work {
    let component = |body: &str| {
        let mailbox = include_str!("wat/mailbox_component.wat");
        format!("(component {})", mailbox.replace("BODY", body))
    };
    let ping = format!(
        "(func $body (local $peer i64) (local $n i32)
           (call $host-whereis (i32.const 0) (i32.const 4) (i32.const 64))
           (local.set $peer (i64.load (i32.const 72)))
           (loop $trips
             (call $send (local.get $peer) (i32.const 65536) (i32.const {n_bytes}))
             (call $receive)
             (br_if $trips (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const {round_trips})))))"
    );
    let pong = "(func $body (loop $for_ever
        (call $receive)
        (call $send (i64.load (i32.const 144)) (i32.load (i32.const 160)) (i32.load (i32.const 164)))
        (br $for_ever)))";
    ping_pong_of(&component(&ping), &component(pong), round_trips)
}

fn ping_pong_of(ping: &str, pong: &str, round_trips: u64) -> Work {
    let bench = Bench::new();
    bench.spawn("pong", pong);
    let ping = bench.load("ping", ping);
    timed(round_trips, || {
        bench
            .spawn_many(1, "ping", &ping)
            .iter()
            .for_each(expect_normal)
    })
}

fn fan_in() -> Work {
    let bench = Bench::new();
    let sink = bench.spawn("sink", include_str!("wat/sink.wat"));
    let sender = bench.load("sender", include_str!("wat/sender.wat"));
    timed(SENDERS * MESSAGES_EACH, || {
        bench.spawn_many(SENDERS, "sender", &sender);
        expect_normal(&sink);
    })
}

/// A native process closes the ring and counts the laps.
fn ring() -> Work {
    let bench = Bench::new();
    let link = bench.load("link", include_str!("wat/ring.wat"));
    let links = bench.spawn_many(RING_PROCESSES, "link", &link);
    let pids: Vec<Pid> = links.iter().map(ProcessHandle::pid).collect();
    let elapsed = bench
        .runtime
        .node()
        .block_on(move |context: Context| async move {
            let next = pids.iter().skip(1).copied().chain([context.pid()]);
            for (link, next) in pids.iter().zip(next) {
                context
                    .send(*link, 0, next.as_u64().to_le_bytes())
                    .expect("there is room");
            }
            let first = *pids.first().expect("the ring has processes");
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

/// The round trips of two native processes while guests compute without end.
pub(crate) fn round_trips_beside_loops() -> Vec<Duration> {
    const LOOPS: u64 = 4;
    let bench = Bench::new();
    let spin = bench.load("spin", include_str!("wat/spin.wat"));
    let loops = bench.spawn_many(LOOPS, "spin", &spin);
    crate::fairness::round_trips(bench.runtime.node(), loops.len())
}

/// Starts processes that block in receive, and waits until each has answered a message.
fn start_idle() -> Work {
    let bench = Bench::new();
    let pong = bench.load("pong", include_str!("wat/pong.wat"));
    timed(IDLE_PROCESSES, || {
        let processes = bench.spawn_many(IDLE_PROCESSES, "pong", &pong);
        let pids: Vec<Pid> = processes.iter().map(ProcessHandle::pid).collect();
        let answered = bench
            .runtime
            .node()
            .block_on(move |context: Context| async move {
                for pid in &pids {
                    context.send(*pid, 1, [1]).expect("there is room");
                    context.receive(Selector::any()).await;
                }
            });
        answered.expect("every process answers");
    })
}
