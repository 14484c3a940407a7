//! Bounds, closing, and which slice follows.

use super::*;
use crate::id::Pid;
use crate::message::Message;
use crate::signal::Signal;

fn message(bytes: usize) -> Envelope {
    Envelope::Message(Message {
        from: Pid::from_u64(1 << 24).unwrap(),
        tag: 0,
        payload: vec![0; bytes].into(),
    })
}

/// A million processes that have answered one message each keep this.
#[test]
fn the_first_that_waits_takes_room_for_one() {
    let inbox = Inbox::new(MailboxBounds::default(), None);
    assert_eq!(inbox.accept(message(10)), Ok(()));
    assert_eq!(inbox.queue.lock().envelopes.capacity(), 1);
}

#[test]
fn bound_sheds_messages_and_never_signals() {
    let inbox = Inbox::new(
        MailboxBounds {
            messages: 2,
            bytes: 100,
        },
        None,
    );
    assert_eq!(inbox.accept(message(10)), Ok(()));
    assert_eq!(inbox.accept(message(91)), Err(Refused::Full));
    assert_eq!(inbox.accept(message(90)), Ok(()));
    assert_eq!(inbox.accept(message(0)), Err(Refused::Full));
    assert_eq!(inbox.accept(Envelope::Signal(Signal::Kill)), Ok(()));
    inbox.release(10);
    assert_eq!(inbox.accept(message(10)), Ok(()));
    assert_eq!(inbox.load(), (2, 100));
}

#[test]
fn reserved_room_counts_against_the_bound_but_not_as_waiting() {
    let inbox = Inbox::new(
        MailboxBounds {
            messages: 2,
            bytes: 100,
        },
        None,
    );
    assert_eq!(inbox.reserve(60), Ok(()));
    assert_eq!(inbox.load(), (0, 0));
    assert_eq!(inbox.accept(message(41)), Err(Refused::Full));
    assert_eq!(inbox.reserve(40), Ok(()));
    assert_eq!(inbox.reserve(0), Err(Refused::Full));
    assert_eq!(inbox.accept_reserved(message(60)), Ok(()));
    assert_eq!(inbox.load(), (1, 60));
    inbox.release_reserved(40);
    inbox.release(60);
    assert_eq!(inbox.accept(message(100)), Ok(()));
    assert_eq!(inbox.load(), (1, 100));
}

#[test]
fn closed_inbox_takes_nothing_and_hands_out_the_rest() {
    let inbox = Inbox::new(MailboxBounds::default(), None);
    inbox.accept(message(1)).unwrap();
    assert_eq!(inbox.close().len(), 1);
    assert_eq!(
        inbox.accept(Envelope::Signal(Signal::Kill)),
        Err(Refused::Closed)
    );
    assert_eq!(inbox.reserve(1), Err(Refused::Closed));
}
/// Bytes count from when they are charged, by message or by timer, until they are taken or nobody can
/// take them any more.
#[test]
fn the_ceiling_of_the_node_holds_over_all_inboxes() {
    let ceiling = Arc::new(Ceiling::new(100));
    let inbox = || Inbox::new(MailboxBounds::default(), Some(Arc::clone(&ceiling)));
    let (first, second) = (inbox(), inbox());
    first.accept(message(60)).unwrap();
    second.reserve(30).unwrap();
    assert_eq!(second.accept(message(11)), Err(Refused::Full));
    assert_eq!(first.reserve(11), Err(Refused::Full));
    second.accept(message(10)).unwrap();
    assert_eq!(ceiling.held(), 100);
    second.release_reserved(30);
    first.take();
    first.release(60);
    assert_eq!(ceiling.held(), 10);
    first.reserve(40).unwrap();
    first.accept_reserved(message(40)).unwrap();
    first.reserve(5).unwrap();
    // Whoever holds it after its end holds no room.
    assert_eq!(first.close().len(), 1);
    assert_eq!(ceiling.held(), 10);
    first.release_reserved(5);
    assert_eq!(ceiling.held(), 10);
    drop((first, second));
    assert_eq!(ceiling.held(), 0);
}

fn task() -> Task {
    Task {
        body: Box::pin(std::future::pending()),
        waker: std::task::Waker::noop().clone(),
    }
}

/// A slice that has read the only message which arrived meanwhile needs no other.
#[test]
fn a_lone_message_that_is_read_asks_for_no_other_slice() {
    let inbox = Inbox::new(MailboxBounds::default(), None);
    assert!(inbox.begin().batch.is_none());
    inbox.accept(message(1)).unwrap();
    assert!(matches!(
        inbox.take_lone(&Selector::any()),
        Lone::Message(_)
    ));
    assert_eq!(inbox.load(), (0, 0));
    assert_eq!(inbox.end(task()), Ended::Rest);
}

/// Another part of the body may wait for what was acted upon before it.
#[test]
fn a_lone_message_behind_a_reply_leaves_the_other_slice_asked_for() {
    let id = crate::id::Ref::from_u64(1).unwrap();
    let from = Pid::from_u64(1 << 24).unwrap();
    let inbox = Inbox::new(MailboxBounds::default(), None);
    assert!(inbox.begin().batch.is_none());
    let payload = [].into();
    let reply = Envelope::Reply { id, from, payload };
    inbox.accept(reply).unwrap();
    assert_eq!(inbox.take_lone(&Selector::any()), Lone::More);
    assert_eq!(inbox.take().drain().count(), 1);
    inbox.accept(message(1)).unwrap();
    assert!(matches!(
        inbox.take_lone(&Selector::any()),
        Lone::Message(_)
    ));
    assert_eq!(inbox.end(task()), Ended::Requeue);
}

/// Messages wait until they are asked for; everything else, and what stood before it, is handed out first.
#[test]
fn a_slice_begins_with_what_must_be_acted_upon() {
    let inbox = Inbox::new(MailboxBounds::default(), None);
    inbox.accept(message(1)).unwrap();
    assert!(inbox.begin().batch.is_none());
    assert_eq!(inbox.end(task()), Ended::Rest);
    inbox.accept(Envelope::Signal(Signal::Kill)).unwrap();
    let mut batch = inbox.begin().batch.unwrap();
    assert_eq!(batch.drain().count(), 2);
    assert!(!inbox.is_waiting());
}
