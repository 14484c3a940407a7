//! Two threads whose processes come and go, with one engine for both or one each.

use super::engine;
use super::guest::{Leaf, Linked, State};
use crate::figure::{Benchmark, Work, timed};
use std::thread;
use wasmtime::Engine;

const THREADS: u64 = 2;

pub(super) fn all() -> Vec<Benchmark> {
    let leaves = [
        ("core", Leaf::Core, 50_000),
        ("component", Leaf::Component, 50_000),
        ("component_page", Leaf::ComponentPage, 50_000),
        ("rust_core", Leaf::RustCore, 10_000),
        ("rust_component", Leaf::RustComponent, 10_000),
    ];
    leaves
        .into_iter()
        .flat_map(|(name, leaf, each)| {
            [
                Benchmark::rate(format!("{name}_shared_engine"), move || shared(leaf, each)),
                Benchmark::rate(format!("{name}_engine_each"), move || one_each(leaf, each)),
            ]
        })
        .collect()
}

fn shared(leaf: Leaf, each: u64) -> Work {
    let engine = engine();
    let linked = Linked::leaf(leaf, &engine);
    on_threads([(&engine, &linked), (&engine, &linked)], each)
}

fn one_each(leaf: Leaf, each: u64) -> Work {
    let engines = [engine(), engine()];
    let linked = engines.each_ref().map(|engine| Linked::leaf(leaf, engine));
    let ([one, other], [of_one, of_other]) = (&engines, &linked);
    on_threads([(one, of_one), (other, of_other)], each)
}

fn on_threads(threads: [(&Engine, &Linked); 2], each: u64) -> Work {
    timed(THREADS * each, || {
        thread::scope(|scope| {
            for (engine, linked) in threads {
                scope.spawn(move || {
                    (0..each).for_each(|_| linked.run(engine, State::default()));
                });
            }
        });
    })
}
