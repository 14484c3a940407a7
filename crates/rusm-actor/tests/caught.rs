//! Tests that were missing: deliberate bugs that nothing else caught (see `tools/mutants`).

use crate::support::*;
use rusm_actor::{Event, ExitReason, Selector};

/// Statement 039: a signal that arrived in this very slice, before the flag was set, is judged by the old
/// setting.
#[test]
fn trap_at_receipt_of_what_arrived_in_the_slice() {
    everywhere(|me| async move {
        let victim = me.spawn(child().monitor(), |me| async move {
            me.node().exit_signal(me.pid(), boom()); // From outside, as far as the process can tell.
            me.trap_exits(true);
            wait_for_ever(me).await
        });
        let reason = next_down(&me, victim.unwrap().monitor.unwrap()).await;
        assert_eq!(reason, boom());
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

/// Statement 044: the peer meets its end before the unlink that stands behind it, and tells a link that the
/// caller has undone.
#[test]
fn unlink_final_when_the_end_of_the_peer_comes_first() {
    everywhere(|me| async move {
        for is_trapping in [false, true] {
            me.trap_exits(is_trapping);
            let peer = me.spawn(child().link().monitor(), wait_for_ever).unwrap();
            me.exit_signal(peer.pid, boom());
            me.unlink(peer.pid);
            assert_eq!(next_down(&me, peer.monitor.unwrap()).await, boom());
            assert_eq!(me.try_receive(&Selector::any()), None);
            // The same pair, linked anew: an old notice is not taken for one of the new link.
            let again = me.spawn(child().link().monitor(), wait_for_ever).unwrap();
            me.unlink(again.pid);
            me.link(again.pid);
            me.exit_signal(again.pid, boom());
            me.unlink(again.pid);
            assert_eq!(next_down(&me, again.monitor.unwrap()).await, boom());
            assert_eq!(me.try_receive(&Selector::any()), None);
        }
    });
}
