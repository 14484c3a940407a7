//! Tests that were missing: deliberate bugs that nothing else caught (see `tools/mutants`).

use crate::support::*;
use rusm_actor::{Event, Selector};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many processes are linked with the one that ends: telling them all takes a while, in which who was
/// told first looks round on another worker.
const CROWD: usize = 2_000;

/// Statements 012, 068 and 071, at the earliest moment at which anybody can know.
#[test]
fn whoever_is_told_first_finds_everything_released() {
    let node = node(2);
    let done = node.block_on(|me| async move {
        me.trap_exits(true);
        for _ in 0..3 {
            let n_dropped = Arc::new(AtomicUsize::new(0));
            let held = DropFlag(Arc::clone(&n_dropped));
            let victim = me.spawn(child().name(name("holder")).link(), |me| async move {
                let _held = held;
                me.join(name("group"));
                me.receive(Selector::tag(1)).await;
                boom()
            });
            let victim = victim.unwrap().pid;
            for _ in 0..CROWD {
                start(&me, move |member| async move {
                    member.link(victim);
                    member.send(victim, 0, "linked").unwrap();
                    wait_for_ever(member).await
                });
            }
            while me.node().process_info(victim).unwrap().mailbox_len < CROWD {
                me.yield_now().await;
            }
            me.send(victim, 1, "end").unwrap();
            // This process was there first, so it is told first; its worker does nothing but look.
            let from_victim = Selector {
                sender: Some(victim),
                ..Selector::any()
            };
            while !matches!(me.try_receive(&from_victim), Some(Event::Exit { .. })) {
                me.should_yield(0); // Lets the other worker take the victim.
            }
            assert!(me.members("group").is_empty());
            assert_eq!(n_dropped.load(Ordering::SeqCst), 1);
            assert_eq!(me.whereis("holder"), None);
            assert!(me.node().process_info(victim).is_none());
        }
    });
    done.unwrap();
    node.shutdown();
}
