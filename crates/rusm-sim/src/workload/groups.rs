//! Groups joined and left.

use super::{Step, Workload};
use crate::actor::Actor;

/// Joins a group, leaves it, or lists it.
#[derive(Clone, Copy, Debug)]
pub struct Groups;

impl Workload for Groups {
    fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a> {
        Box::pin(async move {
            let groups = me.world().names().to_vec();
            let Some(group) = me.dice.pick(&groups) else {
                return;
            };
            match me.dice.below(4) {
                0 | 1 => me.join(group),
                2 => me.leave(group),
                _ => me.list(group),
            }
        })
    }
}
