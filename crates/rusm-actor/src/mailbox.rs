//! What a process has received and not yet taken, and how it chooses: [`Selector`].
//!
//! # Ownership
//! Only the owning process touches its mailbox. A blocked receive keeps a [`Cursor`], so that each
//! event is compared with its selector once, however many arrive.

use crate::id::{Pid, Ref};
use crate::inbox::MailboxBounds;
use crate::message::{Event, Message};
use std::collections::VecDeque;

/// What a receive looks for; an event matches when every field that is set matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Any of these tags. Exit and down notices have none and do not match when this is set.
    pub tags: Option<Vec<u64>>,
    /// This sender: of a message, a request or an exit notice, or the process that went down.
    pub sender: Option<Pid>,
    /// The down notice of this monitor.
    pub monitor: Option<Ref>,
}

impl Selector {
    /// Matches everything.
    pub fn any() -> Self {
        Self::default()
    }

    /// Matches messages and requests with this tag.
    pub fn tag(tag: u64) -> Self {
        Self {
            tags: Some(vec![tag]),
            ..Self::default()
        }
    }

    /// Matches the down notice of this monitor.
    pub fn down(monitor: Ref) -> Self {
        Self {
            monitor: Some(monitor),
            ..Self::default()
        }
    }

    /// Whether a receive with this selector takes the event.
    pub fn matches(&self, event: &Event) -> bool {
        match event {
            Event::Message(message) => self.matches_message(message),
            Event::Request(request) => self.fits(Some(request.tag), request.from, None),
            Event::Exit { from, .. } => self.fits(None, *from, None),
            Event::Down { monitor, pid, .. } => self.fits(None, *pid, Some(*monitor)),
        }
    }

    pub(crate) fn matches_message(&self, message: &Message) -> bool {
        self.fits(Some(message.tag), message.from, None)
    }

    fn fits(&self, tag: Option<u64>, sender: Pid, monitor: Option<Ref>) -> bool {
        let tag_fits = self
            .tags
            .as_ref()
            .is_none_or(|tags| tag.is_some_and(|tag| tags.contains(&tag)));
        tag_fits
            && self.sender.is_none_or(|wanted| wanted == sender)
            && self.monitor.is_none_or(|wanted| Some(wanted) == monitor)
    }
}

/// A queue that grew beyond this many events is given back when it has run empty.
const KEPT_MAX: usize = 256;

/// How far one receive has looked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor {
    position: usize,
    removals: u64,
}

/// Exit notices that the process has not asked for: anybody may cause them, so their number is bounded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unasked {
    count: usize,
    /// Of their reasons' texts.
    bytes: usize,
}

impl Unasked {
    /// As many may wait as messages, beside these.
    pub(crate) fn has_room(self, bytes: usize, bounds: MailboxBounds) -> bool {
        let sum = self.bytes.checked_add(bytes);
        self.count < bounds.messages && sum.is_some_and(|sum| sum <= bounds.bytes)
    }

    pub(crate) fn add(&mut self, bytes: usize) {
        self.count += 1;
        self.bytes += bytes;
    }

    fn take_back(&mut self, bytes: usize) {
        self.count -= 1;
        self.bytes -= bytes;
    }
}

/// An event, and in whose account it is.
#[derive(Debug)]
struct Waiting {
    event: Event,
    account: Account,
}

/// What bounds the number of such events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Account {
    /// The bounds of the mailbox, charged by the inbox.
    Sender,
    /// The links and monitors that the process has asked for.
    Asked,
    /// [`Unasked`].
    Unasked,
}

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    events: VecDeque<Waiting>,
    /// Counts removals; a cursor from before one starts anew.
    removals: u64,
    n_asked: usize,
    /// Of the reasons' texts.
    asked_bytes: usize,
    unasked: Unasked,
    /// Comparisons made, for tests that count work.
    #[cfg(test)]
    pub(crate) n_compared: usize,
}

impl Mailbox {
    /// Puts a message or a request at the end.
    pub(crate) fn push(&mut self, event: Event) {
        let account = Account::Sender;
        self.events.push_back(Waiting { event, account });
    }

    /// Puts a notice at the end that the process has asked for, by a link or a monitor. It is never shed; but when the texts of the
    /// reasons that wait would be more than the mailbox holds of messages, it comes without its own.
    pub(crate) fn push_asked(&mut self, event: Event, bounds: MailboxBounds) {
        let sum = self.asked_bytes.checked_add(reason_bytes(&event));
        let has_room = sum.is_some_and(|sum| sum <= bounds.bytes);
        let event = if has_room { event } else { without_text(event) };
        self.n_asked += 1;
        self.asked_bytes += reason_bytes(&event);
        let account = Account::Asked;
        self.events.push_back(Waiting { event, account });
    }

    /// Puts an exit notice at the end that the process has not asked for, or sheds it: as many may wait as
    /// the mailbox holds messages.
    pub(crate) fn push_unasked(&mut self, event: Event, bounds: MailboxBounds) {
        let bytes = reason_bytes(&event);
        if self.unasked.has_room(bytes, bounds) {
            self.unasked.add(bytes);
            let account = Account::Unasked;
            self.events.push_back(Waiting { event, account });
        }
    }

    /// Takes the oldest match, leaving the others in their order (OTP statement 022).
    pub(crate) fn take(&mut self, select: &Selector, cursor: &mut Cursor) -> Option<Event> {
        if cursor.removals != self.removals {
            *cursor = Cursor {
                position: 0,
                removals: self.removals,
            };
        }
        let unseen = self.events.iter().skip(cursor.position);
        let found = unseen
            .take_while(|waiting| !select.matches(&waiting.event))
            .count();
        #[cfg(test)]
        {
            self.n_compared += found;
        }
        cursor.position += found;
        self.remove(cursor.position)
    }

    /// Takes the waiting down notice of this monitor, if there is one (OTP statement 058).
    pub(crate) fn flush_down(&mut self, monitor: Ref) {
        let is_it = |waiting: &Waiting| matches!(waiting.event, Event::Down { monitor: of, .. } if of == monitor);
        if let Some(position) = self.events.iter().position(is_it) {
            self.remove(position);
        }
    }

    fn remove(&mut self, position: usize) -> Option<Event> {
        let Waiting { event, account } = match position {
            0 => self.events.pop_front(),
            _ => self.events.remove(position),
        }?;
        self.removals += 1;
        match account {
            Account::Sender => {}
            Account::Asked => {
                self.n_asked -= 1;
                self.asked_bytes -= reason_bytes(&event);
            }
            Account::Unasked => self.unasked.take_back(reason_bytes(&event)),
        }
        if self.events.is_empty() && self.events.capacity() > KEPT_MAX {
            self.events = VecDeque::new();
        }
        Some(event)
    }

    /// How many notices wait that the process has asked for.
    pub(crate) fn n_asked(&self) -> usize {
        self.n_asked
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }
}

fn without_text(event: Event) -> Event {
    match event {
        Event::Exit { from, reason } => Event::Exit {
            from,
            reason: reason.without_text(),
        },
        Event::Down {
            monitor,
            pid,
            reason,
        } => Event::Down {
            monitor,
            pid,
            reason: reason.without_text(),
        },
        Event::Message(_) | Event::Request(_) => event,
    }
}

/// The bytes of a notice's reason.
fn reason_bytes(event: &Event) -> usize {
    match event {
        Event::Exit { reason, .. } | Event::Down { reason, .. } => reason.text_len(),
        Event::Message(_) | Event::Request(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::ExitReason;

    fn pid(number: u64) -> Pid {
        Pid::from_u64(number).unwrap()
    }

    fn message(from: u64, tag: u64) -> Event {
        Event::Message(Message {
            from: pid(from),
            tag,
            payload: "".into(),
        })
    }

    #[test]
    fn selective_takes_the_oldest_match_and_keeps_the_rest_in_order() {
        let mut mailbox = Mailbox::default();
        for tag in [1, 2, 1, 3] {
            mailbox.push(message(9, tag));
        }
        let mut cursor = Cursor::default();
        assert_eq!(
            mailbox.take(&Selector::tag(3), &mut cursor),
            Some(message(9, 3))
        );
        assert_eq!(
            mailbox.take(&Selector::tag(1), &mut cursor),
            Some(message(9, 1))
        );
        let rest: Vec<_> =
            std::iter::from_fn(|| mailbox.take(&Selector::any(), &mut cursor)).collect();
        assert_eq!(rest, [message(9, 2), message(9, 1)]);
    }

    #[test]
    fn cursor_goes_on_where_it_stood_and_starts_anew_after_a_removal() {
        let mut mailbox = Mailbox::default();
        mailbox.push(message(1, 1));
        let mut blocked = Cursor::default();
        assert_eq!(mailbox.take(&Selector::tag(2), &mut blocked), None);
        assert_eq!(blocked.position, 1);
        mailbox.push(message(1, 5));
        mailbox.push(message(1, 2));
        assert_eq!(
            mailbox.take(&Selector::any(), &mut Cursor::default()),
            Some(message(1, 1))
        );
        assert_eq!(
            mailbox.take(&Selector::tag(2), &mut blocked),
            Some(message(1, 2))
        );
        assert_eq!(mailbox.len(), 1);
    }

    /// They are the process's own links and monitors, so all come; what their reasons say is the others' choice.
    #[test]
    fn notices_beyond_the_bytes_of_the_mailbox_come_without_their_texts() {
        let bounds = MailboxBounds {
            messages: 1,
            bytes: 10,
        };
        let down = |text: &str| Event::Down {
            monitor: Ref::from_u64(7).unwrap(),
            pid: pid(3),
            reason: ExitReason::error(text),
        };
        let exit = |text: &str| Event::Exit {
            from: pid(3),
            reason: ExitReason::trap(text),
        };
        let mut mailbox = Mailbox::default();
        for event in [
            down("12345"),
            exit("1234"),
            exit("12"),
            down("1"),
            down("1"),
        ] {
            mailbox.push_asked(event, bounds);
        }
        let mut next = || mailbox.take(&Selector::any(), &mut Cursor::default());
        let received: Vec<_> = std::iter::from_fn(&mut next).collect();
        let expected = [down("12345"), exit("1234"), exit(""), down("1"), down("")];
        assert_eq!(received, expected);
        // What was taken makes room.
        mailbox.push_asked(down("1234567890"), bounds);
        let last = mailbox.take(&Selector::any(), &mut Cursor::default());
        assert_eq!(last, Some(down("1234567890")));
    }

    #[test]
    fn selector_fields_all_have_to_match() {
        let monitor = Ref::from_u64(7).unwrap();
        let down = Event::Down {
            monitor,
            pid: pid(3),
            reason: ExitReason::Normal,
        };
        assert!(Selector::down(monitor).matches(&down));
        assert!(
            !Selector {
                sender: Some(pid(4)),
                ..Selector::down(monitor)
            }
            .matches(&down)
        );
        assert!(!Selector::tag(0).matches(&down));
        assert!(!Selector::down(monitor).matches(&message(3, 0)));
        assert!(
            Selector {
                sender: Some(pid(3)),
                ..Selector::tag(0)
            }
            .matches(&message(3, 0))
        );
    }
}
