//! Tests that were missing: deliberate bugs that nothing else caught (see `tools/mutants`).

use crate::support::*;
use rusm_actor::{Event, ExitReason};

/// Statement 039: a signal that arrived in this very slice, before the flag was set, is judged by the old
/// setting.
#[test]
fn trap_at_receipt_of_what_arrived_in_the_slice() {
    everywhere(|me| async move {
        let dead = start(&me, |_| async { ExitReason::Normal });
        end_of(&me, dead).await;
        let victim = me.spawn(child().monitor(), move |me| async move {
            me.link(dead); // Its exit signal arrives at once.
            me.trap_exits(true);
            wait_for_ever(me).await
        });
        let reason = next_down(&me, victim.unwrap().monitor.unwrap()).await;
        assert_eq!(reason, ExitReason::NoProcess);
    });
}

/// Statement 096: once there is a reply, the end of the server that handed the request on does not count,
/// though both are there when the caller looks.
#[test]
fn call_reply_then_the_end_of_the_server() {
    on_seeds(|me| async move {
        for _ in 0..10 {
            let server = start(&me, |me| async move {
                let Event::Request(request) = next(&me).await else {
                    panic!()
                };
                let server = me.pid();
                start(&me, move |me| async move {
                    me.reply(request.id, "by another");
                    me.exit_signal(server, boom());
                    ExitReason::Normal
                });
                wait_for_ever(me).await
            });
            let reply = me.call(server, 0, "", None).await;
            assert_eq!(reply.unwrap().as_slice(), b"by another");
        }
    });
}
