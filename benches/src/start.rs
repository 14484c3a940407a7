//! What a start takes: of a node, of code that is new to it, of code that its cache has.

use crate::figure::{Benchmark, Unit, Work, timed};
use crate::guests::{Target, built};
use crate::wasm::{Bench, expect_normal};
use rusm_core::{Runtime, Spawn};
use tempfile::tempdir;

/// A Rust component somewhat larger than the target says, told to end at once.
const COMPONENT: &str = "stock_cat";
const ARGS: [&str; 2] = ["--exit", "0"];

pub(crate) fn all() -> Vec<Benchmark> {
    let milliseconds = |name, run: fn() -> Work| Benchmark::new(name, Unit::MillisecondsEach, run);
    vec![
        milliseconds("start_node", node),
        milliseconds("start_component_new", || first(false)),
        milliseconds("start_component_cached", || first(true)),
    ]
}

fn node() -> Work {
    timed(1, || drop(Bench::new()))
}

/// From the bytes of a component to the end of its first process, on a node that is up.
fn first(is_cached: bool) -> Work {
    let wasm = built(Target::Component, COMPONENT);
    let cache = tempdir().expect("there is a folder for temporary files");
    let start = |bench: &Bench| {
        let program = bench.load_wasm("first", &wasm);
        let spawn = Spawn::new("first", &program).args(ARGS);
        let process = bench.runtime.spawn(spawn).expect("there is room");
        expect_normal(&process);
    };
    if is_cached {
        start(&Bench::over(Runtime::builder().cache_folder(cache.path())));
    }
    let bench = Bench::over(Runtime::builder().cache_folder(cache.path()));
    timed(1, || start(&bench))
}
