//! Registered names and groups (OTP statements 064 to 071).

use crate::large::once_on_threads;
use crate::support::*;
use rusm_actor::{ExitReason, NameError, Selector, SendError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn reg_lookup() {
    everywhere(|me| async move {
        me.register(name("me")).unwrap();
        assert_eq!(me.whereis("me"), Some(me.pid()));
        assert_eq!(me.node().whereis("me"), Some(me.pid()));
        me.send(name("me"), 3, "").unwrap();
        assert_eq!(next_message(&me).await.tag, 3);
    });
}

#[test]
fn reg_taken() {
    everywhere(|me| async move {
        let parent = me.pid();
        let racers: Vec<_> = (0..10)
            .map(|_| {
                start(&me, move |me| async move {
                    me.yield_now().await;
                    let won = me.register(name("prize"));
                    assert!(matches!(won, Ok(()) | Err(NameError::Taken)));
                    me.send(parent, u64::from(won.is_ok()), "").unwrap();
                    wait_for_ever(me).await
                })
            })
            .collect();
        let mut winner = None;
        for _ in &racers {
            let message = next_message(&me).await;
            if message.tag == 1 {
                assert_eq!(winner.replace(message.from), None, "two won");
            }
        }
        assert_eq!(me.whereis("prize"), winner);
        assert_eq!(me.register(name("prize")), Err(NameError::Taken));
        assert_eq!(me.whereis("prize"), winner);
    });
}

/// Threads race for a name again and again: each time one wins, and the name is free when it has ended.
#[test]
fn reg_taken_on_threads() {
    once_on_threads(|me| async move {
        for _ in 0..300 {
            let racers: Vec<_> = (0..6)
                .map(|_| {
                    let spawned = me.spawn(child().monitor(), |me| async move {
                        match me.register(name("prize")) {
                            Ok(()) => ExitReason::Shutdown,
                            Err(refused) => {
                                assert_eq!(refused, NameError::Taken);
                                ExitReason::Normal
                            }
                        }
                    });
                    spawned.unwrap().monitor.unwrap()
                })
                .collect();
            let mut n_winners = 0;
            for racer in racers {
                let end = next_down(&me, racer).await;
                assert!(
                    matches!(end, ExitReason::Shutdown | ExitReason::Normal),
                    "{end}"
                );
                n_winners += usize::from(end == ExitReason::Shutdown);
            }
            // A winner that has ended makes room for another one.
            assert!(n_winners >= 1);
            assert_eq!(me.whereis("prize"), None);
        }
    });
}

/// Two hold it at no time.
#[test]
fn reg_taken_has_one_holder() {
    once_on_threads(|me| async move {
        let n_holders = Arc::new(AtomicUsize::new(0));
        let racers: Vec<_> = (0..4)
            .map(|_| {
                let n_holders = Arc::clone(&n_holders);
                let spawned = me.spawn(child().monitor(), move |me| async move {
                    let mut n_won = 0;
                    while n_won < 200 {
                        if me.register(name("prize")).is_ok() {
                            assert_eq!(n_holders.fetch_add(1, Ordering::SeqCst), 0);
                            n_won += 1;
                            n_holders.fetch_sub(1, Ordering::SeqCst);
                            assert!(me.unregister("prize"));
                        }
                        me.yield_now().await;
                    }
                    ExitReason::Normal
                });
                spawned.unwrap().monitor.unwrap()
            })
            .collect();
        for racer in racers {
            assert_eq!(next_down(&me, racer).await, ExitReason::Normal);
        }
    });
}

#[test]
fn reg_one_name() {
    everywhere(|me| async move {
        me.register(name("first")).unwrap();
        assert_eq!(me.register(name("second")), Err(NameError::AlreadyNamed));
        assert_eq!(me.whereis("second"), None);
        assert!(me.unregister("first"));
        me.register(name("second")).unwrap();
    });
}

#[test]
fn reg_unreg() {
    everywhere(|me| async move {
        me.register(name("n")).unwrap();
        assert!(me.unregister("n"));
        assert!(!me.unregister("n"));
        assert!(!me.unregister("unknown"));
        assert_eq!(me.whereis("n"), None);
        assert!(me.node().is_alive(me.pid()));
    });
}

/// A process that is restarted can take the name of the one before, at once, however that one ended.
#[test]
fn reg_auto_free() {
    everywhere(|me| async move {
        me.trap_exits(true);
        for reason in [
            ExitReason::Normal,
            boom(),
            ExitReason::Killed,
            ExitReason::trap("x"),
        ] {
            let own = reason.clone();
            let options = child().name(name("worker")).link();
            let worker = me.spawn(options, |_| async { own }).unwrap();
            assert_eq!(next_exit(&me).await, (worker.pid, reason));
            me.register(name("worker")).unwrap();
            assert!(me.unregister("worker"));
        }
    });
}

#[test]
fn reg_send_time() {
    everywhere(|me| async move {
        let parent = me.pid();
        let first = start(&me, move |me| async move {
            me.register(name("n")).unwrap();
            me.send(parent, 0, "").unwrap();
            me.receive(Selector::tag(1)).await;
            me.unregister("n");
            me.send(parent, 0, "").unwrap();
            wait_for_ever(me).await
        });
        next_message(&me).await;
        me.send(name("n"), 1, "").unwrap();
        next_message(&me).await;
        assert_eq!(me.send(name("n"), 2, ""), Err(SendError::NoName));
        me.register(name("n")).unwrap();
        me.send(name("n"), 3, "").unwrap();
        assert_eq!(next_message(&me).await.tag, 3);
        assert!(me.node().is_alive(first));
    });
}

#[test]
fn pg_count() {
    everywhere(|me| async move {
        me.join(name("g"));
        me.join(name("g"));
        assert_eq!(me.members("g"), [me.pid(), me.pid()]);
        assert_eq!(me.ties().joins, 2);
        assert_eq!(me.broadcast("g", 1, "twice"), 2);
        assert!(me.leave("g"));
        assert!(me.leave("g"));
        assert!(!me.leave("g"));
        assert!(me.members("g").is_empty());
    });
}

#[test]
fn pg_auto_leave() {
    everywhere(|me| async move {
        assert!(me.members("unknown").is_empty());
        assert_eq!(me.broadcast("unknown", 1, ""), 0);
        let parent = me.pid();
        let member = start(&me, move |me| async move {
            me.join(name("g"));
            me.join(name("h"));
            me.send(parent, 0, "").unwrap();
            wait_for_ever(me).await
        });
        next_message(&me).await;
        assert_eq!(me.members("g"), [member]);
        me.kill(member);
        end_of(&me, member).await;
        assert!(me.members("g").is_empty() && me.members("h").is_empty());
    });
}
