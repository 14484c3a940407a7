//! Sends and receives: selective or not, with and without a timeout, given up.

use super::{Step, Workload, short, tag};
use crate::actor::Actor;
use crate::dice::Dice;
use rusm_actor::{Pid, Selector};

/// Sends letters, by pid and by name, and receives them in every way.
#[derive(Clone, Copy, Debug)]
pub struct Messages;

impl Workload for Messages {
    fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a> {
        Box::pin(async move {
            match me.dice.below(3) {
                0 => send_some(me),
                1 => receive(me).await,
                _ => while me.try_receive(&Selector::any()).is_some() {},
            }
        })
    }
}

fn send_some(me: &mut Actor) {
    let to = me.anybody();
    for _ in 0..=me.dice.below(4) {
        let tag = tag(&mut me.dice);
        let names = me.world().names().to_vec();
        match me.dice.pick(&names) {
            Some(name) if me.dice.one_in(6) => me.send_to_name(name, tag),
            _ => me.send(to, tag),
        }
    }
}

async fn receive(me: &mut Actor) {
    let from = me.anybody();
    let select = draw_selector(&mut me.dice, from);
    match me.dice.below(4) {
        0 => {
            me.try_receive(&select);
        }
        1 => {
            let n_polls = me.dice.below(4);
            me.receive_and_give_up(select, n_polls).await;
        }
        _ => {
            let timeout = short(&mut me.dice);
            me.receive_timeout(select, timeout).await;
        }
    }
}

fn draw_selector(dice: &mut Dice, from: Pid) -> Selector {
    let mut select = Selector::any();
    if dice.one_in(2) {
        select.tags = Some((0..=dice.below(2)).map(|_| tag(dice)).collect());
    }
    if dice.one_in(4) {
        select.sender = Some(from);
    }
    select
}
