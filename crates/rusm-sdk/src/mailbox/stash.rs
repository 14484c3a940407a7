//! Events that were taken out of the host's mailbox and not used: they are received before all others.
//!
//! A selector cannot ask for exit events alone, so whoever must remove one takes everything of its sender
//! and puts back the rest. Events of one sender keep their order: all of them are taken, or none.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::{Event, Selector};
use crate::{Pid, Reference};

thread_local! {
    /// Oldest first.
    static STASH: RefCell<VecDeque<Event>> = const { RefCell::new(VecDeque::new()) };
}

/// The oldest that matches; without a selector, the oldest.
pub(super) fn take(selector: Option<&Selector>) -> Option<Event> {
    STASH.with_borrow_mut(|stash| {
        // Hardly ever anything is here, and every receive looks.
        if stash.is_empty() {
            return None;
        }
        let matches = |event: &Event| selector.is_none_or(|selector| selector.matches(event));
        let place = stash.iter().position(matches)?;
        stash.remove(place)
    })
}

thread_local! {
    /// The request of this sender with this tag is held back, and this is it.
    static HELD: RefCell<Held> = const { RefCell::new(Held { wanted: None, event: None }) };
}

#[derive(Default)]
struct Held {
    wanted: Option<(Pid, u64)>,
    event: Option<Event>,
}

pub(super) fn begin_to_hold(sender: Pid, tag: u64) {
    HELD.with_borrow_mut(|held| held.wanted = Some((sender, tag)));
}

/// Whether it is the one to be held back, which is none yet: nobody else, and nobody twice, fills this process's memory with it.
pub(super) fn is_held(event: &Event) -> bool {
    let Event::Request(request) = event else {
        return false;
    };
    let is_it = (request.sender, request.tag);
    HELD.with_borrow(|held| held.wanted == Some(is_it) && held.event.is_none())
}

pub(super) fn hold(event: Event) {
    HELD.with_borrow_mut(|held| held.event = Some(event));
}

/// Gives it back. It comes before what was put back meanwhile: it is older than all that its sender sent later.
pub(super) fn end_of_hold() {
    let held = HELD.take();
    STASH.with_borrow_mut(|stash| {
        if let Some(event) = held.event {
            stash.push_front(event);
        }
    });
}

/// Puts an event behind those that were put back before.
pub(crate) fn put_back(event: Event) {
    STASH.with_borrow_mut(|stash| stash.push_back(event));
}

/// Drops the `Down` of a monitor that was given up.
pub(crate) fn forget(monitor: Reference) {
    STASH.with_borrow_mut(|stash| {
        stash.retain(|event| !matches!(event, Event::Down(down) if down.monitor == monitor));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ExitReason;
    use crate::mailbox::{Down, Exit, Message};

    fn pid(number: u64) -> Pid {
        Pid::from_u64(number).unwrap()
    }

    fn message(sender: u64, tag: u64) -> Event {
        Event::Message(Message {
            sender: pid(sender),
            tag,
            payload: Vec::new(),
        })
    }

    fn down(monitor: u64) -> Event {
        Event::Down(Down {
            monitor: Reference::from_u64(monitor).unwrap(),
            process: pid(3),
            reason: ExitReason::Normal,
        })
    }

    #[test]
    fn what_was_put_back_is_received_selectively_and_in_order() {
        let exit = Event::Exit(Exit {
            sender: pid(3),
            reason: ExitReason::Killed,
        });
        for event in [message(3, 1), message(3, 2), down(7), exit.clone()] {
            put_back(event);
        }
        assert_eq!(take(Some(&Selector::any().tags([9]))), None);
        assert_eq!(take(Some(&Selector::any().sender(pid(4)))), None);
        assert_eq!(
            take(Some(&Selector::any().tags([2, 9]))),
            Some(message(3, 2))
        );
        let monitor = Reference::from_u64(7).unwrap();
        assert_eq!(take(Some(&Selector::any().monitor(monitor))), Some(down(7)));
        assert_eq!(
            take(Some(&Selector::any().sender(pid(3)))),
            Some(message(3, 1))
        );
        assert_eq!(take(None), Some(exit));
        assert_eq!(take(None), None);
    }

    fn request(sender: u64, tag: u64) -> Event {
        Event::Request(crate::mailbox::Request {
            id: Reference::from_u64(9).unwrap(),
            sender: pid(sender),
            tag,
            payload: Vec::new(),
        })
    }

    #[test]
    fn what_is_held_back_comes_first_when_that_is_over() {
        assert!(!is_held(&request(3, 7)));
        begin_to_hold(pid(3), 7);
        assert!(is_held(&request(3, 7)));
        for other in [request(3, 8), request(4, 7), message(3, 7)] {
            assert!(!is_held(&other));
        }
        hold(request(3, 7));
        // One is enough: it is not for others to fill this memory.
        assert!(!is_held(&request(3, 7)));
        put_back(message(3, 1));
        end_of_hold();
        assert!(!is_held(&request(3, 7)));
        assert_eq!(take(None), Some(request(3, 7)));
        assert_eq!(take(None), Some(message(3, 1)));
        assert_eq!(take(None), None);
    }

    #[test]
    fn a_monitor_that_was_given_up_leaves_nothing() {
        put_back(down(1));
        put_back(down(2));
        forget(Reference::from_u64(1).unwrap());
        assert_eq!(take(None), Some(down(2)));
        assert_eq!(take(None), None);
    }
}
