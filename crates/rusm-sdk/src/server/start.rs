//! Starting a server, and hearing how its initialisation went: [`start`].
//!
//! The starter monitors the new process from its first moment and asks it whether it has started. The reply
//! means yes; an end before it, with the reason that the monitor saw, means no. Either way nothing of
//! the asking is left in the starter's mailbox (OTP statements 099, 100).

use std::time::Duration;

use super::{CallError, StartError, client};
use crate::mailbox::{self, Event, Selector, stash};
use crate::spawner::{Spawn, SpawnError, Spawned};
use crate::{ExitReason, Pid, Reference, process, registry, tags};

/// Spawns a server and waits until it has initialised; for ever if no time-out is given.
///
/// The process is linked and monitored as the [`Spawn`] says. A component that is no
/// [`Server`](super::Server) never answers: give it a time-out, or no start.
///
/// # Errors
/// [`StartError`]; then there is no process, its name is free, and no exit notice of it is left if the caller
/// traps exits. One that does not trap and is linked ends as well if the initialisation fails, as in OTP; not if
/// the time passes.
pub fn start(spawn: &Spawn, timeout: Option<Duration>) -> Result<Spawned, StartError> {
    let spawned = spawn
        .clone()
        .monitor()
        .start()
        .map_err(|error| spawn_error(spawn, error))?;
    // Asked for above.
    let monitor = spawned
        .monitor
        .unwrap_or_else(|| process::monitor(spawned.process));
    let error = match client::ask(spawned.process.into(), tags::START, &(), timeout) {
        Ok(()) => return Ok(started(spawn, spawned.process, monitor)),
        Err(CallError::Exited(_)) => failed(&reason_of(monitor)),
        // It is full, or takes too long, or answers nonsense: no server.
        Err(CallError::Timeout) => {
            kill(spawned.process, monitor);
            StartError::Timeout
        }
        Err(other) => {
            kill(spawned.process, monitor);
            StartError::Failed(ExitReason::Error(format!("no server: {other}")))
        }
    };
    if spawn.link {
        flush_exit(spawned.process);
    }
    Err(error)
}

fn spawn_error(spawn: &Spawn, error: SpawnError) -> StartError {
    let holder = match (&error, &spawn.name) {
        (SpawnError::NameTaken, Some(name)) => registry::whereis(name),
        _ => None,
    };
    holder.map_or(StartError::Spawn(error), StartError::AlreadyStarted)
}

fn started(spawn: &Spawn, process: Pid, monitor: Reference) -> Spawned {
    if !spawn.monitor {
        process::demonitor(monitor);
    }
    Spawned {
        process,
        monitor: spawn.monitor.then_some(monitor),
    }
}

fn failed(reason: &ExitReason) -> StartError {
    if reason.is_normal() {
        StartError::Ignored
    } else {
        StartError::Failed(reason.clone())
    }
}

/// Ends a child that did not start. The link goes first: its end is not the caller's.
fn kill(process: Pid, monitor: Reference) {
    process::unlink(process);
    // Nobody is refused to signal their own child.
    if process::signal(process, &ExitReason::Killed).is_ok() {
        reason_of(monitor);
    } else {
        process::demonitor(monitor);
    }
}

/// Waits for the end of a monitored process.
pub(crate) fn reason_of(monitor: Reference) -> ExitReason {
    match mailbox::receive_where(&Selector::any().monitor(monitor)) {
        Event::Down(down) => down.reason,
        Event::Message(_) | Event::Request(_) | Event::Exit(_) => {
            unreachable!("only a `Down` event has a monitor")
        }
    }
}

/// Takes the exit notice of a process that has ended out of the mailbox, and leaves what else there is of it.
fn flush_exit(ended: Pid) {
    process::unlink(ended);
    let of_it = Selector::any().sender(ended);
    let events: Vec<Event> =
        std::iter::from_fn(|| mailbox::receive_timeout(&of_it, Duration::ZERO)).collect();
    for event in events {
        if !matches!(event, Event::Exit(_)) {
            stash::put_back(event);
        }
    }
}
