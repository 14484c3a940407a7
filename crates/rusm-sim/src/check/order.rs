//! Order between two processes, and what a receive takes (statements 014 to 017, 022, 024): of what one
//! sender has sent, messages, requests and notices of its end alike, a receive takes the oldest match; and it
//! does not time out while a match is there.

use super::{Checker, Violation};
use crate::fact::{Fact, LetterId, Target};
use crate::history::History;
use rusm_actor::{CallRequest, Event, ExitReason, Message, Payload, Pid, Ref, Selector};
use std::collections::BTreeMap;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Order;

/// A letter that was sent and not received.
struct Waiting {
    position: usize,
    id: LetterId,
    /// As its receiver will see it.
    event: Event,
}

/// What waits for one process, and what it looks for.
#[derive(Default)]
struct Mailbox {
    waiting: BTreeMap<Pid, Vec<Waiting>>,
    /// The first exit signal of each reason that somebody sent on purpose.
    signals: BTreeMap<(Pid, ExitReason), usize>,
    select: Selector,
}

#[derive(Default)]
struct Mailboxes(BTreeMap<Pid, Mailbox>);

impl Checker for Order {
    fn shows(&self) -> &'static str {
        "014 to 017, 022, 024: what one sends to another arrives in order, its last words before its end"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut mailboxes = Mailboxes::default();
        for (position, me, entry) in run.deeds() {
            match &entry.fact {
                Fact::Sends {
                    id,
                    to: Some(to),
                    tag,
                } => mailboxes.push(position, *to, *id, message(me, *tag)),
                Fact::Calls { id, to, tag, .. } if to.pid != me => {
                    mailboxes.push(position, *to, *id, request(me, *tag));
                }
                Fact::Signals { to, reason } => {
                    let signals = &mut mailboxes.of(to.pid).signals;
                    signals.entry((me, reason.clone())).or_insert(position);
                }
                Fact::NotSent { id, .. } => mailboxes.forget(*id),
                Fact::Called {
                    id,
                    result: Err(rusm_actor::CallError::MailboxFull),
                } => mailboxes.forget(*id),
                Fact::Receives { select, .. } => mailboxes.of(me).select = select.clone(),
                Fact::Received { event, id } => {
                    mailboxes.of(me).receive(position, me, event, *id)?
                }
                Fact::TimedOut => {
                    let look = run.life(me).and_then(|life| life.look_before(position));
                    mailboxes.of(me).timed_out(position, me, look)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Mailboxes {
    fn of(&mut self, pid: Pid) -> &mut Mailbox {
        self.0.entry(pid).or_default()
    }

    fn push(&mut self, position: usize, to: Target, id: LetterId, event: Event) {
        if to.is_there {
            let from = sender(&event);
            let waiting = self.of(to.pid).waiting.entry(from).or_default();
            waiting.push(Waiting {
                position,
                id,
                event,
            });
        }
    }

    /// It was refused: the last one that was sent.
    fn forget(&mut self, id: LetterId) {
        for mailbox in self.0.values_mut() {
            for waiting in mailbox.waiting.values_mut() {
                waiting.retain(|letter| letter.id != id);
            }
        }
    }
}

impl Mailbox {
    fn receive(
        &mut self,
        position: usize,
        me: Pid,
        event: &Event,
        id: Option<LetterId>,
    ) -> Result<(), Violation> {
        let from = sender(event);
        let Some(waiting) = self.waiting.get_mut(&from) else {
            return Ok(());
        };
        let own = waiting.iter().position(|letter| Some(letter.id) == id);
        let n_before = own.unwrap_or_else(|| match event {
            // What comes of an end comes after everything.
            Event::Down { .. } => waiting.len(),
            // From outside a signal has its receiver's name.
            Event::Exit { from, .. } if *from == me => 0,
            Event::Exit { from, reason } => {
                let signal = self.signals.get(&(*from, reason.clone()));
                let is_before = |letter: &Waiting| signal.is_none_or(|at| letter.position < *at);
                waiting.partition_point(is_before)
            }
            // Of a timer.
            Event::Message(_) | Event::Request(_) => 0,
        });
        let skipped = waiting
            .iter()
            .take(n_before)
            .find(|letter| self.select.matches(&letter.event));
        if let Some(skipped) = skipped {
            let what = format!(
                "{me} received {event:?} from {from} before {:?}, which was sent first and matches as well",
                skipped.id
            );
            return Err(Violation::new(position, [me, from], what));
        }
        if let Some(own) = own {
            waiting.remove(own);
        }
        Ok(())
    }

    fn timed_out(&self, position: usize, me: Pid, look: Option<usize>) -> Result<(), Violation> {
        for (from, waiting) in &self.waiting {
            let there = waiting.iter().find(|letter| {
                look.is_some_and(|look| letter.position < look)
                    && self.select.matches(&letter.event)
            });
            if let Some(letter) = there {
                let what = format!(
                    "{me} received nothing, though {:?} of {from} was there",
                    letter.id
                );
                return Err(Violation::new(position, [me, *from], what));
            }
        }
        Ok(())
    }
}

fn sender(event: &Event) -> Pid {
    match event {
        Event::Message(message) => message.from,
        Event::Request(request) => request.from,
        Event::Exit { from, .. } => *from,
        Event::Down { pid, .. } => *pid,
    }
}

fn message(from: Pid, tag: u64) -> Event {
    let payload = Payload::from("");
    Event::Message(Message { from, tag, payload })
}

/// The reference is not known to the ledger, and no selector asks for that of a request.
fn request(from: Pid, tag: u64) -> Event {
    let (id, payload) = (Ref::from_u64(1), Payload::from(""));
    match id {
        Some(id) => Event::Request(CallRequest {
            id,
            from,
            tag,
            payload,
        }),
        None => message(from, tag),
    }
}
