//! Monitors made and taken back.

use super::{Step, Workload};
use crate::actor::Actor;

/// Watches somebody, several times even, or stops watching.
#[derive(Clone, Copy, Debug)]
pub struct Monitors;

impl Workload for Monitors {
    fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a> {
        Box::pin(async move {
            if !me.dice.one_in(3) {
                let target = me.anybody();
                for _ in 0..=me.dice.below(2) {
                    me.monitor(target);
                }
            } else if let Some(monitor) = me.dice.pick(&me.monitors).copied() {
                me.demonitor(monitor);
                if me.dice.one_in(3) {
                    me.demonitor(monitor);
                }
            }
        })
    }
}
