//! Links made and undone, and the trap flag.

use super::{Step, Workload};
use crate::actor::Actor;

/// Links with somebody, undoes a link, or sets the trap flag.
#[derive(Clone, Copy, Debug)]
pub struct Links;

impl Workload for Links {
    fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a> {
        Box::pin(async move {
            let peer = me.anybody();
            match me.dice.below(6) {
                0 | 1 => me.link(peer),
                2 => me.unlink(peer),
                3 => {
                    me.link(peer);
                    me.unlink(peer);
                    if me.dice.one_in(2) {
                        me.link(peer);
                    }
                }
                _ => {
                    let on = !me.dice.one_in(3);
                    me.trap_exits(on);
                }
            }
        })
    }
}
