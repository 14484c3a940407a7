//! Measures what rusm claims and prints one machine-readable line per figure, then a table.
//!
//! `cargo run --release -p rusm-bench [NAME]` runs every benchmark whose name contains `NAME`. Each is
//! warmed up once and run five times; the line is `name median unit`, the table adds the smallest and the
//! largest. Absolute figures move with the machine: compare figures of one run only.

#![expect(
    clippy::print_stdout,
    reason = "printing figures is what this program does"
)]

mod check;
mod fairness;
mod figure;
mod million;
mod native;
mod scale;
mod storage;
mod wasm;

use figure::{Benchmark, Figure};

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if wanted == million::NAME {
        return million::run(std::env::args().skip(2));
    }
    if wanted == scale::RESIDENT {
        println!("{}", scale::growth_by_a_million());
        return;
    }
    let mut figures: Vec<Figure> = Vec::new();
    let all = [
        check::all(),
        native::all(),
        wasm::all(),
        scale::all(),
        fairness::all(),
        storage::all(),
    ];
    let benchmarks: Vec<Benchmark> = all.into_iter().flatten().collect();
    for benchmark in benchmarks
        .iter()
        .filter(|benchmark| benchmark.name.contains(&wanted))
    {
        let figure = figure::measure(benchmark);
        println!("{} {:.0} {}", figure.name, figure.median, figure.unit);
        figures.push(figure);
    }
    println!(
        "\n{:<28} {:>12} {:>12} {:>12}  unit",
        "benchmark", "median", "min", "max"
    );
    for figure in &figures {
        println!(
            "{:<28} {:>12.0} {:>12.0} {:>12.0}  {}",
            figure.name, figure.median, figure.min, figure.max, figure.unit
        );
    }
}
