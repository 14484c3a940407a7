//! Callers and servers: replies at once, late, twice, from another process, never.

use super::{Step, Workload, short, tag};
use crate::actor::Actor;
use rusm_actor::Selector;
use std::time::Duration;

/// Calls somebody, or deals with the requests that have come.
#[derive(Clone, Copy, Debug)]
pub struct Calls;

/// Longer than everything that happens before the end.
const PATIENT: Duration = Duration::from_secs(60);

impl Workload for Calls {
    fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a> {
        Box::pin(async move {
            if me.dice.one_in(2) {
                call(me).await;
            } else {
                serve(me);
            }
        })
    }
}

async fn call(me: &mut Actor) {
    let (to, tag) = (me.anybody(), tag(&mut me.dice));
    match me.dice.below(6) {
        0 => {
            let n_polls = me.dice.below(4);
            me.call_and_give_up(to, tag, n_polls).await;
        }
        1 => me.call(to, tag, None).await,
        2 => me.call(to, tag, Some(PATIENT)).await,
        _ => {
            let timeout = short(&mut me.dice);
            me.call(to, tag, Some(timeout)).await;
        }
    }
}

fn serve(me: &mut Actor) {
    while me.requests.is_empty() && me.try_receive(&Selector::any()).is_some() {}
    let requests = std::mem::take(&mut me.requests);
    for request in requests {
        match me.dice.below(6) {
            0 => me.requests.push(request),
            1 => {
                let (to, tag) = (me.anybody(), tag(&mut me.dice));
                me.hand_on(to, tag, request);
            }
            2 => {
                me.reply(request);
                me.reply(request);
            }
            3 => {} // Never.
            _ => me.reply(request),
        }
    }
}
