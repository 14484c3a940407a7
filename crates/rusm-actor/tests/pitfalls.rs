//! What goes wrong in runtimes of this kind, and must not here; the numbers are those of `docs/pitfalls.md`.

use crate::support::*;
use rusm_actor::sim::Simulator;
use rusm_actor::{Context, Event, ExitReason, MailboxBounds, Name, NameError, Pid, Ref, Selector};
use std::time::Duration;

/// 1: system events are typed. Whatever bytes a message has, it is a message.
#[test]
fn nobody_forges_a_notice() {
    everywhere(|me| async move {
        let monitor = me.monitor(me.pid());
        let parent = me.pid();
        start(&me, move |me| async move {
            me.send(parent, monitor.as_u64(), monitor.as_u64().to_le_bytes())
                .unwrap();
            me.send(parent, 0, format!("{monitor} killed").as_str())
                .unwrap();
            ExitReason::Normal
        });
        for _ in 0..2 {
            assert!(matches!(next(&me).await, Event::Message(_)));
        }
        assert_eq!(me.try_receive(&Selector::down(monitor)), None);
    });
}

/// 1: references cannot be guessed from one's own into somebody else's reply.
#[test]
fn nobody_guesses_a_reply() {
    on_seeds(|me| async move {
        let server = start_waiting(&me);
        let guesser = start(&me, |me| async move {
            let own = me.monitor(Pid::from_u64(1).unwrap()).as_u64();
            for distance in 1..200 {
                for guess in [
                    own.wrapping_add(distance),
                    own.wrapping_sub(distance),
                    distance,
                ] {
                    if let Some(guess) = Ref::from_u64(guess) {
                        me.reply(guess, "forged");
                    }
                }
            }
            ExitReason::Normal
        });
        let call = me.call(server, 0, "", Some(Duration::from_millis(1)));
        me.monitor(guesser);
        assert_eq!(call.await, Err(rusm_actor::CallError::Timeout));
    });
}

/// 1: an exit notice names who ended, whoever sent what before: the kernel sets every sender.
#[test]
fn senders_are_set_by_the_kernel() {
    everywhere(|me| async move {
        me.trap_exits(true);
        let liar = me.spawn(child().link(), |me| async move {
            let parent = me.parent().unwrap();
            me.send(parent, 0, parent.as_u64().to_le_bytes()).unwrap();
            me.exit_signal(parent, ExitReason::error("from somebody else"));
            drop(me.call(parent, 0, "", None));
            ExitReason::Normal
        });
        let liar = liar.unwrap().pid;
        for _ in 0..4 {
            let from = match next(&me).await {
                Event::Message(message) => message.from,
                Event::Request(request) => request.from,
                Event::Exit { from, .. } => from,
                Event::Down { pid, .. } => pid,
            };
            assert_eq!(from, liar);
        }
    });
}

/// 2: a reply belongs to its request, in whatever order replies come, and once.
#[test]
fn replies_find_their_requests() {
    everywhere(|me| async move {
        let server = start(&me, |me| async move {
            let mut requests = Vec::new();
            while requests.len() < 5 {
                let Event::Request(request) = next(&me).await else {
                    panic!()
                };
                requests.push(request);
            }
            for request in requests.into_iter().rev() {
                me.reply(request.id, request.payload);
            }
            wait_for_ever(me).await
        });
        let calls: Vec<_> = (0..5_u8).map(|n| me.call(server, 0, [n], None)).collect();
        for (n, call) in (0_u8..).zip(calls) {
            assert_eq!(call.await.unwrap().as_slice(), [n]);
        }
    });
}

/// 3: bytes are delivered whole.
#[test]
fn long_messages_arrive_whole() {
    everywhere(|me| async move {
        for n_bytes in [0, 1, 22, 23, 4_096, 1 << 20] {
            let bytes: Vec<u8> = (0..n_bytes)
                .map(|n: usize| u8::try_from(n % 251).unwrap())
                .collect();
            me.send(me.pid(), 0, bytes.clone()).unwrap();
            assert_eq!(next_message(&me).await.payload.into_vec(), bytes);
        }
    });
}

/// 4: a receive leaves what it does not look for, notices too.
#[test]
fn a_receive_leaves_the_rest() {
    everywhere(|me| async move {
        me.trap_exits(true);
        me.send(me.pid(), 1, "").unwrap();
        me.exit_signal(me.pid(), boom());
        let down = me.spawn(child().monitor(), |_| async { boom() }).unwrap();
        next_down(&me, down.monitor.unwrap()).await;
        me.send(me.pid(), 2, "").unwrap();
        me.receive(Selector::tag(2)).await;
        assert_eq!(next_message(&me).await.tag, 1);
        assert_eq!(next_exit(&me).await, (me.pid(), boom()));
    });
}

/// 5: a timer that fired cannot be cancelled, and is not kept.
#[test]
fn timers_are_not_kept() {
    on_seeds(|me| async move {
        let timers: Vec<_> = (0..100)
            .map(|_| {
                me.send_after(Duration::from_millis(1), me.pid(), 0, "")
                    .unwrap()
            })
            .collect();
        assert_eq!(me.node().pending(), (100, 0));
        for _ in &timers {
            next_message(&me).await;
        }
        assert!(timers.iter().all(|timer| me.cancel_timer(*timer).is_none()));
        assert_eq!(me.node().pending(), (0, 0));
    });
}

/// 5: a timer goes with the process that it is for; of one that was cancelled, however often, nothing comes.
#[test]
fn timers_do_not_outlive_whom_they_are_for() {
    on_seeds(|me| async move {
        let second = Duration::from_secs(1);
        let owner = me.spawn(child().monitor(), move |me| async move {
            let cancelled = me.send_after(second, me.parent().unwrap(), 1, "").unwrap();
            for _ in 0..3 {
                me.send_after(second, me.pid(), 2, "").unwrap();
                me.send_after(second, name("nobody"), 3, "").unwrap();
            }
            assert_eq!(me.cancel_timer(cancelled), Some(second));
            assert_eq!(me.cancel_timer(cancelled), None);
            ExitReason::Normal
        });
        next_down(&me, owner.unwrap().monitor.unwrap()).await;
        assert_eq!(me.node().pending(), (0, 0));
        silence(&me).await;
    });
}

/// 6: monitors and links of the dead are forgotten, half-made links leave nothing, linking the dead is told.
#[test]
fn ties_of_the_dead_are_forgotten() {
    on_seeds(|me| async move {
        me.trap_exits(true);
        let target = start_waiting(&me);
        for round in 0..20 {
            let dead = start(&me, move |me| async move {
                me.monitor(target);
                if round % 2 == 0 {
                    me.link(target);
                    me.unlink(target);
                }
                ExitReason::Normal
            });
            me.link(dead);
            let (from, _) = next_exit(&me).await;
            assert_eq!(from, dead);
        }
        settle_simulation(&me).await;
        let ties = me.node().process_info(target).unwrap().ties;
        assert_eq!((ties.links, ties.monitors, ties.watchers), (0, 0, 0));
        assert_eq!(me.ties().links, 0);
    });
}

/// 7: an exit signal respects trapping.
#[test]
fn exit_signals_respect_trapping() {
    everywhere(|me| async move {
        let trapping = start_trapping(&me).await;
        me.exit_signal(trapping, boom());
        assert_eq!(next_text(&me).await, boom().to_string());
        assert!(me.node().is_alive(trapping));
    });
}

/// 7: so does the end of a linked process, for each reason; and trapping is off unless it was turned on.
#[test]
fn ends_of_links_respect_trapping() {
    everywhere(|me| async move {
        assert!(!me.ties().is_trapping);
        me.trap_exits(true);
        for reason in [
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::Killed,
            boom(),
        ] {
            let own = reason.clone();
            let linked = me.spawn(child().link(), |_| async { own }).unwrap().pid;
            assert_eq!(next_exit(&me).await, (linked, reason));
        }
        let plain = me.spawn(child().monitor(), |me| async move {
            me.spawn(child().link(), |_| async { boom() }).unwrap();
            wait_for_ever(me).await
        });
        assert_eq!(
            next_down(&me, plain.unwrap().monitor.unwrap()).await,
            boom()
        );
    });
}

/// 8: only the holder gives up its name.
#[test]
fn nobody_unregisters_anothers_name() {
    everywhere(|me| async move {
        let holder = me
            .spawn(child().name(name("mine")), wait_for_ever)
            .unwrap()
            .pid;
        assert!(!me.unregister("mine"));
        assert_eq!(me.register(name("mine")), Err(NameError::Taken));
        assert!(!me.leave("mine"));
        assert_eq!(me.whereis("mine"), Some(holder));
    });
}

/// 9: 0 is never a pid, nor a reference.
#[test]
fn zero_is_nobody() {
    assert_eq!(Pid::from_u64(0), None);
    assert_eq!(Ref::from_u64(0), None);
    assert!(Name::new("").is_err());
}

/// 9: nobody runs under a number that somebody could write by accident: the first pid is no small number.
#[test]
fn nobody_has_a_small_number() {
    on_seeds(|me| async move {
        let others: Vec<Pid> = (0..100).map(|_| start_waiting(&me)).collect();
        assert!(others.iter().all(|pid| pid.as_u64() >= 1 << 24));
        for raw in 1..1_000 {
            assert!(!me.node().is_alive(Pid::from_u64(raw).unwrap()));
        }
    });
}

/// 10: a made-up pid is nobody's, and one of an ended process never becomes another's.
#[test]
fn made_up_pids_reach_nobody() {
    everywhere(|me| async move {
        let own = me.pid().as_u64();
        for raw in [1, 7, u64::MAX, own + 1, own + (1 << 24), own ^ (1 << 63)] {
            let pid = Pid::from_u64(raw).unwrap();
            assert!(!me.node().is_alive(pid));
            assert_eq!(me.send(pid, 0, "hello"), Ok(()));
            assert_eq!(end_of(&me, pid).await, ExitReason::NoProcess);
        }
        assert_eq!(me.try_receive(&Selector::any()), None);
    });
}

/// 17: a hundred thousand processes live and end; what cannot be had is refused.
#[test]
fn a_hundred_thousand_processes() {
    const N: usize = often(100_000);
    let node = rusm_actor::Node::builder()
        .workers(2)
        .max_processes(N)
        .build()
        .unwrap();
    let done = node.block_on(|me| async move {
        for _ in 0..N - 1 {
            start_waiting(&me);
        }
        assert!(me.spawn(child(), wait_for_ever).is_err());
        assert_eq!(me.node().process_count(), N);
    });
    done.unwrap();
    node.shutdown();
    assert_clean(&node);
}

/// 18: nothing that one process does to another grows without bound: messages, timers, requests.
#[test]
fn what_waits_for_a_process_is_bounded() {
    on_seeds(|me| async move {
        let bounds = MailboxBounds {
            messages: 10,
            bytes: 1_000,
        };
        let target = me.spawn(child().bounds(bounds), wait_for_ever).unwrap().pid;
        let minute = Duration::from_secs(60);
        let n_sent = (0..100).filter(|_| me.send(target, 0, "").is_ok()).count();
        let n_armed = (0..100)
            .filter(|_| me.send_after(minute, target, 0, "").is_ok())
            .count();
        assert_eq!((n_sent, n_armed), (10, 0));
        for _ in 0..100 {
            assert!(me.call(target, 0, "", None).await.is_err());
            let monitor = me.monitor(target);
            me.demonitor(monitor);
            me.link(target);
            me.unlink(target);
        }
        settle_simulation(&me).await;
        let ties = me.node().process_info(target).unwrap().ties;
        assert_eq!((ties.links, ties.watchers), (0, 0));
        assert_eq!(me.node().pending(), (0, 0));
    });
}

/// 18: what a process holds in pending requests, timers and groups goes with it.
#[test]
fn the_dead_hold_nothing() {
    let simulator = Simulator::new(1);
    let sink = simulator.node().spawn(child(), wait_for_ever).unwrap();
    let live_and_die = |n_lives: usize| {
        let body = move |me: Context| async move {
            for _ in 0..n_lives {
                let options = child().name(name("one of many")).monitor();
                let life = me.spawn(options, move |me| async move {
                    me.join(name("group"));
                    me.send_after(Duration::from_secs(60), me.pid(), 0, vec![0; 1_000])
                        .unwrap();
                    me.monitor(sink);
                    me.link(sink);
                    me.unlink(sink);
                    let _asked = me.call(sink, 0, "", None);
                    me.send(me.pid(), 0, vec![0; 1_000]).unwrap();
                    boom()
                });
                next_down(&me, life.unwrap().monitor.unwrap()).await;
            }
            ExitReason::Normal
        };
        simulator.node().spawn(child(), body).unwrap();
        simulator.run();
    };
    live_and_die(9_000);
    // The requests fill the sink's mailbox, whose bound holds.
    live_and_die(1_100);
    let lives = allocation_counter::measure(|| live_and_die(5_000));
    assert_eq!(
        (lives.count_current, lives.bytes_current),
        (0, 0),
        "{lives:?}"
    );
    simulator.stop();
    assert_clean(simulator.node());
}

/// 19: a number that somebody names is not an amount of memory: bounds, delays and lengths allocate nothing.
#[test]
fn numbers_are_not_allocated() {
    let bytes_of = |bounds: MailboxBounds| {
        let simulator = Simulator::new(1);
        let used = allocation_counter::measure(|| {
            let options = child().bounds(bounds);
            let body = |me: Context| async move {
                let long = me
                    .send_after(Duration::MAX, me.pid(), u64::MAX, "")
                    .unwrap();
                me.receive_timeout(Selector::any(), Duration::ZERO).await;
                me.cancel_timer(long);
                wait_for_ever(me).await
            };
            simulator.node().spawn(options, body).unwrap();
            simulator.run();
        });
        used.bytes_max
    };
    let vast = MailboxBounds {
        messages: usize::MAX,
        bytes: usize::MAX,
    };
    assert_eq!(bytes_of(vast), bytes_of(MailboxBounds::default()));
    assert!(Name::new(&"x".repeat(Name::MAX_BYTES + 1)).is_err());
}
