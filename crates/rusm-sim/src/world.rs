//! What the processes of a run share: [`World`].

use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::workload::Workload;
use rusm_actor::{LifecycleEvent, Name, Observer, Pid};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// When everybody looks through the mailbox for the last time but one: long after everything is at rest.
pub(crate) const LATE: Duration = Duration::from_secs(3600);
/// When everybody ends who has not ended before.
pub(crate) const LAST: Duration = Duration::from_secs(7200);

/// How many of those who were spawned count as the last.
const RECENT: usize = 6;

/// What the processes of a run share.
pub struct World {
    pub(crate) ledger: Ledger,
    pub(crate) workloads: Vec<(u64, Arc<dyn Workload>)>,
    pub(crate) temper: Temper,
    crowd: Mutex<Vec<Pid>>,
    names: Vec<Name>,
}

/// How the processes of one run are inclined; once in so many times, 0 for never.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Temper {
    /// Are spawned with a tiny mailbox.
    pub(crate) tight_one_in: u64,
    /// Do not take their messages before the very end.
    pub(crate) lazy_one_in: u64,
    /// Panic in the closure that makes the body, in a step, in a drop.
    pub(crate) panic_one_in: u64,
    /// Do a last thing while their body is dropped.
    pub(crate) will_one_in: u64,
    /// Steps of a process that the run starts.
    pub(crate) n_steps: u64,
}

impl World {
    pub(crate) fn new(
        ledger: Ledger,
        workloads: Vec<(u64, Arc<dyn Workload>)>,
        temper: Temper,
    ) -> Self {
        let names = ["alpha", "beta", "gamma"];
        let names = names.iter().filter_map(|name| Name::new(name).ok());
        Self {
            ledger,
            workloads,
            temper,
            crowd: Mutex::default(),
            names: names.collect(),
        }
    }

    /// Where everything is written down.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The names, of processes and of groups, that the run is about.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Somebody who was spawned, alive or not; often one of the last, who are likely to be alive.
    pub fn anybody(&self, dice: &mut Dice) -> Option<Pid> {
        let crowd = self.crowd();
        let n_old = match dice.one_in(2) {
            true => crowd.len().saturating_sub(RECENT),
            false => 0,
        };
        dice.pick(crowd.get(n_old..)?).copied()
    }

    /// How many were spawned so far.
    pub fn population(&self) -> usize {
        self.crowd().len()
    }

    pub(crate) fn welcome(&self, pid: Pid) {
        self.crowd().push(pid);
    }

    fn crowd(&self) -> MutexGuard<'_, Vec<Pid>> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of the workloads, by weight.
    pub(crate) fn draw_workload(&self, dice: &mut Dice) -> Option<Arc<dyn Workload>> {
        let sum = self.workloads.iter().map(|(weight, _)| weight).sum();
        let mut choice = dice.below(sum);
        for (weight, workload) in &self.workloads {
            if choice < *weight {
                return Some(Arc::clone(workload));
            }
            choice -= weight;
        }
        None
    }
}

impl Observer for World {
    fn observe(&self, event: &LifecycleEvent) {
        self.ledger.observe(event);
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("temper", &self.temper)
            .finish_non_exhaustive()
    }
}
