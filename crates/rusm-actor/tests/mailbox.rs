//! Mailbox bounds: what no OTP process has.

use crate::support::*;
use rusm_actor::{Event, MailboxBounds, Selector, SendError};

/// A bound of so many messages.
fn few(messages: usize) -> MailboxBounds {
    MailboxBounds {
        messages,
        bytes: 1_000,
    }
}

#[test]
fn a_full_mailbox_refuses_messages_and_tells_the_sender() {
    everywhere(|me| async move {
        let parent = me.pid();
        let receiver = me.spawn(child().bounds(few(3)), move |me| async move {
            me.receive(Selector::tag(3)).await;
            me.send(parent, 0, "took one").unwrap();
            wait_for_ever(me).await
        });
        let receiver = receiver.unwrap().pid;
        for tag in 1..=3 {
            assert_eq!(me.send(receiver, tag, ""), Ok(()));
        }
        next_message(&me).await;
        // Two wait that the receiver does not look for: room for one.
        assert_eq!(me.send(receiver, 4, ""), Ok(()));
        assert_eq!(me.send(receiver, 5, ""), Err(SendError::MailboxFull));
        assert_eq!(me.node().process_info(receiver).unwrap().mailbox_len, 3);
    });
}

#[test]
fn bytes_are_bounded_too() {
    everywhere(|me| async move {
        let receiver = me
            .spawn(child().bounds(few(100)), wait_for_ever)
            .unwrap()
            .pid;
        assert_eq!(
            me.send(receiver, 0, vec![0; 1_001]),
            Err(SendError::MailboxFull)
        );
        assert_eq!(me.send(receiver, 0, vec![0; 600]), Ok(()));
        assert_eq!(
            me.send(receiver, 0, vec![0; 401]),
            Err(SendError::MailboxFull)
        );
        assert_eq!(me.send(receiver, 0, vec![0; 400]), Ok(()));
        assert_eq!(
            me.send(receiver, 0, ""),
            Ok(()),
            "nothing is always room for"
        );
    });
}

/// Signals and replies go through a full mailbox.
#[test]
fn signals_and_replies_pass_a_full_mailbox() {
    everywhere(|me| async move {
        let options = child().bounds(few(2)).monitor();
        let parent = me.pid();
        let full = me.spawn(options, move |me| async move {
            me.trap_exits(true);
            me.receive(Selector::tag(1)).await;
            let reply = me.call(parent, 9, "", None).await.unwrap();
            assert_eq!(reply.as_slice(), b"reply");
            let ended = me
                .spawn(child().monitor().link(), |_| async { boom() })
                .unwrap();
            next_down(&me, ended.monitor.unwrap()).await;
            me.receive(Selector {
                sender: Some(ended.pid),
                ..Selector::default()
            })
            .await;
            wait_for_ever(me).await
        });
        let full = full.unwrap();
        me.send(full.pid, 1, "").unwrap();
        let Event::Request(request) = next(&me).await else {
            panic!()
        };
        me.send(full.pid, 0, "").unwrap();
        me.send(full.pid, 0, "").unwrap();
        assert_eq!(me.send(full.pid, 0, ""), Err(SendError::MailboxFull));
        me.reply(request.id, "reply");
        me.kill(full.pid);
        next_down(&me, full.monitor.unwrap()).await;
    });
}

#[test]
fn a_broadcast_counts_who_took_it() {
    on_seeds(|me| async move {
        for bounds in [few(0), few(1), few(0), few(5)] {
            me.spawn(child().bounds(bounds), |me| async move {
                me.join(name("g"));
                wait_for_ever(me).await
            })
            .unwrap();
        }
        settle_simulation(&me).await;
        assert_eq!(me.broadcast("g", 1, ""), 2);
        assert_eq!(me.broadcast("g", 1, ""), 1);
    });
}

/// Concurrent senders never overfill.
#[test]
fn the_bound_holds_against_many_senders() {
    on_threads(|me| async move {
        let receiver = me
            .spawn(child().bounds(few(100)), wait_for_ever)
            .unwrap()
            .pid;
        let parent = me.pid();
        for _ in 0..4 {
            start(&me, move |me| async move {
                let n_taken = (0..100)
                    .filter(|_| me.send(receiver, 0, "").is_ok())
                    .count();
                me.send(parent, u64::try_from(n_taken).unwrap(), "")
                    .unwrap();
                wait_for_ever(me).await
            });
        }
        let mut n_taken = 0;
        for _ in 0..4 {
            n_taken += next_message(&me).await.tag;
        }
        assert_eq!(n_taken, 100);
        assert_eq!(me.node().process_info(receiver).unwrap().mailbox_len, 100);
    });
}
