//! Receiving (OTP statements 022 to 029).

use crate::large::once_on_threads;
use crate::support::*;
use rusm_actor::{Event, ExitReason, Selector};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

#[test]
fn selective() {
    everywhere(|me| async move {
        for tag in [1, 2, 1, 3, 2] {
            me.send(me.pid(), tag, "").unwrap();
        }
        let wanted = Selector {
            tags: Some(vec![2, 3]),
            ..Selector::default()
        };
        let mut tags = Vec::new();
        for select in [
            &wanted,
            &wanted,
            &wanted,
            &Selector::any(),
            &Selector::any(),
        ] {
            let Event::Message(message) = me.receive(select.clone()).await else {
                panic!()
            };
            tags.push(message.tag);
        }
        assert_eq!(tags, [2, 3, 2, 1, 1]);
    });
}

/// Ping-pong by selective receives while others send noise: every match wakes.
#[test]
fn wake_on_match() {
    everywhere(|me| async move {
        let ping = me.pid();
        let pong = start(&me, move |me| async move {
            loop {
                me.receive(Selector::tag(7)).await;
                me.send(ping, 7, "").unwrap();
            }
        });
        for _ in 0..2 {
            start(&me, move |me| async move {
                for _ in 0..often(100) {
                    me.send(ping, 1, "noise").unwrap();
                    me.send(pong, 1, "noise").unwrap();
                    me.yield_now().await;
                }
                ExitReason::Normal
            });
        }
        for _ in 0..often(300) {
            me.send(pong, 7, "").unwrap();
            me.receive(Selector {
                sender: Some(pong),
                ..Selector::tag(7)
            })
            .await;
        }
    });
}

#[test]
fn after_zero() {
    everywhere(|me| async move {
        assert_eq!(
            me.receive_timeout(Selector::any(), Duration::ZERO).await,
            None
        );
        me.send(me.pid(), 1, "").unwrap();
        me.send(me.pid(), 2, "").unwrap();
        assert_eq!(
            me.receive_timeout(Selector::tag(3), Duration::ZERO).await,
            None
        );
        assert!(
            me.receive_timeout(Selector::tag(2), Duration::ZERO)
                .await
                .is_some()
        );
        assert!(
            me.receive_timeout(Selector::any(), Duration::ZERO)
                .await
                .is_some()
        );
    });
}

/// Nobody else runs meanwhile, and the match may be the last of many that have just arrived.
#[test]
fn after_zero_does_not_block_and_looks_through_all() {
    on_seeds(|me| async move {
        let has_run = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&has_run);
        start(&me, move |_| async move {
            flag.store(true, Ordering::SeqCst);
            ExitReason::Normal
        });
        for tag in 0..500 {
            me.send(me.pid(), tag, "").unwrap();
        }
        let at_once = Duration::ZERO;
        assert_eq!(me.receive_timeout(Selector::tag(500), at_once).await, None);
        assert!(
            me.receive_timeout(Selector::tag(499), at_once)
                .await
                .is_some()
        );
        assert!(!has_run.load(Ordering::SeqCst));
    });
}

#[test]
fn after_not_early() {
    on_seeds(|me| async move {
        let parent = me.pid();
        for n_ms in 0..often(200) as u64 {
            start(&me, move |me| async move {
                let timeout = Duration::from_millis(n_ms % 37);
                let due = me.node().now() + timeout;
                assert_eq!(me.receive_timeout(Selector::any(), timeout).await, None);
                assert!(me.node().now() >= due);
                me.send(parent, 1, "").unwrap();
                ExitReason::Normal
            });
        }
        for _ in 0..often(200) {
            assert_eq!(next_message(&me).await.tag, 1);
        }
    });
}

/// Ten thousand wait at once, on the machine's clock.
#[test]
fn after_not_early_for_ten_thousand() {
    once_on_threads(|me| async move {
        let waiting = (0..10_000).map(|n_ms| {
            let spawned = me.spawn(child().monitor(), move |me| async move {
                let timeout = Duration::from_millis(n_ms % 20);
                let due = me.node().now() + timeout;
                assert_eq!(me.receive_timeout(Selector::any(), timeout).await, None);
                assert!(me.node().now() >= due);
                ExitReason::Normal
            });
            spawned.unwrap().monitor.unwrap()
        });
        let waiting: Vec<_> = waiting.collect();
        for monitor in waiting {
            assert_eq!(next_down(&me, monitor).await, ExitReason::Normal);
        }
    });
}

/// On the machine's clock as well, whatever it does to the threads.
#[test]
fn after_not_early_on_threads() {
    on_threads(|me| async move {
        let timeout = Duration::from_millis(2);
        let start = me.node().now();
        assert_eq!(me.receive_timeout(Selector::any(), timeout).await, None);
        assert!(me.node().now() >= start + timeout);
    });
}

#[test]
fn after_no_restart() {
    on_seeds(|me| async move {
        let parent = me.pid();
        start(&me, move |me| async move {
            for _ in 0..9 {
                me.sleep(Duration::from_millis(3)).await;
                me.send(parent, 1, "no match").unwrap();
            }
            ExitReason::Normal
        });
        let start = me.node().now();
        assert_eq!(
            me.receive_timeout(Selector::tag(2), Duration::from_millis(10))
                .await,
            None
        );
        assert_eq!(me.node().now() - start, Duration::from_millis(10));
    });
}

/// The longest timeout there is does no harm, and waiting for ever never times out.
#[test]
fn after_bad_value() {
    everywhere(|me| async move {
        let parent = me.pid();
        start(&me, move |me| async move {
            me.yield_now().await;
            me.send(parent, 1, "").unwrap();
            me.send(parent, 2, "").unwrap();
            ExitReason::Normal
        });
        assert!(
            me.receive_timeout(Selector::tag(2), Duration::MAX)
                .await
                .is_some()
        );
        assert!(
            me.receive_timeout(Selector::tag(1), Duration::from_millis(1 << 31))
                .await
                .is_some()
        );
    });
}

/// A reply does not pass through the mailbox, so what waits there does not matter.
#[test]
fn fresh_ref_cheap() {
    everywhere(|me| async move {
        const UNRELATED: usize = often(5_000);
        for _ in 0..UNRELATED {
            me.send(me.pid(), 1, "unrelated").unwrap();
        }
        let server = start(&me, |me| async move {
            loop {
                if let Event::Request(request) = next(&me).await {
                    me.reply(request.id, request.payload);
                }
            }
        });
        for n in 0..20_u8 {
            assert_eq!(me.call(server, 0, [n], None).await.unwrap().as_slice(), [n]);
        }
        assert_eq!(
            me.node().process_info(me.pid()).unwrap().mailbox_len,
            UNRELATED
        );
    });
}

#[test]
fn exit_beats_timeout() {
    on_seeds(|me| async move {
        let delay = Duration::from_millis(5);
        let victims: Vec<_> = (0..20)
            .map(|_| {
                let spawned = me.spawn(child().monitor(), move |me| async move {
                    me.receive_timeout(Selector::any(), delay).await;
                    me.receive(Selector::any()).await;
                    ExitReason::Normal
                });
                spawned.unwrap()
            })
            .collect();
        me.sleep(delay).await;
        for victim in &victims {
            me.exit_signal(victim.pid, boom());
        }
        for victim in victims {
            assert_eq!(next_down(&me, victim.monitor.unwrap()).await, boom());
        }
    });
}

/// A receive that is dropped while it waits loses nothing, and leaves no timer.
#[test]
fn a_receive_that_is_given_up_loses_nothing() {
    everywhere(|me| async move {
        {
            let mut given_up = pin!(me.receive_timeout(Selector::any(), Duration::from_secs(60)));
            std::future::poll_fn(|task| {
                assert!(given_up.as_mut().poll(task).is_pending());
                Poll::Ready(())
            })
            .await;
            assert_eq!(me.node().pending(), (1, 0));
        }
        assert_eq!(me.node().pending(), (0, 0));
        me.send(me.pid(), 1, "").unwrap();
        assert_eq!(next_message(&me).await.tag, 1);
    });
}

/// Two receives of one process at the same time: each event goes to one of them, and both are woken.
#[test]
fn two_receives_at_once_share_the_mailbox() {
    everywhere(|me| async move {
        let parent = me.pid();
        start(&me, move |me| async move {
            for tag in [9, 2, 9, 1] {
                me.send(parent, tag, "").unwrap();
                me.yield_now().await;
            }
            ExitReason::Normal
        });
        let mut first = pin!(me.receive(Selector::tag(1)));
        let mut second = pin!(me.receive(Selector::tag(2)));
        let mut taken = (false, false);
        std::future::poll_fn(|task| {
            taken.0 = taken.0 || first.as_mut().poll(task).is_ready();
            taken.1 = taken.1 || second.as_mut().poll(task).is_ready();
            if taken == (true, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        assert_eq!(next_message(&me).await.tag, 9);
        assert_eq!(next_message(&me).await.tag, 9);
    });
}
