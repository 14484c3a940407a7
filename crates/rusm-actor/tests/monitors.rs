//! Monitors (OTP statements 050 to 059).

use crate::support::*;
use rusm_actor::{Event, ExitReason, Selector};

#[test]
fn mon_down() {
    everywhere(|me| async move {
        for reason in [
            ExitReason::Normal,
            ExitReason::Shutdown,
            boom(),
            ExitReason::Killed,
        ] {
            let own = reason.clone();
            let pid = start(&me, |me| async move {
                me.receive(Selector::any()).await;
                own
            });
            let monitor = me.monitor(pid);
            me.send(pid, 0, "end").unwrap();
            assert_eq!(
                next(&me).await,
                Event::Down {
                    monitor,
                    pid,
                    reason
                }
            );
        }
    });
}

#[test]
fn mon_once() {
    on_seeds(|me| async move {
        let pid = start(&me, |me| async move {
            me.yield_now().await;
            me.yield_now().await;
            boom()
        });
        let mut monitors = Vec::new();
        for _ in 0..10 {
            monitors.push(me.monitor(pid));
            me.yield_now().await;
        }
        for monitor in monitors {
            let reason = next_down(&me, monitor).await;
            assert!(reason == boom() || reason == ExitReason::NoProcess);
        }
        silence(&me).await;
        assert_eq!(me.ties().monitors, 0);
    });
}

#[test]
fn mon_dead() {
    everywhere(|me| async move {
        let pid = start(&me, |_| async { ExitReason::Normal });
        end_of(&me, pid).await;
        assert_eq!(end_of(&me, pid).await, ExitReason::NoProcess);
    });
}

#[test]
fn mon_oneway() {
    everywhere(|me| async move {
        let target = start_waiting(&me);
        let watcher = start(&me, move |me| async move {
            me.monitor(target);
            boom()
        });
        end_of(&me, watcher).await;
        assert!(me.node().is_alive(target));
        let ended = me.spawn(child().monitor(), |_| async { boom() }).unwrap();
        assert_eq!(next_down(&me, ended.monitor.unwrap()).await, boom());
    });
}

#[test]
fn mon_noops() {
    on_seeds(|me| async move {
        let own = me.monitor(me.pid());
        me.demonitor(own);
        me.demonitor(own);
        let pid = start_waiting(&me);
        let monitor = me.monitor(pid);
        me.demonitor(monitor);
        me.demonitor(monitor);
        me.kill(pid);
        silence(&me).await;
    });
}

/// A process that watches itself ends like any other, and hears nothing before.
#[test]
fn mon_noops_on_oneself_never_fires() {
    everywhere(|me| async move {
        let spawned = me.spawn(child().monitor(), |me| async move {
            me.monitor(me.pid());
            assert_eq!(me.ties().monitors, 0);
            ExitReason::Normal
        });
        assert_eq!(
            next_down(&me, spawned.unwrap().monitor.unwrap()).await,
            ExitReason::Normal
        );
    });
}

/// A monitor is on a process: who takes its name later is not watched.
#[test]
fn mon_name() {
    everywhere(|me| async move {
        let first = me
            .spawn(child().name(name("n")), wait_for_ever)
            .unwrap()
            .pid;
        let monitor = me.monitor(me.whereis("n").unwrap());
        me.kill(first);
        assert_eq!(next_down(&me, monitor).await, ExitReason::Killed);
        let second = me
            .spawn(child().name(name("n")), wait_for_ever)
            .unwrap()
            .pid;
        me.kill(second);
        end_of(&me, second).await;
        assert_eq!(me.try_receive(&Selector::any()), None);
    });
}

#[test]
fn mon_name_free() {
    everywhere(|me| async move {
        for _ in 0..10 {
            let options = child().name(name("n")).monitor();
            let spawned = me.spawn(options, |_| async { boom() }).unwrap();
            next_down(&me, spawned.monitor.unwrap()).await;
            assert_eq!(me.whereis("n"), None);
        }
        me.register(name("n")).unwrap();
    });
}

#[test]
fn demon_final() {
    on_seeds(|me| async move {
        for n_yields in 0..6 {
            let pid = start(&me, |_| async { boom() });
            let monitor = me.monitor(pid);
            for _ in 0..n_yields {
                me.yield_now().await;
            }
            me.demonitor(monitor);
            silence(&me).await;
        }
        assert_eq!(me.ties().monitors, 0);
    });
}

#[test]
fn demon_flush() {
    everywhere(|me| async move {
        let pid = start(&me, |_| async { boom() });
        let (first, second) = (me.monitor(pid), me.monitor(pid));
        me.receive(Selector::down(second)).await;
        // The first notice stands before the second, so it is in the mailbox; it is taken out.
        me.demonitor(first);
        assert_eq!(me.try_receive(&Selector::any()), None);
    });
}
