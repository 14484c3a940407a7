//! What befalls the processes of a run from outside: [`Fault`].

use crate::dice::Dice;
use crate::fact::{Fact, Target};
use crate::workload::exits::draw_reason;
use crate::world::World;
use rusm_actor::sim::Simulator;
use rusm_actor::{ExitReason, Pid};
use std::sync::Arc;

/// Something that strikes between two steps of a run.
pub trait Fault: Send + Sync {
    /// Strikes; the run has drawn that it is time.
    fn strike(&self, simulator: &Simulator, world: &World, dice: &mut Dice);
}

/// All of them, and how many steps pass between two strikes on average.
pub fn all() -> Vec<(u64, Arc<dyn Fault>)> {
    vec![
        (100, Arc::new(Kill)),
        (100, Arc::new(Signal)),
        (5_000, Arc::new(Shutdown)),
    ]
}

/// Kills anybody.
#[derive(Clone, Copy, Debug)]
pub struct Kill;

impl Fault for Kill {
    fn strike(&self, simulator: &Simulator, world: &World, dice: &mut Dice) {
        if let Some(pid) = world.anybody(dice) {
            signal(simulator, world, pid, ExitReason::Killed);
        }
    }
}

/// Sends anybody an exit signal with any reason.
#[derive(Clone, Copy, Debug)]
pub struct Signal;

impl Fault for Signal {
    fn strike(&self, simulator: &Simulator, world: &World, dice: &mut Dice) {
        let text = format!("outside {}", world.ledger().number());
        let reason = draw_reason(dice, text);
        if let Some(pid) = world.anybody(dice) {
            signal(simulator, world, pid, reason);
        }
    }
}

fn signal(simulator: &Simulator, world: &World, pid: Pid, reason: ExitReason) {
    let node = simulator.node();
    let is_there = node.process_info(pid).is_some();
    let fact = Fact::Signals {
        to: Target { pid, is_there },
        reason: reason.clone(),
    };
    world.ledger().write(node.now(), None, fact);
    if reason == ExitReason::Killed {
        node.kill(pid);
    } else {
        node.exit_signal(pid, reason);
    }
}

/// Shuts the node down in the middle of everything.
#[derive(Clone, Copy, Debug)]
pub struct Shutdown;

impl Fault for Shutdown {
    fn strike(&self, simulator: &Simulator, world: &World, _dice: &mut Dice) {
        shut_down(simulator, world);
    }
}

pub(crate) fn shut_down(simulator: &Simulator, world: &World) {
    let node = simulator.node();
    world.ledger().write(node.now(), None, Fact::Shutdown);
    node.shutdown();
}
