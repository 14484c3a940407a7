//! Monitors (OTP statements 050 to 059).

use crate::support::*;
use rusm_actor::{Event, ExitReason, Pid, Ref, Selector};
use std::time::Duration;

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

/// References that are nobody's monitor: made up, of a timer, of somebody else.
#[test]
fn mon_noops_of_unknown_references() {
    everywhere(|me| async move {
        let target = start_waiting(&me);
        let own = me.monitor(target);
        let parent = me.pid();
        start(&me, move |me| async move {
            let answer = me.demonitor(own);
            me.send(parent, u64::from(answer), "").unwrap();
            ExitReason::Normal
        });
        assert_eq!(next_message(&me).await.tag, 0);
        let timer = me
            .send_after(Duration::from_secs(60), me.pid(), 0, "")
            .unwrap();
        assert!(!me.demonitor(timer));
        assert!(me.cancel_timer(timer).is_some());
        assert!(!me.demonitor(Ref::from_u64(7).unwrap()));
        me.kill(target);
        assert_eq!(next_down(&me, own).await, ExitReason::Killed);
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

/// Either the monitor was removed or its notice was there, whatever the race.
#[test]
fn demon_info() {
    everywhere(|me| async move {
        for n_yields in 0..8 {
            let pid = start(&me, |_| async { boom() });
            let monitor = me.monitor(pid);
            for _ in 0..n_yields {
                me.yield_now().await;
            }
            assert_eq!(me.settle(), None);
            let n_notices = me.ties().notices;
            match me.demonitor(monitor) {
                true => assert_eq!(n_notices, 0, "a notice was there"),
                // It was there, or came between the two looks.
                false => assert_eq!(me.ties().monitors, 0),
            }
            assert!(!me.demonitor(monitor), "it is removed once");
            assert_eq!(me.try_receive(&Selector::any()), None);
            assert_eq!((me.ties().monitors, me.ties().notices), (0, 0));
        }
        let read = me.monitor(me.parent().unwrap_or(Pid::from_u64(1).unwrap()));
        next_down(&me, read).await;
        assert!(!me.demonitor(read), "its notice has been read");
    });
}

/// In the simulator nothing comes between two looks: exactly one of the two holds.
#[test]
fn demon_info_exactly() {
    on_seeds(|me| async move {
        for n_yields in 0..8 {
            let pid = start(&me, |_| async { boom() });
            let monitor = me.monitor(pid);
            for _ in 0..n_yields {
                me.yield_now().await;
            }
            assert_eq!(me.settle(), None);
            let is_there = me.ties().notices == 1;
            assert_eq!(me.demonitor(monitor), !is_there);
        }
    });
}
