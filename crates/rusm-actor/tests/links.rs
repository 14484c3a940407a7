//! Links (OTP statements 041 to 049).

use crate::large::once_on_threads;
use crate::support::*;
use rusm_actor::sim::Simulator;
use rusm_actor::{Context, Event, ExitReason, Pid, Selector, SpawnOptions};

/// A process that links with `peers`, says so, and waits.
async fn start_linked(me: &Context, peers: Vec<Pid>) -> Pid {
    let parent = me.pid();
    let pid = start(me, move |me| async move {
        for peer in peers {
            me.link(peer);
        }
        me.send(parent, 0, "linked").unwrap();
        wait_for_ever(me).await
    });
    me.receive(Selector {
        sender: Some(pid),
        ..Selector::tag(0)
    })
    .await;
    pid
}

#[test]
fn link_both_ways() {
    everywhere(|me| async move {
        for is_first in [true, false] {
            let first = start_waiting(&me);
            let second = start_linked(&me, vec![first]).await;
            let third = start_linked(&me, vec![second]).await;
            let monitors = [first, second, third].map(|pid| me.monitor(pid));
            me.exit_signal(if is_first { first } else { third }, boom());
            for monitor in monitors {
                assert_eq!(next_down(&me, monitor).await, boom());
            }
        }
    });
}

#[test]
fn link_normal() {
    everywhere(|me| async move {
        let parent = me.pid();
        let plain = start_waiting(&me);
        me.trap_exits(true);
        let ended = start(&me, move |me| async move {
            me.link(plain);
            me.link(parent);
            ExitReason::Normal
        });
        assert_eq!(next_exit(&me).await, (ended, ExitReason::Normal));
        let monitor = me.monitor(plain);
        me.send(plain, u64::MAX, "end").unwrap();
        assert_eq!(next_down(&me, monitor).await, ExitReason::Normal);
    });
}

#[test]
fn link_once() {
    everywhere(|me| async move {
        let peer = start_waiting(&me);
        me.link(peer);
        me.link(peer);
        assert_eq!(me.ties().links, 1);
        me.unlink(peer);
        assert_eq!(me.ties().links, 0);
        let monitor = me.monitor(peer);
        me.exit_signal(peer, boom());
        assert_eq!(next_down(&me, monitor).await, boom());
    });
}

/// Both sides link, one unlinks: no link is left, on either side.
#[test]
fn link_once_from_both_sides() {
    everywhere(|me| async move {
        let parent = me.pid();
        let peer = start(&me, move |me| async move {
            me.link(parent);
            me.send(parent, 0, "linked").unwrap();
            me.receive(Selector::tag(1)).await;
            assert_eq!(me.ties().links, 0);
            ExitReason::error("as told")
        });
        me.link(peer);
        me.receive(Selector::tag(0)).await;
        assert_eq!(me.ties().links, 1);
        me.unlink(peer);
        let monitor = me.monitor(peer);
        me.send(peer, 1, "end").unwrap();
        assert_eq!(next_down(&me, monitor).await, ExitReason::error("as told"));
    });
}

/// The peer ends while the caller unlinks: either a notice is there when `unlink` returns, or none comes.
#[test]
fn unlink_final() {
    on_seeds(|me| async move {
        me.trap_exits(true);
        for n_yields in 0..6 {
            let peer = me.spawn(child().link(), |_| async { boom() }).unwrap().pid;
            for _ in 0..n_yields {
                me.yield_now().await;
            }
            me.unlink(peer);
            me.try_receive(&Selector {
                sender: Some(peer),
                ..Selector::default()
            });
            silence(&me).await;
        }
    });
}

/// For a process that does not trap, an unlink that returned means survival.
#[test]
fn unlink_final_untrapped() {
    everywhere(|me| async move {
        for _ in 0..20 {
            let peer = me.spawn(child().link().monitor(), |me| async move {
                me.receive(Selector::any()).await;
                boom()
            });
            let peer = peer.unwrap();
            me.unlink(peer.pid);
            me.send(peer.pid, 0, "end").unwrap();
            assert_eq!(next_down(&me, peer.monitor.unwrap()).await, boom());
        }
    });
}

#[test]
fn link_noops() {
    everywhere(|me| async move {
        me.link(me.pid());
        me.unlink(me.pid());
        let stranger = start_waiting(&me);
        me.unlink(stranger);
        me.kill(stranger);
        end_of(&me, stranger).await;
        me.unlink(stranger);
        assert_eq!(me.ties().links, 0);
    });
}

#[test]
fn link_dead() {
    everywhere(|me| async move {
        let dead = start(&me, |_| async { ExitReason::Normal });
        end_of(&me, dead).await;
        let victim = me.spawn(child().monitor(), move |me| async move {
            me.link(dead);
            wait_for_ever(me).await
        });
        let reason = next_down(&me, victim.unwrap().monitor.unwrap()).await;
        assert_eq!(reason, ExitReason::NoProcess);
        me.trap_exits(true);
        me.link(dead);
        assert_eq!(next_exit(&me).await, (dead, ExitReason::NoProcess));
        assert_eq!(me.ties().links, 0);
    });
}

/// However often both sides linked and unlinked before, the last link gives one notice.
#[test]
fn link_one_notice() {
    on_seeds(|me| async move {
        me.trap_exits(true);
        let parent = me.pid();
        let peer = start(&me, move |me| async move {
            for _ in 0..4 {
                me.link(parent);
                me.yield_now().await;
                me.unlink(parent);
                me.link(parent);
                me.yield_now().await;
            }
            me.receive(Selector::any()).await;
            boom()
        });
        for _ in 0..4 {
            me.link(peer);
            me.yield_now().await;
            me.unlink(peer);
            me.yield_now().await;
        }
        me.link(peer);
        me.send(peer, 0, "end").unwrap();
        assert_eq!(next_exit(&me).await, (peer, boom()));
        silence(&me).await;
        assert_eq!(me.ties().links, 0);
    });
}

#[test]
fn link_one_notice_when_both_ends_die_at_once() {
    everywhere(|me| async move {
        me.trap_exits(true);
        let left = start_waiting(&me);
        let right = start_linked(&me, vec![left]).await;
        me.link(left);
        me.link(right);
        me.exit_signal(left, ExitReason::error("left"));
        me.exit_signal(right, ExitReason::error("right"));
        let (first, _) = next_exit(&me).await;
        let (second, _) = next_exit(&me).await;
        assert_ne!(first, second);
        assert_eq!(me.try_receive(&Selector::any()), None);
    });
}

#[test]
fn link_mon_cleanup() {
    everywhere(|me| async move {
        me.trap_exits(true);
        for _ in 0..50 {
            let peer = me.spawn(child().link().monitor(), wait_for_ever).unwrap();
            let ties = me.node().process_info(peer.pid).unwrap().ties;
            assert_eq!((ties.links, ties.monitors, ties.watchers), (1, 0, 1));
            assert_eq!((me.ties().links, me.ties().monitors), (1, 1));
            me.kill(peer.pid);
            next_down(&me, peer.monitor.unwrap()).await;
            next_exit(&me).await;
            assert_eq!(
                (me.ties().links, me.ties().monitors, me.ties().watchers),
                (0, 0, 0)
            );
        }
    });
}

/// A watcher that ends is forgotten by whom it watched, called or was linked with.
#[test]
fn link_mon_cleanup_of_dead_watchers() {
    on_seeds(|me| async move {
        let target = me.pid();
        for _ in 0..20 {
            start(&me, move |me| async move {
                me.monitor(target);
                me.link(target);
                me.unlink(target);
                let _given_up = me.call(target, 0, "", None);
                ExitReason::Normal
            });
        }
        settle_simulation(&me).await;
        while me.try_receive(&Selector::any()).is_some() {}
        assert_eq!(
            (me.ties().links, me.ties().monitors, me.ties().watchers),
            (0, 0, 0)
        );
    });
}

/// A million ties made and undone, or undone by an end: no byte is left of them.
#[test]
fn link_mon_cleanup_of_a_million() {
    const N: usize = 250_000;
    let simulator = Simulator::new(1);
    let peer = simulator.node().spawn(child(), wait_for_ever).unwrap();
    let tie_and_untie = |n_rounds: usize| {
        let body = move |me: Context| async move {
            me.trap_exits(true);
            for round in 0..n_rounds {
                me.link(peer);
                let monitor = me.monitor(peer);
                me.unlink(peer);
                assert!(me.demonitor(monitor));
                if round % 100 == 0 {
                    let options = child().link().monitor();
                    let ended = me.spawn(options, |_| async { boom() }).unwrap();
                    next_down(&me, ended.monitor.unwrap()).await;
                    next_exit(&me).await;
                }
            }
            ExitReason::Normal
        };
        simulator.node().spawn(child(), body).unwrap();
        simulator.run();
        let info = simulator.node().process_info(peer).unwrap();
        let ties = info.ties;
        assert_eq!((ties.links, ties.monitors, ties.watchers), (0, 0, 0));
        assert_eq!(info.signals_waiting, 0);
    };
    tie_and_untie(100_000); // Every part of the process table has been used before.

    let many = allocation_counter::measure(|| tie_and_untie(N));
    assert_eq!((many.count_current, many.bytes_current), (0, 0), "{many:?}");
    simulator.stop();
    assert_clean(simulator.node());
}

/// A hub of a hundred thousand links: half of the peers end with it, half are told, and others go on.
#[test]
fn link_fanout_of_a_hundred_thousand() {
    once_on_threads(|me| async move {
        const N: u64 = 100_000;
        let (parent, hub) = (me.pid(), start_waiting(&me));
        let bystander = start_trapping(&me).await;
        for n in 0..N {
            start(&me, move |me| async move {
                let traps = n % 2 == 0;
                me.trap_exits(traps);
                me.link(hub);
                me.send(parent, 7, "").unwrap();
                let notice = next(&me).await;
                assert!(
                    traps
                        && matches!(notice, Event::Exit { from, reason } if from == hub && reason == boom())
                );
                while me.send(parent, 8, "").is_err() {
                    me.yield_now().await;
                }
                ExitReason::Normal
            });
            me.receive(Selector::tag(7)).await;
        }
        me.exit_signal(hub, boom());
        me.exit_signal(bystander, ExitReason::Shutdown);
        me.receive(Selector {
            sender: Some(bystander),
            ..Selector::tag(1)
        })
        .await;
        for _ in 0..N / 2 {
            me.receive(Selector::tag(8)).await;
        }
        // Those that do not trap have ended without a word.
        while me.node().process_count() > 2 {
            me.yield_now().await;
        }
        assert_eq!(me.try_receive(&Selector::any()), None);
    });
}

#[test]
fn link_fanout() {
    on_threads(|me| async move {
        const N: usize = often(2_000);
        let hub = start_waiting(&me);
        let mut monitors = Vec::new();
        for _ in 0..N {
            let peer = me.spawn(child().monitor(), move |me| async move {
                me.link(hub);
                wait_for_ever(me).await
            });
            monitors.push(peer.unwrap().monitor.unwrap());
        }
        let bystander = start_trapping(&me).await;
        me.exit_signal(hub, boom());
        me.exit_signal(bystander, ExitReason::Shutdown);
        me.receive(Selector {
            sender: Some(bystander),
            ..Selector::tag(1)
        })
        .await;
        for monitor in monitors {
            let reason = next_down(&me, monitor).await;
            // Who linked too late hears that there is nobody.
            assert!(
                reason == boom() || reason == ExitReason::NoProcess,
                "{reason}"
            );
        }
    });
}

/// A fatal signal in the middle of a batch: link, monitor and call requests behind it are answered.
#[test]
fn requests_behind_a_fatal_signal_are_answered() {
    everywhere(|me| async move {
        for _ in 0..20 {
            let victim = start_waiting(&me);
            let parent = me.pid();
            let asker = me.spawn(child().monitor(), move |me| async move {
                me.trap_exits(true);
                me.exit_signal(victim, boom());
                let monitor = me.monitor(victim);
                me.link(victim);
                let call = me.call(victim, 0, "", None);
                // The true reason when the request reached the inbox, no-process when it came too late.
                let truth = [boom(), ExitReason::NoProcess];
                assert!(truth.contains(&next_down(&me, monitor).await));
                let (from, reason) = next_exit(&me).await;
                assert!(from == victim && truth.contains(&reason));
                assert!(matches!(call.await, Err(rusm_actor::CallError::Exited(reason)) if truth.contains(&reason)));
                me.send(parent, 0, "answered").unwrap();
                ExitReason::Normal
            });
            assert_eq!(
                next_down(&me, asker.unwrap().monitor.unwrap()).await,
                ExitReason::Normal
            );
            me.receive(Selector::tag(0)).await;
        }
    });
}

/// Thirty processes, each linked with each, hit from three sides at once: all end, nothing hangs.
#[test]
fn cliques_of_thirty_end_without_deadlock() {
    everywhere(|me| async move {
        const N: usize = 30;
        let mut clique: Vec<Pid> = Vec::new();
        for _ in 0..N {
            let options = SpawnOptions::new("member");
            let peers = clique.clone();
            let member = me.spawn(options, move |me| async move {
                for peer in peers {
                    me.link(peer);
                }
                wait_for_ever(me).await
            });
            clique.push(member.unwrap().pid);
        }
        let monitors: Vec<_> = clique.iter().map(|pid| me.monitor(*pid)).collect();
        for (victim, reason) in [(0, "one"), (N / 2, "two"), (N - 1, "three")] {
            let victim = clique[victim];
            start(&me, move |me| async move {
                me.exit_signal(victim, ExitReason::error(reason));
                ExitReason::Normal
            });
        }
        for monitor in monitors {
            let reason = next_down(&me, monitor).await;
            let expected = matches!(reason, ExitReason::Error(_) | ExitReason::NoProcess);
            assert!(expected, "{reason}");
        }
        assert_eq!(me.try_receive(&Selector::any()), None::<Event>);
    });
}
