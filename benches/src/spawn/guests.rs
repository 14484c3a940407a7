//! Guests, spawned by guests.

use super::{ONE_BY_ONE, latencies};
use crate::figure::{Benchmark, Work, timed};
use crate::guests::{Target, built};
use crate::wasm::{Bench, Kind, Role, expect_normal};
use rusm_actor::{Context, Event, ExitReason, Selector, SpawnOptions};
use rusm_core::Program;
use std::sync::Arc;
use std::time::Duration;

const SPAWNERS: u64 = 2;
const BATCH: u64 = 100;

/// What comes and goes.
#[derive(Clone, Copy)]
pub(crate) enum Leaf {
    /// A core module of one page, written by hand.
    Core,
    /// The same, which sends its parent a message instead of being monitored.
    CoreThatTells,
    /// A component without memory or imports.
    Component,
    /// The same with a memory of one page.
    ComponentPage,
    /// A Rust program with its standard library, as a core module of preview 1.
    RustCore,
    /// The same as a component of WASI 0.2.
    RustComponent,
}

impl Leaf {
    /// Batches of one spawner, so that each run takes about as long.
    fn batches(self) -> u64 {
        match self {
            Self::Core | Self::CoreThatTells | Self::Component | Self::ComponentPage => 500,
            Self::RustCore | Self::RustComponent => 100,
        }
    }

    fn load(self, bench: &Bench) -> Program {
        match self {
            Self::Core => bench.load("leaf", include_str!("../wat/leaf.wat")),
            Self::CoreThatTells => bench.load("leaf", include_str!("../wat/leaf_tells.wat")),
            Self::Component => bench.load("leaf", include_str!("../wat/leaf_component.wat")),
            Self::ComponentPage => {
                bench.load("leaf", include_str!("../wat/leaf_component_page.wat"))
            }
            Self::RustCore => bench.load_wasm("leaf", &built(Target::Core, "bench_leaf")),
            Self::RustComponent => bench.load_wasm("leaf", &built(Target::Component, "bench_leaf")),
        }
    }

    /// For guests to spawn.
    fn declare(self, bench: &Bench) {
        let leaf = self.load(bench);
        let profile = Arc::clone(&bench.profile);
        bench.runtime.declare("leaf", &leaf, profile);
    }
}

pub(crate) fn all() -> Vec<Benchmark> {
    let rate = |name, leaf| Benchmark::rate(name, move || spawn_exit(0, leaf));
    let mut all = vec![
        rate("core_spawn_exit", Leaf::Core),
        rate("core_spawn_message", Leaf::CoreThatTells),
        rate("component_spawn_exit", Leaf::Component),
        rate("component_page_spawn_exit", Leaf::ComponentPage),
        rate("rust_core_spawn_exit", Leaf::RustCore),
        rate("rust_component_spawn_exit", Leaf::RustComponent),
    ];
    all.extend(latencies("core", || one_by_one(Leaf::Core)));
    all.extend(latencies("rust_component", || {
        one_by_one(Leaf::RustComponent)
    }));
    all
}

/// Two spawners, so that both cores have work.
pub(crate) fn spawn_exit(workers: usize, leaf: Leaf) -> Work {
    let bench = Bench::with_workers(workers);
    leaf.declare(&bench);
    let flags = match leaf {
        Leaf::CoreThatTells => "0",
        Leaf::Core
        | Leaf::Component
        | Leaf::ComponentPage
        | Leaf::RustCore
        | Leaf::RustComponent => "2",
    };
    let spawner = include_str!("../wat/spawner.wat")
        .replace("FLAGS", flags)
        .replace("BATCHES", &leaf.batches().to_string())
        .replace("BATCH", &BATCH.to_string());
    let spawner = bench.load("spawner", &spawner);
    timed(SPAWNERS * leaf.batches() * BATCH, || {
        let spawners = bench.spawn_many(SPAWNERS, "spawner", &spawner);
        spawners.iter().for_each(expect_normal);
    })
}

/// A guest takes the time of each, by the clock of WASI.
fn one_by_one(leaf: Leaf) -> Vec<Duration> {
    let bench = Bench::new();
    leaf.declare(&bench);
    let (tell, told) = std::sync::mpsc::channel();
    let listener = |context: Context| async move {
        loop {
            if let Event::Message(message) = context.receive(Selector::any()).await {
                tell.send(message.payload.into_vec())
                    .expect("it is waited for");
                return ExitReason::Normal;
            }
        }
    };
    let node = bench.runtime.node();
    let listener = node.spawn(SpawnOptions::new("listener"), listener);
    let listener = listener.expect("there is room").as_u64();
    let role = Role::spawns("leaf", ONE_BY_ONE, listener);
    let _spawner = bench.start(&bench.actor(Kind::RustCore, &role));
    let times = told.recv().expect("the spawner reports");
    let (times, _) = times.as_chunks();
    let nanoseconds = times.iter().map(|bytes| u32::from_le_bytes(*bytes));
    nanoseconds
        .map(|nanoseconds| Duration::from_nanos(nanoseconds.into()))
        .collect()
}
