//! Timers (OTP statements 073 to 080).

use crate::support::*;
use rusm_actor::{ExitReason, MailboxBounds, Ref, Selector, SendError};
use std::time::Duration;

fn ms(n_ms: u64) -> Duration {
    Duration::from_millis(n_ms)
}

#[test]
fn timer_once() {
    on_seeds(|me| async move {
        let start = me.node().now();
        me.send_after(ms(10), me.pid(), 1, "tick").unwrap();
        let message = next_message(&me).await;
        assert_eq!((message.tag, message.from), (1, me.pid()));
        assert_eq!(me.node().now() - start, ms(10));
        silence(&me).await;
    });
}

#[test]
fn timer_once_on_threads() {
    on_threads(|me| async move {
        let start = me.node().now();
        me.send_after(ms(1), me.pid(), 1, "").unwrap();
        assert_eq!(next_message(&me).await.tag, 1);
        assert!(me.node().now() >= start + ms(1));
    });
}

#[test]
fn timer_cancel() {
    on_seeds(|me| async move {
        let timer = me.send_after(ms(10), me.pid(), 1, "").unwrap();
        me.sleep(ms(4)).await;
        assert_eq!(me.cancel_timer(timer), Some(ms(6)));
        assert_eq!(me.cancel_timer(timer), None);
        assert_eq!(me.cancel_timer(Ref::from_u64(12_345).unwrap()), None);
        silence(&me).await;
        let fired = me.send_after(ms(1), me.pid(), 2, "").unwrap();
        assert_eq!(next_message(&me).await.tag, 2);
        assert_eq!(me.cancel_timer(fired), None);
        assert_eq!(me.node().pending(), (0, 0));
    });
}

/// Reading answers what cancelling would, and changes nothing.
#[test]
fn timer_cancel_after_reading() {
    on_seeds(|me| async move {
        let timer = me.send_after(ms(10), me.pid(), 1, "").unwrap();
        assert_eq!(me.read_timer(timer), Some(ms(10)));
        me.sleep(ms(4)).await;
        assert_eq!(me.read_timer(timer), Some(ms(6)));
        assert_eq!(me.read_timer(timer), Some(ms(6)));
        assert_eq!(next_message(&me).await.tag, 1);
        assert_eq!(me.read_timer(timer), None);
        let cancelled = me.send_after(ms(10), me.pid(), 2, "").unwrap();
        assert_eq!(me.cancel_timer(cancelled), Some(ms(10)));
        assert_eq!(me.read_timer(cancelled), None);
        assert_eq!(me.read_timer(Ref::from_u64(12_345).unwrap()), None);
    });
}

/// Cancel against expiry, on the machine's clock: exactly one of the two happens.
#[test]
fn timer_race() {
    on_threads(|me| async move {
        let mut n_delivered = 0;
        let mut n_cancelled = 0;
        for n in 0..100_u64 {
            let timer = me
                .send_after(Duration::from_micros(n % 50), me.pid(), n, "")
                .unwrap();
            for _ in 0..n % 7 {
                me.yield_now().await;
            }
            if me.cancel_timer(timer).is_some() {
                n_cancelled += 1;
            } else {
                assert_eq!(next_message(&me).await.tag, n);
                n_delivered += 1;
            }
        }
        assert_eq!(n_cancelled + n_delivered, 100);
        // What was cancelled does not come late: a timer that is armed now comes next.
        me.send_after(ms(1), me.pid(), 1_000, "").unwrap();
        assert_eq!(next_message(&me).await.tag, 1_000);
        assert_eq!(me.node().pending().0, 0);
    });
}

#[test]
fn timer_order() {
    on_seeds(|me| async move {
        for n_ms in [7, 3, 9, 1, 5, 8, 2] {
            me.send_after(ms(n_ms), me.pid(), n_ms, "").unwrap();
        }
        let mut tags = Vec::new();
        for _ in 0..7 {
            tags.push(next_message(&me).await.tag);
        }
        assert_eq!(tags, [1, 2, 3, 5, 7, 8, 9]);
    });
}

/// Timers go with their receiver, not with who armed them.
#[test]
fn timer_dead_dest() {
    everywhere(|me| async move {
        let receiver = start_waiting(&me);
        for _ in 0..10 {
            me.send_after(Duration::from_secs(60), receiver, 1, "")
                .unwrap();
        }
        assert_eq!(me.node().pending(), (10, 0));
        let monitor = me.monitor(receiver);
        me.kill(receiver);
        next_down(&me, monitor).await;
        // The dead take no timers, and its own go before the node reports it gone.
        me.send_after(Duration::from_secs(60), receiver, 1, "")
            .unwrap();
        let other = start(&me, move |me| async move {
            me.send_after(ms(1), me.parent().unwrap(), 5, "").unwrap();
            ExitReason::Normal
        });
        assert_eq!(next_message(&me).await.tag, 5);
        end_of(&me, other).await;
        while me.node().pending() != (0, 0) {
            me.yield_now().await;
        }
    });
}

#[test]
fn timer_name_dest() {
    on_seeds(|me| async move {
        me.send_after(ms(1), name("later"), 1, "nobody there")
            .unwrap();
        me.sleep(ms(2)).await;
        me.send_after(ms(5), name("later"), 2, "").unwrap();
        me.register(name("later")).unwrap();
        assert_eq!(next_message(&me).await.tag, 2);
        silence(&me).await;
    });
}

#[test]
fn timer_bad() {
    on_seeds(|me| async move {
        for delay in [Duration::MAX, ms(1 << 31), ms(1 << 60)] {
            let timer = me.send_after(delay, me.pid(), 1, "").unwrap();
            assert!(me.cancel_timer(timer).is_some_and(|left| left <= delay));
        }
        // One that can never come due does not keep a simulation from its end.
        me.send_after(Duration::MAX, me.pid(), 1, "").unwrap();
    });
}

/// 2^31 ms, over three weeks, come due to the millisecond; time is the node's own and no wall clock's.
#[test]
fn timer_monotonic() {
    on_seeds(|me| async move {
        let start = me.node().now();
        me.send_after(ms(1 << 31), me.pid(), 1, "").unwrap();
        assert_eq!(next_message(&me).await.tag, 1);
        assert_eq!(me.node().now() - start, ms(1 << 31));
    });
    on_threads(|me| async move {
        let mut last = me.node().now();
        for _ in 0..1_000 {
            let now = me.node().now();
            assert!(now >= last, "time ran backwards");
            last = now;
            me.yield_now().await;
        }
    });
}

/// A pending timer holds room in its receiver's mailbox: timers are bounded as messages are, and one that
/// was armed is always delivered.
#[test]
fn timers_are_bounded_by_their_receiver() {
    on_seeds(|me| async move {
        let parent = me.pid();
        let bounds = MailboxBounds {
            messages: 3,
            bytes: 100,
        };
        let receiver = me.spawn(child().bounds(bounds), move |me| async move {
            me.receive(Selector::tag(9)).await;
            for _ in 0..2 {
                let tag = next_message(&me).await.tag;
                me.send(parent, tag, "").unwrap();
            }
            ExitReason::Normal
        });
        let receiver = receiver.unwrap().pid;
        me.send_after(ms(5), receiver, 1, "").unwrap();
        me.send_after(ms(6), receiver, 2, "").unwrap();
        let third = me.send_after(ms(7), receiver, 3, "").unwrap();
        assert_eq!(
            me.send_after(ms(1), receiver, 4, ""),
            Err(SendError::MailboxFull)
        );
        assert_eq!(me.send(receiver, 5, ""), Err(SendError::MailboxFull));
        assert_eq!(
            me.node().process_info(receiver).unwrap().mailbox_len,
            0,
            "nothing has arrived"
        );
        assert_eq!(me.cancel_timer(third), Some(ms(7)));
        me.sleep(ms(6)).await;
        assert_eq!(me.node().process_info(receiver).unwrap().mailbox_len, 2);
        me.send(receiver, 9, "").unwrap();
        assert_eq!(
            (next_message(&me).await.tag, next_message(&me).await.tag),
            (1, 2)
        );
    });
}

/// Arming against the end of the receiver: no timer is left behind, whoever is first.
#[test]
fn timers_armed_while_the_receiver_ends_are_dropped() {
    on_threads(|me| async move {
        for _ in 0..100 {
            let receiver = start(&me, |_| async { ExitReason::Normal });
            for _ in 0..3 {
                me.send_after(Duration::from_secs(60), receiver, 1, "")
                    .unwrap();
            }
            end_of(&me, receiver).await;
        }
        while me.node().pending() != (0, 0) {
            me.yield_now().await;
        }
    });
}

/// A timer addressed to a name holds room in the mailbox of whoever armed it, and vanishes with that
/// process: nobody can fill the node with timers that nobody owns.
#[test]
fn timers_to_names_are_bounded_by_and_vanish_with_their_owner() {
    on_seeds(|me| async move {
        let bounds = MailboxBounds {
            messages: 2,
            bytes: 100,
        };
        me.register(name("me")).unwrap();
        let owner = me.spawn(child().bounds(bounds).monitor(), |owner| async move {
            owner.send_after(ms(1), name("me"), 1, "").unwrap();
            owner.send_after(ms(50), name("me"), 2, "").unwrap();
            let third = owner.send_after(ms(50), name("me"), 3, "");
            assert_eq!(third, Err(SendError::MailboxFull));
            owner.sleep(ms(10)).await;
            owner.send_after(ms(50), name("nobody"), 4, "").unwrap();
            ExitReason::Normal
        });
        assert_eq!(next_message(&me).await.tag, 1);
        let monitor = owner.unwrap().monitor.unwrap();
        assert_eq!(next_down(&me, monitor).await, ExitReason::Normal);
        assert_eq!(me.node().pending(), (0, 0));
        silence(&me).await;
    });
}
