//! Exit signals and trapping (OTP statements 030 to 040).

use crate::support::*;
use rusm_actor::{Context, Event, ExitReason, FULL_SLICE, MailboxBounds, Pid, Selector};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Sends `reason` to a fresh process and answers how it ended.
async fn end_by(me: &Context, reason: ExitReason) -> ExitReason {
    let victim = me.spawn(child().monitor(), wait_for_ever).unwrap();
    me.exit_signal(victim.pid, reason);
    next_down(me, victim.monitor.unwrap()).await
}

#[test]
fn untrapped_reason() {
    everywhere(|me| async move {
        for reason in [
            boom(),
            ExitReason::Shutdown,
            ExitReason::NoProcess,
            ExitReason::trap("x"),
        ] {
            assert_eq!(end_by(&me, reason.clone()).await, reason);
        }
    });
}

#[test]
fn normal_ignored() {
    everywhere(|me| async move {
        let parent = me.pid();
        let echo = start(&me, move |me| async move {
            let tag = next_message(&me).await.tag;
            me.send(parent, tag, "").unwrap();
            me.exit_signal(me.pid(), ExitReason::Normal);
            wait_for_ever(me).await;
            boom()
        });
        me.exit_signal(echo, ExitReason::Normal);
        let monitor = me.monitor(echo);
        me.send(echo, 5, "").unwrap();
        assert_eq!(next_message(&me).await.tag, 5);
        assert_eq!(next_down(&me, monitor).await, ExitReason::Normal);
    });
}

#[test]
fn trap_converts() {
    everywhere(|me| async move {
        assert!(!me.trap_exits(true));
        let parent = me.pid();
        let other = start(&me, move |me| async move {
            me.send(parent, 1, "").unwrap();
            me.exit_signal(parent, ExitReason::Normal);
            me.exit_signal(parent, boom());
            me.send(parent, 2, "").unwrap();
            wait_for_ever(me).await
        });
        assert_eq!(next_message(&me).await.tag, 1);
        assert_eq!(next_exit(&me).await, (other, ExitReason::Normal));
        assert_eq!(next_exit(&me).await, (other, boom()));
        assert_eq!(next_message(&me).await.tag, 2);
        me.exit_signal(me.pid(), ExitReason::Shutdown);
        assert_eq!(next_exit(&me).await, (me.pid(), ExitReason::Shutdown));
    });
}

#[test]
fn kill_untrappable() {
    everywhere(|me| async move {
        let trapping = start_trapping(&me).await;
        let monitor = me.monitor(trapping);
        me.exit_signal(trapping, ExitReason::Killed);
        assert_eq!(next_down(&me, monitor).await, ExitReason::Killed);
    });
}

/// Who traps and who does not; links see `Killed` as an ordinary reason.
#[test]
fn kill_untrappable_whoever_it_meets() {
    everywhere(|me| async move {
        me.trap_exits(true);
        for traps in [false, true] {
            let victim = me.spawn(child().link().monitor(), move |me| async move {
                me.trap_exits(traps);
                wait_for_ever(me).await
            });
            let victim = victim.unwrap();
            me.kill(victim.pid);
            assert_eq!(
                next_down(&me, victim.monitor.unwrap()).await,
                ExitReason::Killed
            );
            assert_eq!(next_exit(&me).await, (victim.pid, ExitReason::Killed));
        }
    });
}

#[test]
fn kill_by_link() {
    everywhere(|me| async move {
        me.trap_exits(true);
        let trapping = me.pid();
        let (plain, own) = (start_waiting(&me), ExitReason::Killed);
        let monitor = me.monitor(plain);
        let ended = start(&me, move |me| async move {
            me.link(trapping);
            me.link(plain);
            own
        });
        assert_eq!(next_down(&me, monitor).await, ExitReason::Killed);
        let notice = me
            .receive(Selector {
                sender: Some(ended),
                ..Selector::default()
            })
            .await;
        assert_eq!(
            notice,
            Event::Exit {
                from: ended,
                reason: ExitReason::Killed
            }
        );
    });
}

#[test]
fn killed_chain() {
    everywhere(|me| async move {
        let mut chain = vec![start_waiting(&me)];
        for _ in 0..10 {
            let previous = *chain.last().unwrap();
            let parent = me.pid();
            chain.push(start(&me, move |me| async move {
                me.link(previous);
                me.send(parent, 0, "").unwrap();
                wait_for_ever(me).await
            }));
            next_message(&me).await;
        }
        let monitors: Vec<_> = chain.iter().map(|pid| me.monitor(*pid)).collect();
        me.kill(*chain.last().unwrap());
        for monitor in monitors {
            assert_eq!(next_down(&me, monitor).await, ExitReason::Killed);
        }
    });
}

/// After a fatal signal to oneself nothing is handed out any more, and the body is not resumed.
#[test]
fn not_catchable() {
    everywhere(|me| async move {
        let n_resumed = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&n_resumed);
        let victim = me.spawn(child().monitor(), move |me| async move {
            me.send(me.pid(), 1, "").unwrap();
            me.exit_signal(me.pid(), boom());
            assert_eq!(me.settle(), Some(boom()));
            assert_eq!(me.try_receive(&Selector::any()), None);
            me.trap_exits(true);
            me.receive_timeout(Selector::any(), Duration::ZERO).await;
            counter.fetch_add(1, Ordering::SeqCst);
            ExitReason::Normal
        });
        assert_eq!(
            next_down(&me, victim.unwrap().monitor.unwrap()).await,
            boom()
        );
        assert_eq!(n_resumed.load(Ordering::SeqCst), 0);
    });
}

/// Whatever a process waits for, a kill ends it, and its code runs no further.
#[test]
fn acts_anywhere() {
    async fn waits(me: Context, how: usize, other: Pid) -> ExitReason {
        match how {
            0 => drop(me.receive(Selector::any()).await),
            1 => drop(
                me.receive_timeout(Selector::any(), Duration::from_secs(1 << 30))
                    .await,
            ),
            2 => me.sleep(Duration::from_secs(1 << 30)).await,
            3 => drop(me.call(other, 0, "", None).await),
            4 => std::future::pending().await,
            5 => loop {
                me.yield_now().await;
            },
            // Computes, and looks at its ticks whether to give way.
            _ => loop {
                if me.should_yield(FULL_SLICE) {
                    me.yield_now().await;
                }
            },
        }
        boom()
    }
    everywhere(|me| async move {
        let other = start_waiting(&me);
        for how in 0..7 {
            let n_dropped = Arc::new(AtomicUsize::new(0));
            let held = DropFlag(Arc::clone(&n_dropped));
            let body = move |me| async move {
                let _held = held;
                waits(me, how, other).await
            };
            let victim = me.spawn(child().monitor(), body).unwrap();
            me.yield_now().await;
            me.kill(victim.pid);
            let reason = next_down(&me, victim.monitor.unwrap()).await;
            assert_eq!(reason, ExitReason::Killed, "waiting in way {how}");
            // Its code is gone, so none of it runs any more.
            assert_eq!(n_dropped.load(Ordering::SeqCst), 1);
        }
    });
}

#[test]
fn first_wins() {
    everywhere(|me| async move {
        let victim = me.spawn(child().monitor(), wait_for_ever).unwrap();
        me.exit_signal(victim.pid, ExitReason::error("first"));
        me.exit_signal(victim.pid, ExitReason::error("second"));
        me.kill(victim.pid);
        let reason = next_down(&me, victim.monitor.unwrap()).await;
        assert_eq!(reason, ExitReason::error("first"));
    });
}

#[test]
fn trap_at_receipt() {
    everywhere(|me| async move {
        assert!(!me.trap_exits(true));
        me.exit_signal(me.pid(), boom());
        assert!(me.trap_exits(false));
        assert!(!me.trap_exits(false));
        // The notice is in the mailbox and stays a notice.
        assert_eq!(next_exit(&me).await, (me.pid(), boom()));
    });
}

#[test]
fn kill_frees_host() {
    everywhere(|me| async move {
        let n_dropped = Arc::new(AtomicUsize::new(0));
        let held = DropFlag(Arc::clone(&n_dropped));
        let server = start_waiting(&me);
        let parent = me.pid();
        let victim = me.spawn(child().name(name("victim")), move |me| async move {
            let _held = held;
            me.send_after(Duration::from_secs(60), me.pid(), 1, "")
                .unwrap();
            me.send(parent, 0, "").unwrap();
            let call = me.call(server, 0, "", Some(Duration::from_secs(60)));
            drop(call.await);
            ExitReason::Normal
        });
        let victim = victim.unwrap().pid;
        next_message(&me).await;
        me.kill(victim);
        end_of(&me, victim).await;
        assert_eq!(n_dropped.load(Ordering::SeqCst), 1);
        assert_eq!(me.whereis("victim"), None);
        me.kill(server);
    });
}

/// Anybody may send exit signals to a process that traps them, so those that wait are bounded; notices of
/// links are not shed.
#[test]
fn explicit_exit_notices_are_bounded() {
    on_seeds(|me| async move {
        let bounds = MailboxBounds {
            messages: 10,
            bytes: 1_000,
        };
        let parent = me.pid();
        let target = me.spawn(child().bounds(bounds), move |me| async move {
            me.trap_exits(true);
            let linked = me.spawn(child().link(), |_| async { boom() }).unwrap().pid;
            me.send(parent, 0, "ready").unwrap();
            me.receive(Selector::tag(1)).await;
            let mut n_explicit = 0;
            while let Some(Event::Exit { from, .. }) = me.try_receive(&Selector::any()) {
                n_explicit += u64::from(from != linked);
            }
            me.send(parent, n_explicit, "").unwrap();
            ExitReason::Normal
        });
        let target = target.unwrap().pid;
        next_message(&me).await;
        for _ in 0..100 {
            me.exit_signal(target, ExitReason::Normal);
        }
        settle_simulation(&me).await;
        me.send(target, 1, "").unwrap();
        let n_explicit = next_message(&me).await.tag;
        assert!((9..=10).contains(&n_explicit), "{n_explicit}");
    });
}

/// From outside a process: `exit_signal` acts as if the process had sent it to itself.
#[test]
fn exit_signal_from_outside() {
    let node = node(1);
    let node_too = node.clone();
    let done = node.block_on(|me| async move {
        let victim = me.spawn(child().monitor(), wait_for_ever).unwrap();
        node_too.exit_signal(victim.pid, ExitReason::Shutdown);
        assert_eq!(
            next_down(&me, victim.monitor.unwrap()).await,
            ExitReason::Shutdown
        );
        let trapping = start_trapping(&me).await;
        node_too.exit_signal(trapping, boom());
        assert_eq!(next_text(&me).await, boom().to_string());
        let monitor = me.monitor(trapping);
        node_too.exit_signal(trapping, ExitReason::Killed);
        assert_eq!(next_down(&me, monitor).await, ExitReason::Killed);
    });
    done.unwrap();
    node.shutdown();
}
