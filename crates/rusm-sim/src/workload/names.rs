//! Names taken, given up and looked up.

use super::{Step, Workload};
use crate::actor::Actor;

/// Registers a name, gives it up, or looks one up.
#[derive(Clone, Copy, Debug)]
pub struct Names;

impl Workload for Names {
    fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a> {
        Box::pin(async move {
            let names = me.world().names().to_vec();
            let Some(name) = me.dice.pick(&names) else {
                return;
            };
            match me.dice.below(3) {
                0 => me.register(name),
                1 => me.unregister(name),
                _ => me.find(name),
            }
        })
    }
}
