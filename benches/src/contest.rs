//! What is compared runs interleaved: ours, theirs, ours, theirs. A figure of another minute is no claim on a shared machine.
//!
//! Benchmarks that are measured against each other, and their counterparts elsewhere, make one contest. After a round that warms up,
//! each round runs every contestant once.

use crate::counterparts::Elsewhere;
use crate::figure::{Benchmark, Figure, Unit, Work};
use crate::targets::{Against, TARGETS};
use std::collections::BTreeSet;

/// One who runs in a contest: a benchmark, or a counterpart of one.
struct Contestant<'a> {
    run: Box<dyn Fn() -> Work + 'a>,
    unit: Unit,
    figure: Figure,
}

/// Benchmarks that have to be measured together, in their order.
pub(crate) type Contest<'a> = Vec<&'a Benchmark>;

/// Puts the wanted benchmarks, and those that they are measured against, into contests.
pub(crate) fn contests<'a>(
    all: &'a [Benchmark],
    is_wanted: impl Fn(&Benchmark) -> bool,
) -> Vec<Contest<'a>> {
    let mut contests: Vec<BTreeSet<usize>> = Vec::new();
    let wanted = all.iter().enumerate();
    for (index, _) in wanted.filter(|(_, one)| is_wanted(one)) {
        let mut together = BTreeSet::from([index]);
        let mut open = vec![index];
        while let Some(benchmark) = open.pop().and_then(|index| all.get(index)) {
            let bases = bases(benchmark, all).filter(|base| together.insert(*base));
            open.extend(bases.collect::<Vec<_>>());
        }
        let place = contests
            .iter()
            .position(|other| !other.is_disjoint(&together));
        while let Some(met) = contests
            .iter()
            .position(|other| !other.is_disjoint(&together))
        {
            together.append(&mut contests.remove(met));
        }
        contests.insert(place.unwrap_or(contests.len()), together);
    }
    let resolve = |indices: BTreeSet<usize>| indices.into_iter().filter_map(|one| all.get(one));
    contests
        .into_iter()
        .map(|indices| resolve(indices).collect())
        .collect()
}

/// The benchmarks that this one is measured against.
fn bases<'a>(of: &'a Benchmark, all: &'a [Benchmark]) -> impl Iterator<Item = usize> + 'a {
    TARGETS
        .iter()
        .filter(|target| target.benchmark == of.name)
        .filter_map(|target| match target.against {
            Against::Benchmark(base) => all.iter().position(|one| one.name == base),
            Against::Itself | Against::Erlang(_) | Against::Bare(_) => None,
        })
}

/// Measures one contest: a figure for each benchmark, and for each counterpart that takes part.
pub(crate) fn measure(
    contest: &Contest<'_>,
    elsewhere: &Elsewhere,
    n_rounds: usize,
) -> Vec<Figure> {
    let mut contestants: Vec<Contestant<'_>> = Vec::new();
    for benchmark in contest {
        contestants.push(Contestant {
            run: Box::new(|| (benchmark.run)()),
            unit: benchmark.unit,
            figure: Figure::new(benchmark.name, benchmark.unit.name()),
        });
        for target in TARGETS
            .iter()
            .filter(|target| target.benchmark == benchmark.name)
        {
            let (against, name) = (target.against, target.against.name());
            let is_new = contestants.iter().all(|other| other.figure.name != name);
            if let Some(run) = elsewhere.counterpart(against)
                && is_new
            {
                contestants.push(Contestant {
                    run,
                    unit: benchmark.unit,
                    figure: Figure::new(name, benchmark.unit.name()),
                });
            }
        }
    }
    for contestant in &contestants {
        (contestant.run)();
    }
    for _ in 0..n_rounds {
        for Contestant { run, unit, figure } in &mut contestants {
            figure.add(unit.value(&run()));
        }
    }
    contestants.into_iter().map(|one| one.figure).collect()
}
