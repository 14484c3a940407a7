//! Where requests to a supervisor wait: messages carry bytes, and a request may hold functions.
//!
//! A client puts a [`Command`] on the supervisor's desk and sends the number of its ticket; the supervisor
//! acts when that message comes up in its mailbox, so the mailbox alone decides the order. The command is
//! withdrawn with its [`Ticket`], which a client that gives up or dies drops: nothing is left on the desk, and
//! nothing is done that nobody waits for.
//!
//! # Trust
//! A ticket is good only in a request of the process it was given to, as the kernel names the sender. So who
//! guesses a number neither triggers nor learns anything.
//!
//! # Locking
//! One lock per desk and one per answer, held for one operation. Nothing is called under them.

use crate::admin::{AdminError, ChildInfo, ChildOutcome};
use crate::child_spec::ChildSpec;
use crate::start_child::StartChild;
use rusm_actor::{CallRequest, Payload, Pid};
use rusm_plan::Counts;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a client may ask for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Adds a child.
    Start(ChildSpec, Answer<Result<ChildOutcome, AdminError>>),
    /// Adds a child to a dynamic supervisor.
    StartWith(StartChild, Answer<Result<ChildOutcome, AdminError>>),
    Terminate(Arc<str>, Answer<Result<(), AdminError>>),
    TerminatePid(Pid, Answer<Result<(), AdminError>>),
    Restart(Arc<str>, Answer<Result<ChildOutcome, AdminError>>),
    Delete(Arc<str>, Answer<Result<(), AdminError>>),
    List(Answer<Vec<ChildInfo>>),
    Count(Answer<Counts>),
}

/// Where the answer to one command goes.
#[derive(Debug)]
pub(crate) struct Answer<T>(Arc<Mutex<Option<T>>>);

impl<T> Answer<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }

    pub(crate) fn put(self, answer: T) {
        *lock(&self.0) = Some(answer);
    }

    pub(crate) fn take(&self) -> Option<T> {
        lock(&self.0).take()
    }
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The desk of one supervisor. The kernel keeps it with the process, so that a pid is enough to find it.
pub(crate) struct Desk {
    waiting: Mutex<Waiting>,
    /// The `StartWith<A>` of a dynamic supervisor's children.
    pub(crate) template: Option<Arc<dyn Any + Send + Sync>>,
}

#[derive(Debug, Default)]
struct Waiting {
    commands: BTreeMap<u64, (Pid, Command)>,
    last_number: u64,
}

impl Desk {
    pub(crate) fn new(template: Option<Arc<dyn Any + Send + Sync>>) -> Self {
        let waiting = Mutex::default();
        Self { waiting, template }
    }

    /// Leaves a command that `client` is going to ask for.
    pub(crate) fn put(&self, client: Pid, command: Command) -> Ticket<'_> {
        let mut waiting = lock(&self.waiting);
        waiting.last_number += 1;
        let number = waiting.last_number;
        waiting.commands.insert(number, (client, command));
        Ticket { desk: self, number }
    }

    /// The command that this request asks for, if it is the request of the client who left it.
    pub(crate) fn take(&self, request: &CallRequest) -> Option<Command> {
        let number = u64::from_le_bytes(request.payload.as_slice().try_into().ok()?);
        let commands = &mut lock(&self.waiting).commands;
        let (client, _) = commands.get(&number)?;
        if *client != request.from {
            return None;
        }
        commands.remove(&number).map(|(_, command)| command)
    }

    /// How many commands wait.
    pub(crate) fn len(&self) -> usize {
        lock(&self.waiting).commands.len()
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Desk({} waiting)", self.len())
    }
}

/// The right to ask for one command; dropped, it takes the command back.
#[derive(Debug)]
pub(crate) struct Ticket<'a> {
    desk: &'a Desk,
    number: u64,
}

impl Ticket<'_> {
    pub(crate) fn payload(&self) -> Payload {
        self.number.to_le_bytes().into()
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let withdrawn = lock(&self.desk.waiting).commands.remove(&self.number);
        drop(withdrawn); // Outside the lock: it may hold what a start holds.
    }
}

/// A lock is held for plain operations only, so a poisoned one guards a sound value.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusm_actor::Ref;

    fn request(from: u64, payload: Payload) -> CallRequest {
        CallRequest {
            id: Ref::from_u64(1).unwrap(),
            from: Pid::from_u64(from).unwrap(),
            tag: 2,
            payload,
        }
    }

    #[test]
    fn a_ticket_is_good_once_and_for_its_client_only() {
        let desk = Desk::new(None);
        let client = Pid::from_u64(7).unwrap();
        let ticket = desk.put(client, Command::Count(Answer::new()));
        assert!(desk.take(&request(8, ticket.payload())).is_none());
        assert!(desk.take(&request(7, "rubbish".into())).is_none());
        assert!(desk.take(&request(7, ticket.payload())).is_some());
        assert!(desk.take(&request(7, ticket.payload())).is_none());
    }

    #[test]
    fn a_command_goes_with_its_ticket() {
        let desk = Desk::new(None);
        let client = Pid::from_u64(7).unwrap();
        let [first, second] = [(); 2].map(|()| desk.put(client, Command::Count(Answer::new())));
        let withdrawn = first.payload();
        drop(first);
        assert_eq!(desk.len(), 1);
        assert!(desk.take(&request(7, withdrawn)).is_none());
        drop(second);
        assert_eq!(desk.len(), 0);
    }
}
