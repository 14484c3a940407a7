//! Nothing is lost, doubled or changed (statements 013, 018, 021, 023): what was sent to a process is received
//! by it, or was refused with the sender's knowledge, or was left unread at its end. Sent = received + refused
//! + unread.

use super::{Checker, Violation, must};
use crate::fact::{Fact, LetterId};
use crate::history::History;
use rusm_actor::{Event, Pid};
use std::collections::BTreeMap;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Delivery;

/// A letter on its way, or in a mailbox.
#[derive(Clone, Copy)]
struct Sent {
    position: usize,
    from: Pid,
    to: Pid,
    tag: u64,
}

/// What one process has not received.
#[derive(Default)]
struct Account {
    letters: BTreeMap<LetterId, Sent>,
    /// It may have been sent something else.
    is_touched: bool,
}

#[derive(Default)]
struct Accounts {
    all: BTreeMap<Pid, Account>,
    is_everybody_touched: bool,
}

impl Checker for Delivery {
    fn shows(&self) -> &'static str {
        "013, 018, 021: every letter is received once and unchanged, or refused, or left unread"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut accounts = Accounts::default();
        let mut timers = BTreeMap::new();
        for (position, entry) in run.entries().iter().enumerate() {
            accounts.touch(entry.who, &entry.fact);
            let Some(pid) = entry.who else {
                continue;
            };
            match &entry.fact {
                Fact::Sends {
                    id,
                    to: Some(to),
                    tag,
                }
                | Fact::Calls { id, to, tag, .. } => {
                    let sent = Sent {
                        position,
                        from: pid,
                        to: to.pid,
                        tag: *tag,
                    };
                    if to.is_there {
                        accounts.of(to.pid).letters.insert(*id, sent);
                    }
                }
                Fact::NotSent { id, .. } => accounts.forget(*id),
                Fact::Called {
                    id,
                    result: Err(error),
                } if is_refusal(error) => accounts.forget(*id),
                Fact::Armed { id, tag, .. } => {
                    timers.insert(*id, (pid, *tag));
                }
                Fact::Received { event, id } => {
                    accounts.receive(position, pid, event, *id, &mut timers)?;
                }
                Fact::Drained => accounts.drained(run, position, pid)?,
                Fact::Exited { unread, .. } => accounts.exited(position, pid, *unread)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_refusal(error: &rusm_actor::CallError) -> bool {
    use rusm_actor::CallError::{MailboxFull, NoName, SelfCall};
    matches!(error, MailboxFull | NoName | SelfCall)
}

impl Accounts {
    fn of(&mut self, pid: Pid) -> &mut Account {
        self.all.entry(pid).or_default()
    }

    fn forget(&mut self, id: LetterId) {
        for account in self.all.values_mut() {
            account.letters.remove(&id);
        }
    }

    fn receive(
        &mut self,
        position: usize,
        me: Pid,
        event: &Event,
        id: Option<LetterId>,
        timers: &mut BTreeMap<LetterId, (Pid, u64)>,
    ) -> Result<(), Violation> {
        let (from, tag) = match event {
            Event::Message(message) => (message.from, message.tag),
            Event::Request(request) => (request.from, request.tag),
            Event::Exit { .. } | Event::Down { .. } => return Ok(()),
        };
        let Some(id) = id else {
            return Err(Violation::new(
                position,
                [me, from],
                format!("{me} received something that {from} never wrote"),
            ));
        };
        // The messages of timers have a checker of their own.
        let sent = match self.of(me).letters.remove(&id) {
            Some(sent) => (sent.from, sent.tag),
            None => timers.remove(&id).ok_or_else(|| {
                let what = format!("{me} received {id:?}, which nobody sent it, or a second time");
                Violation::new(position, [me, from], what)
            })?,
        };
        must!(
            sent == (from, tag),
            position,
            [me, from],
            "{id:?} from {from} with tag {tag} was sent by {} with tag {}",
            sent.0,
            sent.1
        );
        Ok(())
    }

    /// The mailbox is empty: what was sent before the look began must have been received.
    fn drained(&mut self, run: &History, position: usize, me: Pid) -> Result<(), Violation> {
        let look = run.life(me).and_then(|life| life.look_before(position));
        let lost = self
            .of(me)
            .letters
            .iter()
            .find(|(_, sent)| look.is_some_and(|look| sent.position < look));
        match lost {
            Some((id, sent)) => Err(Violation::new(
                position,
                [me, sent.from],
                format!(
                    "{id:?} from {} to {} is lost: the mailbox is empty",
                    sent.from, sent.to
                ),
            )),
            None => Ok(()),
        }
    }

    fn exited(&mut self, position: usize, me: Pid, n_unread: usize) -> Result<(), Violation> {
        let is_touched = self.is_everybody_touched || self.of(me).is_touched;
        let n_letters = self.of(me).letters.len();
        let fits = n_unread == n_letters || (is_touched && n_unread > n_letters);
        must!(
            fits,
            position,
            [me],
            "{me} left {n_unread} unread; {n_letters} letters were sent to it and not received"
        );
        self.of(me).letters.clear();
        Ok(())
    }

    /// Notes who was sent anything but letters: signals may be counted as unread, too.
    fn touch(&mut self, me: Option<Pid>, fact: &Fact) {
        let (Fact::Links(to)
        | Fact::Monitors(to)
        | Fact::Signals { to, .. }
        | Fact::Calls { to, .. }
        | Fact::Monitored { target: to, .. }
        | Fact::Armed { to: Some(to), .. }) = fact
        else {
            self.is_everybody_touched |= matches!(
                fact,
                Fact::Shutdown | Fact::Armed { to: None, .. } | Fact::Spawns { .. }
            );
            return;
        };
        self.of(to.pid).is_touched = true;
        if let Some(me) = me {
            self.of(me).is_touched = true;
        }
    }
}
