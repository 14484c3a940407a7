//! Sending and receiving.

use super::Actor;
use super::give_up::give_up_after;
use crate::fact::{Fact, LetterId};
use crate::letter::Letter;
use rusm_actor::{Destination, Event, Name, Pid, Ref, Selector};
use std::time::Duration;

/// The longest padding of a letter, in bytes.
const PADDING_MAX: u64 = 40;

impl Actor {
    /// Sends a letter.
    pub fn send(&mut self, to: Pid, tag: u64) {
        self.pause();
        let target = Some(self.target(to));
        self.send_letter(to.into(), target, tag, None);
    }

    /// Sends a letter to whoever holds the name.
    pub fn send_to_name(&mut self, to: &Name, tag: u64) {
        self.pause();
        let holder = self.node.whereis(to.as_str());
        let target = holder.map(|holder| self.target(holder));
        self.send_letter(to.clone().into(), target, tag, None);
    }

    /// Sends somebody the right to answer a request.
    pub fn hand_on(&mut self, to: Pid, tag: u64, request: (Ref, LetterId)) {
        self.pause();
        let target = Some(self.target(to));
        self.send_letter(to.into(), target, tag, Some(request));
    }

    fn send_letter(
        &mut self,
        to: Destination,
        target: Option<crate::fact::Target>,
        tag: u64,
        handed_on: Option<(Ref, LetterId)>,
    ) {
        let letter = self.new_letter(handed_on);
        let id = letter.id;
        self.write(Fact::Sends {
            id,
            to: target,
            tag,
        });
        if let Err(error) = self.context.send(to, tag, letter.write()) {
            self.write(Fact::NotSent { id, error });
        }
    }

    pub(super) fn new_letter(&mut self, handed_on: Option<(Ref, LetterId)>) -> Letter {
        let padding = self.dice.below(PADDING_MAX);
        Letter {
            id: self.letter_id(),
            handed_on,
            padding: usize::try_from(padding).unwrap_or(0),
        }
    }

    /// Waits for the oldest match.
    pub async fn receive(&mut self, select: Selector) -> Event {
        self.will_receive(&select, None);
        let event = self.context.receive(select).await;
        self.received(&event);
        event
    }

    /// Waits for the oldest match, not longer than this.
    pub async fn receive_timeout(&mut self, select: Selector, timeout: Duration) -> Option<Event> {
        self.will_receive(&select, Some(timeout));
        let event = self.context.receive_timeout(select, timeout).await;
        self.received_or_not(event, Fact::TimedOut)
    }

    /// Waits for the oldest match, and drops the receive after so many looks at it.
    pub async fn receive_and_give_up(&mut self, select: Selector, n_polls: u64) -> Option<Event> {
        self.will_receive(&select, None);
        let event = give_up_after(n_polls, self.context.receive(select)).await;
        self.received_or_not(event, Fact::GaveUp)
    }

    /// The oldest match, if one is there.
    pub fn try_receive(&mut self, select: &Selector) -> Option<Event> {
        self.pause();
        self.will_receive(select, Some(Duration::ZERO));
        let event = self.context.try_receive(select);
        let nothing = match self.context.settle() {
            // It is handed out nothing any more, whatever is there.
            Some(reason) => Fact::Doomed(reason),
            None if *select == Selector::any() => Fact::Drained,
            None => Fact::TimedOut,
        };
        self.received_or_not(event, nothing)
    }

    /// Waits.
    pub async fn sleep(&mut self, duration: Duration) {
        let until = self.now().saturating_add(duration);
        self.write(Fact::Sleeps { until });
        self.context.sleep(duration).await;
        self.write(Fact::Slept);
    }

    fn will_receive(&self, select: &Selector, timeout: Option<Duration>) {
        self.write(Fact::Receives {
            select: select.clone(),
            until: timeout.map(|timeout| self.now().saturating_add(timeout)),
        });
    }

    fn received_or_not(&mut self, event: Option<Event>, nothing: Fact) -> Option<Event> {
        match &event {
            Some(event) => self.received(event),
            None => self.write(nothing),
        }
        event
    }

    fn received(&mut self, event: &Event) {
        let payload = match event {
            Event::Message(message) => Some(&message.payload),
            Event::Request(request) => Some(&request.payload),
            Event::Exit { .. } | Event::Down { .. } => None,
        };
        let letter = payload.and_then(Letter::read);
        self.write(Fact::Received {
            event: event.clone(),
            id: letter.map(|letter| letter.id),
        });
        match event {
            Event::Request(request) => {
                self.requests
                    .extend(letter.map(|letter| (request.id, letter.id)));
            }
            Event::Message(_) => {
                self.requests
                    .extend(letter.and_then(|letter| letter.handed_on));
            }
            Event::Down { monitor, pid, .. } => {
                self.monitors.retain(|standing| standing != monitor);
                self.look_round(*pid);
            }
            Event::Exit { from, .. } => self.look_round(*from),
        }
    }

    /// After a notice: whether the one that it is about is there, has a name, is in a group.
    fn look_round(&mut self, ended: Pid) {
        let names = self.world.names().to_vec();
        if let Some(name) = self.dice.pick(&names) {
            self.find(name);
            self.list(name);
        }
        self.write(Fact::Asked(self.target(ended)));
    }
}
