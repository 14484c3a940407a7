//! Creation, identity, end of life (OTP statements 001 to 013).

use crate::support::*;
use rusm_actor::{Context, Event, ExitReason, Limit, Node, Selector, SpawnError, SpawnOptions};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn spawn_returns() {
    everywhere(|me| async move {
        let pid = start(&me, |_| async { panic!("in its first instruction") });
        assert!(matches!(
            end_of(&me, pid).await,
            ExitReason::Trap(_) | ExitReason::NoProcess
        ));
        assert_eq!(me.try_receive(&Selector::any()), None);
    });
}

/// Spawning only begins: the child has not run when its pid is there. A failing child ends who is linked.
#[test]
fn spawn_returns_before_the_child_runs() {
    on_seeds(|me| async move {
        let n_run = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&n_run);
        let pid = start(&me, move |_| async move {
            counter.fetch_add(1, Ordering::SeqCst);
            ExitReason::Normal
        });
        assert_eq!(
            (n_run.load(Ordering::SeqCst), me.node().is_alive(pid)),
            (0, true)
        );
        settle_simulation(&me).await;
        assert_eq!(n_run.load(Ordering::SeqCst), 1);
        let linked = me.spawn(child().monitor(), |me| async move {
            me.spawn(child().link(), |_| async { panic!("at once") })
                .unwrap();
            wait_for_ever(me).await
        });
        let reason = next_down(&me, linked.unwrap().monitor.unwrap()).await;
        assert_eq!(reason, ExitReason::trap("host panic: at once"));
    });
}

#[test]
fn id_not_reused() {
    on_threads(|me| async move {
        let mut seen = HashSet::new();
        for _ in 0..often(5_000) {
            let spawned = me
                .spawn(child().monitor(), |_| async { ExitReason::Normal })
                .unwrap();
            next_down(&me, spawned.monitor.unwrap()).await;
            assert!(
                seen.insert(spawned.pid),
                "{} was given out twice",
                spawned.pid
            );
        }
        // Slots are used again, serials never: what is sent to a stale pid reaches nobody.
        let newest = start_waiting(&me);
        for stale in seen {
            assert!(!me.node().is_alive(stale));
            me.kill(stale);
            me.exit_signal(stale, boom());
            me.send(stale, u64::MAX, "").unwrap();
            assert_eq!(end_of(&me, stale).await, ExitReason::NoProcess);
        }
        let info = me.node().process_info(newest).unwrap();
        assert_eq!((info.mailbox_len, info.ties.watchers), (0, 0));
        assert!(me.node().is_alive(newest));
    });
}

#[test]
fn return_is_normal() {
    everywhere(|me| async move {
        let spawned = me
            .spawn(child().monitor(), |_| async { ExitReason::Normal })
            .unwrap();
        assert_eq!(
            next_down(&me, spawned.monitor.unwrap()).await,
            ExitReason::Normal
        );
    });
}

#[test]
fn fault_is_abnormal() {
    everywhere(|me| async move {
        let bystander = start_waiting(&me);
        let spawned = me
            .spawn(child().monitor(), |_| async { panic!("no {}", 7) })
            .unwrap();
        let reason = next_down(&me, spawned.monitor.unwrap()).await;
        assert_eq!(reason, ExitReason::trap("host panic: no 7"));
        assert!(!reason.is_orderly());
        assert!(me.node().is_alive(bystander));
    });
}

/// The closure that makes the body is host code as well.
#[test]
fn fault_is_abnormal_before_the_first_await() {
    everywhere(|me| async move {
        fn body(_: Context) -> impl Future<Output = ExitReason> + Send {
            assert!(std::hint::black_box(false), "no body");
            async { ExitReason::Normal }
        }
        let spawned = me.spawn(child().monitor(), body).unwrap();
        let reason = next_down(&me, spawned.monitor.unwrap()).await;
        assert_eq!(reason, ExitReason::trap("host panic: no body"));
    });
}

#[test]
fn explicit_reason() {
    everywhere(|me| async move {
        me.trap_exits(true);
        for reason in [
            ExitReason::Shutdown,
            ExitReason::Limit(Limit::Memory),
            ExitReason::not_started("no code"),
            ExitReason::error("x".repeat(200_000)),
        ] {
            let own = reason.clone();
            let options = child().link().monitor();
            let spawned = me.spawn(options, |_| async { own }).unwrap();
            assert_eq!(next_down(&me, spawned.monitor.unwrap()).await, reason);
            assert_eq!(next_exit(&me).await, (spawned.pid, reason));
        }
    });
}

#[test]
fn spawn_limit() {
    let node = Node::builder()
        .workers(2)
        .max_processes(10)
        .build()
        .unwrap();
    let done = node.block_on(|me| async move {
        let others: Vec<_> = (0..9).map(|_| start_waiting(&me)).collect();
        let refused = me.spawn(child().link().monitor(), wait_for_ever);
        assert_eq!(refused.unwrap_err(), SpawnError::TooMany);
        assert_eq!((me.ties().links, me.ties().monitors), (0, 0));
        assert!(others.iter().all(|pid| me.node().is_alive(*pid)));
        let monitor = me.monitor(others[4]);
        me.kill(others[4]);
        next_down(&me, monitor).await;
        me.spawn(child(), wait_for_ever).unwrap();
    });
    done.unwrap();
    node.shutdown();
    assert_clean(&node);
}

#[test]
fn spawn_link_atomic() {
    everywhere(|me| async move {
        me.trap_exits(true);
        let spawned = me.spawn(child().link(), |_| async { boom() }).unwrap();
        assert_eq!(next_exit(&me).await, (spawned.pid, boom()));
    });
}

#[test]
fn spawn_monitor_atomic() {
    everywhere(|me| async move {
        let spawned = me.spawn(child().monitor(), |_| async { boom() }).unwrap();
        let monitor = spawned.monitor.unwrap();
        let pid = spawned.pid;
        assert_eq!(
            next(&me).await,
            Event::Down {
                monitor,
                pid,
                reason: boom()
            }
        );
    });
}

#[test]
fn orphan_lives() {
    everywhere(|me| async move {
        let parent = me.pid();
        let middle = start(&me, move |middle| async move {
            let orphan = start_waiting(&middle);
            middle
                .send(parent, 0, orphan.as_u64().to_le_bytes())
                .unwrap();
            boom()
        });
        let raw = next_message(&me).await.payload.into_vec();
        let orphan =
            rusm_actor::Pid::from_u64(u64::from_le_bytes(raw.try_into().unwrap())).unwrap();
        end_of(&me, middle).await;
        assert!(me.node().is_alive(orphan));
    });
}

#[test]
fn alive_after_kill() {
    everywhere(|me| async move {
        let pid = start_waiting(&me);
        assert!(me.node().is_alive(pid));
        me.kill(pid);
        assert!(!me.node().is_alive(pid));
    });
}

#[test]
fn resources_before_notice() {
    everywhere(|me| async move {
        me.trap_exits(true);
        let n_dropped = Arc::new(AtomicUsize::new(0));
        let held = DropFlag(Arc::clone(&n_dropped));
        let options = child().name(name("holder")).link().monitor();
        let spawned = me
            .spawn(options, |me| async move {
                let _held = held;
                me.join(name("group"));
                me.receive(Selector::any()).await;
                boom()
            })
            .unwrap();
        me.send(name("holder"), 0, "end").unwrap();
        let is_first_exit = matches!(next(&me).await, Event::Exit { .. });
        assert_eq!(n_dropped.load(Ordering::SeqCst), 1);
        assert_eq!(me.whereis("holder"), None);
        assert!(me.members("group").is_empty());
        let node = me.node();
        assert!(!node.is_alive(spawned.pid) && node.process_info(spawned.pid).is_none());
        let second = next(&me).await;
        assert_eq!(
            is_first_exit,
            matches!(second, Event::Down { .. }),
            "one notice of each kind"
        );
    });
}

/// Statement 012 for the "not alive" answer: whoever was killed is dead and holds no name, at once.
#[test]
fn resources_before_notice_when_just_killed() {
    everywhere(|me| async move {
        let victim = me.spawn(child().name(name("post")), wait_for_ever).unwrap();
        me.kill(victim.pid);
        assert!(!me.node().is_alive(victim.pid));
        assert_eq!(
            (me.whereis("post"), me.node().whereis("post")),
            (None, None)
        );
        assert!(me.send(name("post"), 0, "").is_err());
        let heir = me.spawn(child().name(name("post")), wait_for_ever).unwrap();
        end_of(&me, victim.pid).await;
        assert_eq!(
            me.whereis("post"),
            Some(heir.pid),
            "the end of the old holder leaves the new one"
        );
    });
}

#[test]
fn mailbox_dies() {
    everywhere(|me| async move {
        let spawned = me.spawn(child().monitor(), |me| async move {
            me.receive(Selector::tag(99)).await;
            ExitReason::Normal
        });
        let spawned = spawned.unwrap();
        for tag in 0..100 {
            me.send(spawned.pid, tag, "unread").unwrap();
        }
        assert_eq!(
            next_down(&me, spawned.monitor.unwrap()).await,
            ExitReason::Normal
        );
        assert_eq!(me.try_receive(&Selector::any()), None);
    });
}

#[test]
fn name_taken_leaves_no_trace_of_the_spawn() {
    everywhere(|me| async move {
        let holder = me
            .spawn(child().name(name("one")), wait_for_ever)
            .unwrap()
            .pid;
        let refused = me.spawn(child().name(name("one")).link().monitor(), wait_for_ever);
        assert_eq!(refused.unwrap_err(), SpawnError::NameTaken);
        assert_eq!(me.whereis("one"), Some(holder));
        assert_eq!((me.ties().links, me.ties().monitors), (0, 0));
        assert_eq!(me.node().process_count(), 2);
    });
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("in a drop");
    }
}

/// Bodies that panic while they are dropped end with the reason they had; names, links and workers survive.
#[test]
fn panic_in_the_drop_of_a_body() {
    everywhere(|me| async move {
        me.trap_exits(true);
        let options = SpawnOptions::new("bad").name(name("bad")).link();
        let spawned = me
            .spawn(options, |me| async move {
                let _held = PanicsWhenDropped;
                wait_for_ever(me).await
            })
            .unwrap();
        me.kill(spawned.pid);
        assert_eq!(next_exit(&me).await, (spawned.pid, ExitReason::Killed));
        assert_eq!(me.whereis("bad"), None);
    });
}

/// Ties that a body makes while it is dropped are undone like the others.
#[test]
fn links_made_in_the_drop_of_a_body_are_honoured() {
    struct LinksWhenDropped(Context, rusm_actor::Pid);
    impl Drop for LinksWhenDropped {
        fn drop(&mut self) {
            self.0.link(self.1);
            let _late = self.0.register(name("late"));
            let _monitor = self.0.monitor(self.1);
        }
    }
    everywhere(|me| async move {
        me.trap_exits(true);
        let peer = me.pid();
        let pid = start(&me, move |me| async move {
            let last = LinksWhenDropped(me, peer);
            last.0.receive(Selector::any()).await;
            boom()
        });
        me.send(pid, 0, "end").unwrap();
        assert_eq!(next_exit(&me).await, (pid, boom()));
        assert_eq!(me.whereis("late"), None);
        assert_eq!((me.ties().links, me.ties().watchers), (0, 0));
    });
}
