//! Messages and signal order (OTP statements 014 to 021).

use crate::large::{once, once_on_threads};
use crate::support::*;
use rusm_actor::{Event, ExitReason, MailboxBounds, Pid, Selector, SendError};

/// As much as a test wants to send without being refused.
fn roomy() -> MailboxBounds {
    MailboxBounds {
        messages: usize::MAX,
        bytes: usize::MAX,
    }
}

#[test]
fn fifo_pair() {
    on_threads(|me| async move {
        const N: u64 = often(20_000) as u64;
        let collector = me.spawn(child().bounds(roomy()).monitor(), |me| async move {
            let mut last = [0; 2];
            for _ in 0..2 * N {
                let message = next_message(&me).await;
                let sender = usize::from(message.payload.as_slice()[0]);
                assert_eq!(message.tag, last[sender] + 1);
                last[sender] = message.tag;
            }
            ExitReason::Normal
        });
        let collector = collector.unwrap();
        for sender in [0_u8, 1] {
            start(&me, move |me| async move {
                for tag in 1..=N {
                    me.send(collector.pid, tag, [sender]).unwrap();
                    if tag % 100 == 0 {
                        me.yield_now().await;
                    }
                }
                ExitReason::Normal
            });
        }
        assert_eq!(
            next_down(&me, collector.monitor.unwrap()).await,
            ExitReason::Normal
        );
    });
}

/// A million messages of each of two senders, over every worker.
#[test]
fn fifo_pair_of_a_million() {
    once_on_threads(|me| async move {
        const N: u64 = 1_000_000;
        let collector = me.spawn(child().bounds(roomy()).monitor(), |me| async move {
            let mut last = [0; 2];
            for _ in 0..2 * N {
                let message = next_message(&me).await;
                let sender = usize::from(message.payload.as_slice()[0]);
                assert_eq!(message.tag, last[sender] + 1);
                last[sender] = message.tag;
            }
            ExitReason::Normal
        });
        let collector = collector.unwrap();
        for sender in [0_u8, 1] {
            start(&me, move |me| async move {
                for tag in 1..=N {
                    me.send(collector.pid, tag, [sender]).unwrap();
                    if tag % 1_000 == 0 {
                        me.yield_now().await;
                    }
                }
                ExitReason::Normal
            });
        }
        let end = next_down(&me, collector.monitor.unwrap()).await;
        assert_eq!(end, ExitReason::Normal);
    });
}

#[test]
fn fifo_pair_with_oneself() {
    everywhere(|me| async move {
        for tag in 0..100 {
            me.send(me.pid(), tag, "").unwrap();
        }
        for tag in 0..100 {
            assert_eq!(next_message(&me).await.tag, tag);
        }
    });
}

/// Messages around an exit signal that is trapped keep their places.
#[test]
fn order_all_signals() {
    everywhere(|me| async move {
        me.trap_exits(true);
        let parent = me.pid();
        let sender = start(&me, move |me| async move {
            me.send(parent, 1, "").unwrap();
            me.exit_signal(parent, ExitReason::Shutdown);
            me.send(parent, 2, "").unwrap();
            me.link(parent);
            me.send(parent, 3, "").unwrap();
            boom()
        });
        assert_eq!(next_message(&me).await.tag, 1);
        assert_eq!(next_exit(&me).await, (sender, ExitReason::Shutdown));
        assert_eq!(next_message(&me).await.tag, 2);
        assert_eq!(next_message(&me).await.tag, 3);
        assert_eq!(next_exit(&me).await, (sender, boom()));
    });
}

/// Ties made and undone before a fatal signal count as they stood when it was met.
#[test]
fn order_all_signals_of_ties() {
    on_seeds(|me| async move {
        me.trap_exits(true);
        for way in 0..4 {
            let victim = start_waiting(&me);
            let mut monitor = None;
            match way {
                0 => me.link(victim),
                1 => {
                    me.link(victim);
                    me.unlink(victim);
                }
                2 => monitor = Some(me.monitor(victim)),
                _ => drop(me.demonitor(me.monitor(victim))),
            }
            me.exit_signal(victim, boom());
            match (way, monitor) {
                (0, _) => assert_eq!(next_exit(&me).await, (victim, boom())),
                (_, Some(monitor)) => assert_eq!(next_down(&me, monitor).await, boom()),
                _ => {}
            }
            silence(&me).await;
            assert!(!me.node().is_alive(victim));
        }
    });
}

/// What comes after a fatal signal from the same sender is never received, what came before is there.
#[test]
fn order_all_signals_fatal() {
    on_seeds(|me| async move {
        let parent = me.pid();
        let victim = start(&me, move |me| async move {
            loop {
                let tag = next_message(&me).await.tag;
                me.send(parent, tag, "").unwrap();
            }
        });
        me.send(victim, 1, "").unwrap();
        me.exit_signal(victim, boom());
        me.send(victim, 2, "").unwrap();
        let monitor = me.monitor(victim);
        let mut told = Vec::new();
        while let Event::Message(message) = next(&me).await {
            told.push(message.tag);
        }
        assert!(told.is_empty() || told == [1], "{told:?}");
        assert!(!me.node().is_alive(victim));
        me.demonitor(monitor);
        silence(&me).await;
    });
}

/// Pairs that send their last words and die: the words are there before the notices.
#[test]
fn last_words() {
    everywhere(|me| async move {
        me.trap_exits(true);
        let parent = me.pid();
        for pair in 0..10_u64 {
            let options = if pair % 2 == 0 {
                child().link()
            } else {
                child().monitor()
            };
            let body = move |me: rusm_actor::Context| async move {
                for word in 0..5_u64 {
                    me.send(parent, word, "").unwrap();
                }
                if pair % 3 == 0 {
                    boom()
                } else {
                    ExitReason::Normal
                }
            };
            me.spawn(options, body).unwrap();
        }
        let mut heard = std::collections::BTreeMap::<Pid, u64>::new();
        let mut n_ended = 0;
        while n_ended < 10 {
            match next(&me).await {
                Event::Message(message) => {
                    let expected = heard.entry(message.from).or_default();
                    assert_eq!(message.tag, *expected);
                    *expected += 1;
                }
                Event::Exit { from: pid, .. } | Event::Down { pid, .. } => {
                    assert_eq!(
                        heard.get(&pid),
                        Some(&5),
                        "the notice overtook the last words"
                    );
                    n_ended += 1;
                }
                Event::Request(request) => panic!("{request:?}"),
            }
        }
    });
}

#[test]
fn order_mixed_address() {
    everywhere(|me| async move {
        me.register(name("self")).unwrap();
        let parent = me.pid();
        start(&me, move |me| async move {
            for tag in 0..50 {
                if tag % 2 == 0 {
                    me.send(parent, tag, "").unwrap();
                } else {
                    me.send(name("self"), tag, "").unwrap();
                }
            }
            ExitReason::Normal
        });
        for tag in 0..50 {
            assert_eq!(next_message(&me).await.tag, tag);
        }
    });
}

#[test]
fn send_dead_ok() {
    everywhere(|me| async move {
        let pid = start(&me, |_| async { ExitReason::Normal });
        end_of(&me, pid).await;
        assert_eq!(me.send(pid, 1, "hello"), Ok(()));
        me.exit_signal(pid, boom());
        me.kill(pid);
        me.node().kill(pid);
    });
}

#[test]
fn send_unreg_fails() {
    everywhere(|me| async move {
        assert_eq!(me.send(name("nobody"), 1, ""), Err(SendError::NoName));
    });
}

#[test]
fn send_async() {
    everywhere(|me| async move {
        // The receiver looks for something else, and a thousand messages wait already.
        let busy = start_waiting(&me);
        for tag in 0..often(2_000) as u64 {
            me.send(busy, tag, "").unwrap();
        }
        me.send(busy, u64::MAX, "").unwrap();
        assert!(matches!(
            end_of(&me, busy).await,
            ExitReason::Normal | ExitReason::NoProcess
        ));
    });
}

/// A million unread messages are no reason to wait, nor one to drop anything.
#[test]
fn send_async_to_a_million_unread() {
    once(|me| async move {
        const N: u64 = 1_000_000;
        let busy = me
            .spawn(child().bounds(roomy()).monitor(), wait_for_ever)
            .unwrap();
        for tag in 0..N {
            me.send(busy.pid, tag, "").unwrap();
        }
        // No await so far: nobody else has run.
        let info = me.node().process_info(busy.pid).unwrap();
        assert_eq!((info.state, info.mailbox_len), ("runnable", 1_000_000));
        me.yield_now().await;
        me.send(busy.pid, u64::MAX, "").unwrap();
        assert_eq!(
            next_down(&me, busy.monitor.unwrap()).await,
            ExitReason::Normal
        );
    });
}

#[test]
fn message_is_copy() {
    everywhere(|me| async move {
        me.join(name("both"));
        let parent = me.pid();
        let other = start(&me, move |me| async move {
            me.join(name("both"));
            me.send(parent, 0, "joined").unwrap();
            let mut bytes = next_message(&me).await.payload.into_vec();
            bytes.fill(0);
            me.send(parent, 1, bytes).unwrap();
            ExitReason::Normal
        });
        me.receive(Selector {
            sender: Some(other),
            ..Selector::tag(0)
        })
        .await;
        let bytes = vec![7; 100];
        assert_eq!(me.broadcast("both", 2, bytes), 2);
        let zeroed = me.receive(Selector::tag(1)).await;
        assert!(
            matches!(zeroed, Event::Message(message) if message.payload.as_slice() == [0; 100])
        );
        let own = me.receive(Selector::tag(2)).await;
        assert!(matches!(own, Event::Message(message) if message.payload.as_slice() == [7; 100]));
    });
}
