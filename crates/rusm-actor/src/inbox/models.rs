//! The inbox under every schedule of its senders and its owner.

use super::*;
use crate::id::Pid;
use crate::message::Message;
use crate::sync::{Arc, explore};
use loom::thread;

fn message(sender: u64, tag: u64) -> Envelope {
    Envelope::Message(Message {
        from: Pid::from_u64(sender).unwrap(),
        tag,
        payload: [0; 10].into(),
    })
}

fn inbox(messages: usize) -> Arc<Inbox> {
    Arc::new(Inbox::new(
        MailboxBounds {
            messages,
            bytes: 10 * messages,
        },
        None,
    ))
}

/// Sender and tag of each message, in order.
fn read(envelopes: impl IntoIterator<Item = Envelope>) -> Vec<(u64, u64)> {
    let read = |envelope| match envelope {
        Envelope::Message(message) => (message.from.as_u64(), message.tag),
        Envelope::Request(_) | Envelope::Reply { .. } | Envelope::Signal(_) => {
            panic!("nobody sent {envelope:?}")
        }
    };
    envelopes.into_iter().map(read).collect()
}

/// OTP statement 014: two senders push while the owner takes; every message is there once, those of one
/// sender in the order sent.
#[test]
fn nothing_is_lost_or_doubled_and_every_sender_keeps_its_order() {
    explore(None, || {
        let inbox = inbox(4);
        let senders = [1, 2].map(|sender| {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || {
                for tag in 0..2 {
                    inbox.accept(message(sender, tag)).unwrap();
                }
            })
        });
        let mut taken = Vec::new();
        for _ in 0..2 {
            let mut batch = inbox.take();
            taken.extend(read(batch.drain()));
            inbox.recycle(batch);
        }
        for sender in senders {
            sender.join().unwrap();
        }
        taken.extend(read(inbox.take().drain()));
        for sender in [1, 2] {
            let tags = taken.iter().filter(|(from, _)| *from == sender);
            assert!(tags.map(|(_, tag)| *tag).eq(0..2), "{taken:?}");
        }
        assert_eq!(taken.len(), 4);
    });
}

/// The death sequence: what was accepted is handed out by the last take or by `close`, and who was refused
/// once is refused for good.
#[test]
fn close_hands_out_what_was_accepted_and_refuses_everybody_after() {
    explore(None, || {
        let inbox = inbox(4);
        inbox.reserve(10).unwrap();
        let sender = {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || {
                let results = [0, 1].map(|tag| inbox.accept(message(1, tag)));
                assert!(results[0].is_ok() || results[1].is_err());
                results.into_iter().filter(Result::is_ok).count()
            })
        };
        let timer = {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || usize::from(inbox.accept_reserved(message(2, 0)).is_ok()))
        };
        let mut handed_out = read(inbox.take().drain());
        handed_out.extend(read(inbox.close()));
        let n_accepted = sender.join().unwrap() + timer.join().unwrap();
        assert_eq!(handed_out.len(), n_accepted, "{handed_out:?}");
        assert_eq!(inbox.accept(message(1, 2)), Err(Refused::Closed));
        assert_eq!(inbox.take().drain().count(), 0);
    });
}

/// Counts what the bound is about, in the order in which things really happen in a run.
#[derive(Default)]
struct Held(std::sync::atomic::AtomicUsize);

impl Held {
    fn add(&self, bound: usize) {
        let n_held = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(n_held <= bound, "{n_held} messages in a mailbox of {bound}");
    }

    fn take_back(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The bound holds at every moment, though the owner gives room back without the lock; and no room is
/// lost: when all is quiet the mailbox takes exactly as many as it should.
#[test]
fn the_bound_is_never_exceeded_and_no_room_is_lost() {
    const BOUND: usize = 2;
    explore(Some(3), || {
        let (inbox, held) = (inbox(BOUND), Arc::new(Held::default()));
        let senders = [1, 2].map(|sender| {
            let (inbox, held) = (Arc::clone(&inbox), Arc::clone(&held));
            thread::spawn(move || {
                for tag in 0..2 {
                    match inbox.accept(message(sender, tag)) {
                        Ok(()) => held.add(BOUND),
                        refused => assert_eq!(refused, Err(Refused::Full)),
                    }
                }
            })
        });
        take_and_release(&inbox, &held);
        for sender in senders {
            sender.join().unwrap();
        }
        take_and_release(&inbox, &held);
        assert_eq!(inbox.load(), (0, 0));
        assert_room(&inbox, BOUND);
    });
}

/// What the owner does with a batch, one message at a time.
fn take_and_release(inbox: &Inbox, held: &Held) {
    for _ in inbox.take().drain() {
        held.take_back();
        inbox.release(10);
    }
}

fn assert_room(inbox: &Inbox, room: usize) {
    for _ in 0..room {
        assert_eq!(inbox.accept(message(3, 0)), Ok(()));
    }
    assert_eq!(inbox.accept(message(3, 0)), Err(Refused::Full));
}

/// Room that pending timers hold counts against the bound, is handed over when they fire and given back when
/// they are cancelled, each exactly once.
#[test]
fn reserved_room_is_handed_over_or_given_back_once() {
    const BOUND: usize = 2;
    explore(None, || {
        let (inbox, held) = (inbox(BOUND), Arc::new(Held::default()));
        let fires = {
            let (inbox, held) = (Arc::clone(&inbox), Arc::clone(&held));
            thread::spawn(move || {
                if inbox.reserve(10).is_ok() {
                    held.add(BOUND);
                    inbox.accept_reserved(message(1, 0)).unwrap();
                }
            })
        };
        let is_cancelled = {
            let (inbox, held) = (Arc::clone(&inbox), Arc::clone(&held));
            thread::spawn(move || {
                if inbox.reserve(10).is_ok() {
                    held.add(BOUND);
                    held.take_back();
                    inbox.release_reserved(10);
                }
                if inbox.accept(message(2, 0)).is_ok() {
                    held.add(BOUND);
                }
            })
        };
        take_and_release(&inbox, &held);
        fires.join().unwrap();
        is_cancelled.join().unwrap();
        take_and_release(&inbox, &held);
        assert_eq!(inbox.load(), (0, 0));
        assert_room(&inbox, BOUND);
    });
}
