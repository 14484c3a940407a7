//! Which runnable process gets the next slice: [`Strategy`], drawn from the seed.
//!
//! Choosing evenly hides what needs one process to stay behind for long, or one to be always first. So some
//! seeds choose by priorities that change at a few random moments (after "probabilistic concurrency testing",
//! Burckhardt et al., 2010), some let a few processes starve, some serve in bursts from one end of the queue.
//! Every strategy serves everybody some time: a process that gives way stands behind those it gave way to.

use super::random::{SplitMix, mix};
use crate::id::Pid;
use crate::process::Process;
use crate::sync::Arc;
use std::collections::{HashMap, VecDeque};
use std::fmt;

/// How a simulation chooses who runs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Anybody, with equal chances.
    Uniform,
    /// The highest random priority; at so many moments the one about to run becomes the lowest.
    Priorities {
        /// How many such moments.
        changes: usize,
    },
    /// A quarter of the processes is slow and gets a turn only once in so many draws.
    Starving {
        /// How many draws.
        one_in: usize,
    },
    /// Runs of the newest first, the oldest first, or anybody, each up to so many slices long.
    Bursts {
        /// How many slices.
        longest: usize,
    },
}

/// Moments at which priorities change lie within the first so many slices.
const CHANGES_WITHIN: usize = 3_000;
/// Of a long queue only this many are compared, so that a choice costs the same however many wait.
const WINDOW: usize = 64;

impl Strategy {
    /// The strategy that a simulation with this seed has.
    pub fn of(seed: u64) -> Self {
        let mut random = SplitMix::new(mix(seed));
        match random.below(4) {
            0 => Self::Uniform,
            1 => Self::Priorities {
                changes: random.pick([1, 3, 10, 40]),
            },
            2 => Self::Starving {
                one_in: random.pick([8, 32, 100]),
            },
            _ => Self::Bursts {
                longest: random.pick([3, 10, 30]),
            },
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform => write!(f, "anybody"),
            Self::Priorities { changes } => write!(f, "by priorities with {changes} changes"),
            Self::Starving { one_in } => write!(f, "some starve, one turn in {one_in}"),
            Self::Bursts { longest } => write!(f, "bursts of up to {longest}"),
        }
    }
}

/// A strategy at work.
#[derive(Debug)]
pub(super) struct Chooser {
    strategy: Strategy,
    salt: u64,
    random: SplitMix,
    /// Ranks of those that are no longer at the one they were born with.
    lowered: HashMap<Pid, u64>,
    lowest: u64,
    /// The moments at which priorities change, the next one last.
    changes: Vec<usize>,
    n_choices: usize,
    burst: Burst,
}

#[derive(Clone, Copy, Debug)]
struct Burst {
    kind: usize,
    left: usize,
}

impl Chooser {
    pub(super) fn new(seed: u64) -> Self {
        let strategy = Strategy::of(seed);
        let mut random = SplitMix::new(seed);
        let n_changes = match strategy {
            Strategy::Priorities { changes } => changes,
            Strategy::Uniform | Strategy::Starving { .. } | Strategy::Bursts { .. } => 0,
        };
        let mut changes: Vec<usize> = (0..n_changes)
            .map(|_| random.below(CHANGES_WITHIN))
            .collect();
        changes.sort_unstable_by(|one, other| other.cmp(one));
        Self {
            strategy,
            salt: mix(!seed),
            random,
            lowered: HashMap::new(),
            lowest: u64::MAX / 2,
            changes,
            n_choices: 0,
            burst: Burst { kind: 0, left: 0 },
        }
    }

    pub(super) fn strategy(&self) -> Strategy {
        self.strategy
    }

    pub(super) fn random(&mut self) -> &mut SplitMix {
        &mut self.random
    }

    /// Which of these, at least one, the one that waits longest first.
    pub(super) fn choose(&mut self, waiting: &VecDeque<Arc<Process>>) -> usize {
        self.n_choices += 1;
        match self.strategy {
            Strategy::Uniform => self.random.below(waiting.len()),
            Strategy::Priorities { .. } => self.highest(waiting),
            Strategy::Starving { one_in } => self.spare(waiting, one_in),
            Strategy::Bursts { longest } => self.in_burst(waiting.len(), longest),
        }
    }

    /// The process gave way.
    pub(super) fn gave_way(&mut self, pid: Pid) {
        if matches!(self.strategy, Strategy::Priorities { .. }) {
            self.lower(pid);
        }
    }

    fn lower(&mut self, pid: Pid) {
        self.lowest -= 1;
        self.lowered.insert(pid, self.lowest);
    }

    fn highest(&mut self, waiting: &VecDeque<Arc<Process>>) -> usize {
        let first = self.first_by_rank(waiting);
        let is_change = self.changes.last().is_some_and(|at| *at <= self.n_choices);
        if !is_change {
            return first;
        }
        self.changes.pop();
        if let Some(process) = waiting.get(first) {
            self.lower(process.pid);
        }
        self.first_by_rank(waiting)
    }

    fn first_by_rank(&self, waiting: &VecDeque<Arc<Process>>) -> usize {
        let ranked = waiting.iter().take(WINDOW).enumerate();
        let first = ranked.max_by_key(|(_, process)| self.rank(process.pid));
        first.map_or(0, |(position, _)| position)
    }

    /// Those that were never lowered stand in the upper half.
    fn rank(&self, pid: Pid) -> u64 {
        let lowered = self.lowered.get(&pid).copied();
        lowered.unwrap_or_else(|| self.of(pid) | 1 << 63)
    }

    /// A number that this process has throughout the simulation.
    fn of(&self, pid: Pid) -> u64 {
        mix(self.salt ^ pid.as_u64())
    }

    fn spare(&mut self, waiting: &VecDeque<Arc<Process>>, one_in: usize) -> usize {
        let n_slow = one_in.min(WINDOW);
        for _ in 0..n_slow {
            let choice = self.random.below(waiting.len());
            let is_slow = |process: &Arc<Process>| self.of(process.pid).is_multiple_of(4);
            if !waiting.get(choice).is_some_and(is_slow) || self.random.one_in(one_in) {
                return choice;
            }
        }
        0
    }

    fn in_burst(&mut self, n_waiting: usize, longest: usize) -> usize {
        if self.burst.left == 0 {
            self.burst = Burst {
                kind: self.random.below(3),
                left: self.random.below(longest) + 1,
            };
        }
        self.burst.left -= 1;
        match self.burst.kind {
            0 => 0,
            1 => n_waiting - 1,
            _ => self.random.below(n_waiting),
        }
    }
}
