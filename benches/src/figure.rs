//! One benchmark, what a run of it gives, and the figure that several runs make.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// What a benchmark does in one run: how many operations, and how long they took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Work {
    pub(crate) operations: u64,
    pub(crate) elapsed: Duration,
    /// How many bytes they hold, where that is what is measured.
    pub(crate) bytes: u64,
}

/// How the figure is to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    PerSecond,
    NanosecondsEach,
    MillisecondsEach,
    BytesEach,
    /// How many operations there were, however long they took.
    Count,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "per_second",
            Self::NanosecondsEach => "ns",
            Self::MillisecondsEach => "ms",
            Self::BytesEach => "bytes",
            Self::Count => "count",
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of operations and bytes stay far below 2^53"
    )]
    pub(crate) fn value(self, work: &Work) -> f64 {
        let (operations, seconds) = (work.operations as f64, work.elapsed.as_secs_f64());
        match self {
            Self::PerSecond => operations / seconds,
            Self::NanosecondsEach => seconds * 1e9 / operations,
            Self::MillisecondsEach => seconds * 1e3 / operations,
            Self::BytesEach => work.bytes as f64 / operations,
            Self::Count => operations,
        }
    }
}

/// Waits on the calling thread, for what nobody sends.
pub(crate) fn nothing_for(time: Duration) {
    let (_sender, receiver) = channel::<()>();
    let timed_out = receiver.recv_timeout(time);
    assert!(timed_out.is_err(), "nobody sends");
}

/// Something to measure.
pub(crate) struct Benchmark {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    pub(crate) run: Box<dyn Fn() -> Work>,
}

impl Benchmark {
    pub(crate) fn rate(name: impl Into<String>, run: impl Fn() -> Work + 'static) -> Self {
        Self::new(name, Unit::PerSecond, run)
    }

    pub(crate) fn nanoseconds(name: impl Into<String>, run: impl Fn() -> Work + 'static) -> Self {
        Self::new(name, Unit::NanosecondsEach, run)
    }

    pub(crate) fn new(
        name: impl Into<String>,
        unit: Unit,
        run: impl Fn() -> Work + 'static,
    ) -> Self {
        // There are so many benchmarks as long as the program lives, and no more.
        let name = String::leak(name.into());
        let run = Box::new(run);
        Self { name, unit, run }
    }
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

/// One percentile, in thousandths, as the work of one operation.
pub(crate) fn percentile(mut times: Vec<Duration>, thousandths: usize) -> Work {
    times.sort_unstable();
    let index = times.len() * thousandths / 1_000;
    let elapsed = times.get(index).copied().unwrap_or_default();
    Work {
        operations: 1,
        elapsed,
        bytes: 0,
    }
}

/// Several benchmarks that read the same runs: the nth run of each is the nth run of all.
pub(crate) struct SharedRuns<T> {
    run: Box<dyn Fn() -> T>,
    done: RefCell<Vec<T>>,
}

impl<T: Clone + 'static> SharedRuns<T> {
    pub(crate) fn new(run: impl Fn() -> T + 'static) -> Rc<Self> {
        Rc::new(Self {
            run: Box::new(run),
            done: RefCell::default(),
        })
    }

    /// What one of those benchmarks runs.
    pub(crate) fn read(
        self: &Rc<Self>,
        read: impl Fn(T) -> Work + 'static,
    ) -> impl Fn() -> Work + 'static {
        let runs = Rc::clone(self);
        let nth = RefCell::new(0..);
        move || {
            let nth = nth.borrow_mut().next().unwrap_or(usize::MAX);
            let known = runs.done.borrow().get(nth).cloned();
            read(known.unwrap_or_else(|| {
                let new = (runs.run)();
                runs.done.borrow_mut().push(new.clone());
                new
            }))
        }
    }
}

/// Percentiles of the same runs, each as a benchmark: what it is called at its end, and in thousandths.
pub(crate) fn percentiles<const N: usize>(
    name: &str,
    run: impl Fn() -> Vec<Duration> + 'static,
    wanted: [(&str, usize); N],
) -> [Benchmark; N] {
    let runs = SharedRuns::new(run);
    wanted.map(|(percent, thousandths)| {
        let read = runs.read(move |times| percentile(times, thousandths));
        Benchmark::nanoseconds(format!("{name}_{percent}"), read)
    })
}

/// What several runs gave.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    /// One for each round, in the order of the rounds.
    values: Vec<f64>,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            unit,
            values: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, value: f64) {
        self.values.push(value);
    }

    /// This divided by that, round by round.
    pub(crate) fn ratio_to(&self, other: &Self, name: String) -> Self {
        let pairs = self.values.iter().zip(&other.values);
        Self {
            name,
            unit: "x",
            values: pairs.map(|(ours, theirs)| ours / theirs).collect(),
        }
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(self.values.len() / 2)
    }

    pub(crate) fn min(&self) -> f64 {
        self.at(0)
    }

    pub(crate) fn max(&self) -> f64 {
        self.at(self.values.len().saturating_sub(1))
    }

    fn at(&self, index: usize) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(index).copied().unwrap_or(f64::NAN)
    }
}

/// A number with as many digits as mean something.
pub(crate) fn shown(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        small if small >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Figure, SharedRuns, Work};
    use std::cell::Cell;
    use std::rc::Rc;

    fn figure(values: [f64; 3]) -> Figure {
        let mut figure = Figure::new("f", "x");
        values.into_iter().for_each(|value| figure.add(value));
        figure
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let ratio = figure([9.0, 2.0, 4.0]).ratio_to(&figure([3.0, 2.0, 2.0]), "r".to_owned());
        assert_eq!((ratio.min(), ratio.median(), ratio.max()), (1.0, 2.0, 3.0));
    }

    #[test]
    fn the_nth_runs_of_those_who_share_are_one_run() {
        let count = Rc::new(Cell::new(0));
        let counted = Rc::clone(&count);
        let runs = SharedRuns::new(move || {
            counted.set(counted.get() + 1);
            counted.get()
        });
        let read = |run| Work {
            operations: run,
            ..Work::default()
        };
        let (one, other) = (runs.read(read), runs.read(read));
        let seen = [&one, &one].map(|run| run().operations);
        assert_eq!(seen, [1, 2]);
        assert_eq!([other().operations, other().operations], seen);
        assert_eq!(count.get(), 2);
    }
}
