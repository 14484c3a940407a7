//! One benchmark and its figure: warm up once, run five times, keep median, minimum and maximum.

use std::time::{Duration, Instant};

const RUNS: usize = 5;

/// What a benchmark does in one run: how many operations, and how long they took.
pub(crate) struct Work {
    pub(crate) operations: u64,
    pub(crate) elapsed: Duration,
    /// How many bytes they hold, where that is what is measured.
    pub(crate) bytes: u64,
}

/// How the figure is to be read.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    PerSecond,
    NanosecondsEach,
    BytesEach,
}

/// Something to measure.
pub(crate) struct Benchmark {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    pub(crate) run: Box<dyn Fn() -> Work>,
}

/// What was measured.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// Times what `work` does.
pub(crate) fn timed(operations: u64, work: impl FnOnce()) -> Work {
    let start = Instant::now();
    work();
    Work {
        operations,
        elapsed: start.elapsed(),
        bytes: 0,
    }
}

pub(crate) fn measure(benchmark: &Benchmark) -> Figure {
    (benchmark.run)();
    let mut values: Vec<f64> = (0..RUNS)
        .map(|_| value(benchmark.unit, &(benchmark.run)()))
        .collect();
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    Figure {
        name: benchmark.name,
        unit: match benchmark.unit {
            Unit::PerSecond => "per_second",
            Unit::NanosecondsEach => "ns",
            Unit::BytesEach => "bytes",
        },
        median: at(RUNS / 2),
        min: at(0),
        max: at(RUNS - 1),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of operations and bytes stay far below 2^53"
)]
fn value(unit: Unit, work: &Work) -> f64 {
    let (operations, seconds) = (work.operations as f64, work.elapsed.as_secs_f64());
    match unit {
        Unit::PerSecond => operations / seconds,
        Unit::NanosecondsEach => seconds * 1e9 / operations,
        Unit::BytesEach => work.bytes as f64 / operations,
    }
}
