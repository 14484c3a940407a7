//! Ends of every kind: signals with every reason, kills, own ends.

use super::{Step, Workload};
use crate::actor::Actor;
use crate::dice::Dice;
use rusm_actor::{ExitReason, Limit};

/// Sends an exit signal to somebody or to itself, or ends, or just lets others run.
#[derive(Clone, Copy, Debug)]
pub struct Exits;

impl Workload for Exits {
    fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a> {
        Box::pin(async move {
            let text = format!("reason {}", me.world().ledger().number());
            let reason = draw_reason(&mut me.dice, text);
            match me.dice.below(16) {
                0..4 => {
                    let to = me.anybody();
                    me.exit_signal(to, reason);
                }
                4 => {
                    let to = me.anybody();
                    me.exit_signal(to, ExitReason::Killed);
                }
                5 => {
                    let me_too = me.pid();
                    me.exit_signal(me_too, reason);
                }
                6 => me.end(reason),
                _ => me.yield_now().await,
            }
        })
    }
}

/// Every reason; most with a text of their own, which tells them apart.
pub(crate) fn draw_reason(dice: &mut Dice, text: String) -> ExitReason {
    match dice.below(20) {
        0..4 => ExitReason::Normal,
        4 => ExitReason::Shutdown,
        5 => ExitReason::Killed,
        6 => ExitReason::NoProcess,
        7 => ExitReason::NoConnection,
        8 => ExitReason::Limit(Limit::CpuTime),
        9 => ExitReason::not_started(text),
        10 => ExitReason::trap(text),
        _ => ExitReason::error(text),
    }
}
