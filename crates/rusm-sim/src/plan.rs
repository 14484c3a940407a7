//! What is run under a seed, and what is checked: [`Plan`].

use crate::check::{self, Checker};
use crate::dice::Dice;
use crate::failure::Failure;
use crate::fault::{self, Fault};
use crate::history::History;
use crate::run::{Mixture, Run};
use crate::seeds::for_each_seed;
use crate::workload::{self, Workload};
use crate::world::Temper;
use std::fmt;
use std::sync::Arc;

/// How many steps a process of a run does that the run starts, at most: most runs are short, some are long.
const STEPS_OF_ONE_MAX: [u64; 5] = [10, 30, 30, 50, 150];

/// Workloads, faults and checkers.
///
/// Each seed draws its own mixture: which of the workloads and how often, how many processes and steps, which
/// of the faults. So some runs are about one thing only, and some about everything at once.
#[derive(Clone, Default)]
pub struct Plan {
    workloads: Vec<Arc<dyn Workload>>,
    faults: Vec<(u64, Arc<dyn Fault>)>,
    checkers: Vec<Arc<dyn Checker>>,
    is_hostile: bool,
}

impl Plan {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every workload, every fault and every checker of this crate.
    pub fn everything() -> Self {
        Self {
            workloads: workload::all(),
            faults: fault::all(),
            checkers: check::all(),
            is_hostile: true,
        }
    }

    /// Every checker of this crate.
    pub fn all_checkers(mut self) -> Self {
        self.checkers.extend(check::all());
        self
    }

    /// One more thing that processes do.
    pub fn workload(mut self, workload: impl Workload + 'static) -> Self {
        self.workloads.push(Arc::new(workload));
        self
    }

    /// One more thing that befalls them, once in so many steps on average.
    pub fn fault(mut self, one_in: u64, fault: impl Fault + 'static) -> Self {
        self.faults.push((one_in, Arc::new(fault)));
        self
    }

    /// One more thing that must hold.
    pub fn checker(mut self, checker: impl Checker + 'static) -> Self {
        self.checkers.push(Arc::new(checker));
        self
    }

    /// Lets the seed also decide on tiny mailboxes, processes that do not take their messages, panics in
    /// bodies, in their making and dropping and in the observer, and a low process limit.
    pub fn hostile(mut self) -> Self {
        self.is_hostile = true;
        self
    }

    /// Runs and checks under many seeds; see [`for_each_seed`].
    ///
    /// # Panics
    /// With the [`Failure`] of the first seed under which something does not hold.
    pub fn for_each_seed(&self, package: &str, n_seeds: u64) {
        for_each_seed(package, n_seeds, |seed| {
            if let Err(failure) = self.check(seed) {
                panic!("{failure}");
            }
        });
    }

    /// Runs and checks under one seed.
    ///
    /// # Errors
    /// What did not hold, and how it came to that.
    pub fn check(&self, seed: u64) -> Result<(), Failure> {
        let history = self.run(seed);
        for checker in &self.checkers {
            if let Err(violation) = checker.check(&history) {
                return Err(Failure::new(seed, checker.shows(), violation, &history));
            }
        }
        Ok(())
    }

    /// Runs under one seed.
    pub fn run(&self, seed: u64) -> History {
        let mut dice = Dice::new(!seed);
        let mixture = self.mix(&mut dice);
        Run::new(seed, mixture, dice).finish()
    }

    /// What this seed takes of everything.
    fn mix(&self, dice: &mut Dice) -> Mixture {
        let weights = self.workloads.iter();
        let mut workloads: Vec<_> = weights
            .map(|workload| (dice.below(3) * dice.below(4), Arc::clone(workload)))
            .collect();
        if workloads.iter().all(|(weight, _)| *weight == 0) {
            workloads.iter_mut().for_each(|(weight, _)| *weight = 1);
        }
        let mut faults = Vec::new();
        for (one_in, fault) in &self.faults {
            let factor = dice.pick(&[0, 0, 1, 3]).copied().unwrap_or(1);
            faults.push((one_in * factor, Arc::clone(fault)));
        }
        let n_steps_max = dice.pick(&STEPS_OF_ONE_MAX).copied().unwrap_or(1);
        let mut mixture = Mixture {
            workloads,
            faults,
            n_roots: 2 + dice.below(7),
            n_processes_max: usize::MAX,
            observer_panics_every: 0,
            temper: Temper {
                n_steps: 2 + dice.below(n_steps_max),
                ..Temper::default()
            },
        };
        if self.is_hostile {
            mixture.embitter(dice);
        }
        mixture
    }
}

impl Mixture {
    fn embitter(&mut self, dice: &mut Dice) {
        let mut pick = |from: &[u64]| dice.pick(from).copied().unwrap_or(0);
        self.temper.tight_one_in = pick(&[0, 0, 2, 5]);
        self.temper.lazy_one_in = pick(&[0, 0, 3]);
        self.temper.panic_one_in = pick(&[0, 0, 30, 300]);
        self.temper.will_one_in = pick(&[0, 4]);
        self.observer_panics_every = pick(&[0, 0, 7]);
        if pick(&[0, 0, 0, 1]) == 1 {
            self.n_processes_max = usize::try_from(4 + pick(&[0, 5, 10])).unwrap_or(4);
        }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shows: Vec<_> = self
            .checkers
            .iter()
            .map(|checker| checker.shows())
            .collect();
        f.debug_struct("Plan")
            .field("n_workloads", &self.workloads.len())
            .field("n_faults", &self.faults.len())
            .field("checkers", &shows)
            .finish_non_exhaustive()
    }
}
