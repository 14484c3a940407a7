//! Work that is independent: on one worker, and on two.

use crate::figure::Benchmark;
use crate::messages::{guest_ping_pong, native_ping_pong};
use crate::spawn::{Leaf, Told, guest_spawn_exit, native_spawn_exit};
use crate::wasm::Kind;

const PAIRS: u64 = 100;
const SMALL: usize = 4;

pub(crate) fn all() -> Vec<Benchmark> {
    [("one_core", 1), ("two_cores", 2)]
        .into_iter()
        .flat_map(|(name, workers)| on(name, workers))
        .collect()
}

fn on(cores: &str, workers: usize) -> [Benchmark; 6] {
    let name = |what: &str| format!("{cores}_{what}");
    [
        Benchmark::rate(name("native_spawn_exit"), move || {
            native_spawn_exit(workers, Told::ByMessage)
        }),
        Benchmark::rate(name("native_100_pairs"), move || {
            native_ping_pong(workers, PAIRS, SMALL)
        }),
        Benchmark::rate(name("core_spawn_exit"), move || {
            guest_spawn_exit(workers, Leaf::Core)
        }),
        Benchmark::rate(name("core_100_pairs"), move || {
            guest_ping_pong(workers, Kind::Core, PAIRS, SMALL)
        }),
        Benchmark::rate(name("rust_component_spawn_exit"), move || {
            guest_spawn_exit(workers, Leaf::RustComponent)
        }),
        Benchmark::rate(name("rust_component_100_pairs"), move || {
            guest_ping_pong(workers, Kind::RustComponent, PAIRS, SMALL)
        }),
    ]
}
