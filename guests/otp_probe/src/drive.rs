//! Scenes: each is called like the test it belongs to.

mod admin;
mod calls;
mod ends;
mod gates;
mod houses;
mod starts;
mod work;

use rusm_sdk::mailbox::{self, Event, Selector};
use rusm_sdk::server::{self, CallError};
use rusm_sdk::spawner::Spawn;
use rusm_sdk::{Destination, ExitReason, Pid, Reference, process};

use crate::clerk::words;
use crate::tell::{arg, fail, must};

pub(crate) fn run(args: &[String]) {
    let scene = arg(args, 0);
    let families = [
        calls::run,
        starts::run,
        ends::run,
        work::run,
        houses::run,
        admin::run,
        gates::run,
    ];
    if !families.into_iter().any(|family| family(scene)) {
        fail(format_args!("there is no scene '{scene}'"));
    }
}

/// A clerk to start.
pub(crate) fn clerk(label: &str) -> Spawn {
    Spawn::new("clerk").arg("clerk").arg(label)
}

/// A clerk that has started.
fn started(spawn: &Spawn) -> Pid {
    must(server::start(spawn, None)).process
}

/// What a clerk answers.
fn asked<'a>(to: impl Into<Destination<'a>>, verb: &str, text: &str) -> Result<String, CallError> {
    server::call(to, &words(verb, text))
}

/// Waits for the end of a process; `no-process` if it was gone before.
fn end_of(pid: Pid) -> ExitReason {
    reason(process::monitor(pid))
}

/// Waits for the end of a monitored process.
fn reason(monitor: Reference) -> ExitReason {
    match mailbox::receive_where(&Selector::any().monitor(monitor)) {
        Event::Down(down) => down.reason,
        Event::Message(_) | Event::Request(_) | Event::Exit(_) => fail("a monitor tells of an end"),
    }
}

/// What waits in the mailbox.
fn waiting() -> Option<Event> {
    mailbox::receive_timeout(&Selector::any(), std::time::Duration::ZERO)
}
