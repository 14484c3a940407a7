//! One run under one seed: [`Run`].

use crate::actor::{begin, draw_tightness, options};
use crate::dice::Dice;
use crate::fact::{Birth, Fact};
use crate::fault::{Fault, shut_down};
use crate::history::{History, Remains};
use crate::ledger::Ledger;
use crate::workload::Workload;
use crate::world::{Temper, World};
use rusm_actor::sim::Simulator;
use std::sync::Arc;

/// A run that has not come to rest after so many steps never will.
const STEPS_MAX: u64 = 300_000;

/// What one seed has drawn.
pub(crate) struct Mixture {
    pub(crate) workloads: Vec<(u64, Arc<dyn Workload>)>,
    pub(crate) faults: Vec<(u64, Arc<dyn Fault>)>,
    pub(crate) n_roots: u64,
    pub(crate) n_processes_max: usize,
    pub(crate) observer_panics_every: u64,
    pub(crate) temper: Temper,
}

/// One run.
pub(crate) struct Run {
    simulator: Simulator,
    world: Arc<World>,
    dice: Dice,
    faults: Vec<(u64, Arc<dyn Fault>)>,
    is_punctual: bool,
    n_processes_max: usize,
}

impl Run {
    pub(crate) fn new(seed: u64, mixture: Mixture, mut dice: Dice) -> Self {
        let ledger = Ledger::new(mixture.observer_panics_every);
        let world = Arc::new(World::new(ledger, mixture.workloads, mixture.temper));
        let is_punctual = dice.one_in(2);
        let mut builder = Simulator::builder(seed)
            .observer(Arc::clone(&world) as _)
            .max_processes(mixture.n_processes_max);
        if !is_punctual {
            builder = builder.running_clock();
        }
        if !dice.one_in(4) {
            builder = builder.overlapping();
        }
        let mut run = Self {
            simulator: builder.build(),
            world,
            dice,
            faults: mixture.faults,
            is_punctual,
            n_processes_max: mixture.n_processes_max,
        };
        for _ in 0..mixture.n_roots {
            run.start();
        }
        run
    }

    /// Starts a process that nobody has spawned.
    fn start(&mut self) {
        let temper = self.world.temper;
        let birth = Birth {
            tight: draw_tightness(&mut self.dice, temper.tight_one_in),
            ..Birth::default()
        };
        let options = options(&birth);
        let n_alive = self.simulator.node().process_count();
        self.write(Fact::Spawns { birth, n_alive });
        let body = begin(Arc::clone(&self.world), self.dice.split(), temper.n_steps);
        let spawned = self.simulator.node().spawn(options, body);
        if let Ok(pid) = spawned {
            self.world.welcome(pid);
        }
        self.write(Fact::Spawn(spawned));
    }

    /// Runs to the end, and then kills whoever is left.
    pub(crate) fn finish(mut self) -> History {
        self.come_to_rest();
        let rest = self.world.ledger.len();
        let alive = self.simulator.node().processes();
        shut_down(&self.simulator, &self.world);
        self.faults.clear();
        self.come_to_rest();
        let node = self.simulator.node();
        let (n_timers, n_requests) = node.pending();
        let names = self.world.names().iter();
        let held = names.filter(|name| {
            node.whereis(name.as_str()).is_some() || !node.members(name.as_str()).is_empty()
        });
        let remains = Remains {
            alive,
            n_processes: node.process_count(),
            n_timers,
            n_requests,
            names: held.map(ToString::to_string).collect(),
        };
        let entries = self.world.ledger.take();
        History::new(
            entries,
            remains,
            self.is_punctual,
            self.n_processes_max,
            rest,
        )
    }

    /// Runs until nothing can run any more, or nobody is left.
    fn come_to_rest(&mut self) {
        let mut n_written = 0;
        for _ in 0..STEPS_MAX {
            self.strike();
            if self.simulator.node().process_count() == 0 || !self.simulator.step() {
                return;
            }
            if self.world.ledger.len() > n_written {
                self.write(Fact::Step);
                n_written = self.world.ledger.len();
            }
        }
        panic!("the run does not come to rest");
    }

    fn strike(&mut self) {
        for (one_in, fault) in &self.faults {
            if self.dice.one_in(*one_in) {
                fault.strike(&self.simulator, &self.world, &mut self.dice);
            }
        }
    }

    fn write(&self, fact: Fact) {
        self.world.ledger.write(self.simulator.now(), None, fact);
    }
}
