//! Timers armed and taken back, and sleeps.

use super::{Step, Workload, short, tag};
use crate::actor::Actor;

/// Arms a timer to itself, to another or to a name, takes one back, or sleeps.
#[derive(Clone, Copy, Debug)]
pub struct Timers;

impl Workload for Timers {
    fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a> {
        Box::pin(async move {
            match me.dice.below(6) {
                0 | 1 => arm_some(me),
                2 => {
                    let (delay, tag) = (short(&mut me.dice), tag(&mut me.dice));
                    let names = me.world().names().to_vec();
                    if let Some(name) = me.dice.pick(&names) {
                        me.send_after_to_name(delay, name, tag);
                    }
                }
                3 | 4 => {
                    if let Some(timer) = me.dice.pick(&me.timers).copied() {
                        me.cancel(timer);
                    }
                }
                _ => {
                    let duration = short(&mut me.dice);
                    me.sleep(duration).await;
                }
            }
        })
    }
}

fn arm_some(me: &mut Actor) {
    let to = match me.dice.one_in(2) {
        true => me.pid(),
        false => me.anybody(),
    };
    for _ in 0..=me.dice.below(2) {
        let (delay, tag) = (short(&mut me.dice), tag(&mut me.dice));
        me.send_after(delay, to, tag);
    }
}
