//! Who goes ahead of others: system processes, and whose timer is due (OTP statement 088).

use crate::support::*;
use rusm_actor::{Context, ExitReason, Pid};
use std::sync::mpsc;
use std::time::Duration;

fn start_system<F, Fut>(me: &Context, body: F) -> Pid
where
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = ExitReason> + Send + 'static,
{
    me.spawn(child().system(), body).unwrap().pid
}

/// A worker that lets somebody else have a turn does not keep to itself who goes ahead: the others sleep.
#[test]
fn who_goes_ahead_does_not_wait_for_a_turn_of_others() {
    const ROUNDS: usize = 20;
    let node = node(2);
    for _ in 0..ROUNDS {
        let (tell, told) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let first = node.block_on(move |me| async move {
            let last = start_system(&me, move |me| async move {
                next(&me).await;
                tell.send(()).unwrap();
                ExitReason::Normal
            });
            start_system(&me, move |me| async move {
                next(&me).await;
                // Has its turn first, and the worker for as long as nobody else has told it.
                start(&me, move |_| async move {
                    let is_told = told.recv_timeout(Duration::from_secs(20)).is_ok();
                    done.send(is_told).unwrap();
                    ExitReason::Normal
                });
                me.send(last, 0, "").unwrap();
                ExitReason::Normal
            })
        });
        let first = first.unwrap();
        // Wakes one worker, and no other.
        node.block_on(move |me| async move { me.send(first, 0, "").unwrap() });
        assert!(is_done.recv().unwrap(), "it waited for a turn of others");
    }
}
