//! The contest: every contestant with every number of writers and every size of value, round after round, in turns.
//!
//! Whatever else the machine does meanwhile hits all of them alike: a figure is the median of its rounds, and each ratio is one of the same run.

use crate::engine::{CONTESTANTS, Contestant};
use crate::figure::{Figure, nanoseconds, percentile};
use std::time::{Duration, Instant};

const WRITERS: [u64; 3] = [1, 8, 64];
const SIZES: [usize; 2] = [100, 4_096];
const WARM_UP: Duration = Duration::from_millis(100);
const ROUND: Duration = Duration::from_secs(1);
/// What the others are compared with.
const MEASURE: &str = "redb";

/// One round of one contestant.
struct Round {
    per_second: f64,
    p50: f64,
    p99: f64,
}

/// What one contestant reached with so many writers.
struct Row {
    contestant: &'static str,
    figures: [Figure; 3],
}

/// Prints a line per figure, and a table for each number of writers.
pub(crate) fn run(n_rounds: usize) {
    for size in SIZES {
        for n_writers in WRITERS {
            let rows = rows(n_writers, size, n_rounds);
            let figures = rows.iter().flat_map(|row| &row.figures);
            figures.for_each(Figure::print);
            print_table(n_writers, size, &rows);
        }
    }
}

fn rows(n_writers: u64, size: usize, n_rounds: usize) -> Vec<Row> {
    let mut all: Vec<Vec<Round>> = CONTESTANTS.iter().map(|_| Vec::new()).collect();
    for _ in 0..n_rounds {
        for (contestant, rounds) in CONTESTANTS.iter().zip(&mut all) {
            rounds.push(round(contestant, n_writers, size));
        }
    }
    let row = |(contestant, rounds): (&Contestant, Vec<Round>)| {
        let name = format!("{}_{n_writers}x{size}", contestant.name);
        let figure = |what, unit, of: fn(&Round) -> f64| {
            Figure::of(&format!("{name}_{what}"), unit, rounds.iter().map(of))
        };
        Row {
            contestant: contestant.name,
            figures: [
                figure("writes", "per_second", |round| round.per_second),
                figure("p50", "ns", |round| round.p50),
                figure("p99", "ns", |round| round.p99),
            ],
        }
    };
    CONTESTANTS.iter().zip(all).map(row).collect()
}

/// On a new file.
fn round(contestant: &Contestant, n_writers: u64, size: usize) -> Round {
    let folder = crate::folder();
    let engine = (contestant.open)(folder.path());
    let value = vec![0x5a; size];
    engine.drive(n_writers, &value, Instant::now() + WARM_UP);
    let begin = Instant::now();
    let mut took = engine.drive(n_writers, &value, begin + ROUND);
    let elapsed = begin.elapsed();
    Round {
        per_second: took.len() as f64 / elapsed.as_secs_f64(),
        p50: nanoseconds(percentile(&mut took, 500)),
        p99: nanoseconds(percentile(&mut took, 990)),
    }
}

fn print_table(n_writers: u64, size: usize, rows: &[Row]) {
    let medians = |row: &Row| row.figures.each_ref().map(Figure::median);
    let measure = rows.iter().find(|row| row.contestant == MEASURE);
    let [measure, ..] = measure.map_or([f64::NAN; 3], medians);
    println!("\nwriters: {n_writers}, bytes of a value: {size}");
    println!("| contestant | writes/s | to {MEASURE} | p50 µs | p99 µs |\n|---|---|---|---|---|");
    for row in rows {
        let [rate, p50, p99] = medians(row);
        let (ratio, p50, p99) = (rate / measure, p50 / 1e3, p99 / 1e3);
        let name = row.contestant;
        println!("| {name} | {rate:.0} | {ratio:.2} | {p50:.0} | {p99:.0} |");
    }
    println!();
}
