//! Processes that start others.

use super::{Step, Workload};
use crate::actor::Actor;

/// Starts a process, with or without link, monitor and name.
#[derive(Clone, Copy, Debug)]
pub struct Spawns;

/// Steps of a child.
const STEPS_MAX: u64 = 6;
/// After so many births nobody is started any more, so that a run ends.
const POPULATION_MAX: usize = 100;

impl Workload for Spawns {
    fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a> {
        Box::pin(async move {
            if me.world().population() >= POPULATION_MAX {
                return;
            }
            let names = me.world().names().to_vec();
            let name = me.dice.pick(&names).filter(|_| me.dice.one_in(3));
            let n_steps = me.dice.below(STEPS_MAX);
            let (link, monitor) = (me.dice.one_in(2), me.dice.one_in(2));
            me.spawn(n_steps, link, monitor, name);
        })
    }
}
