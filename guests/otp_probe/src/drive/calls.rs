//! Calls and casts.

use std::time::Duration;

use rusm_sdk::server::{self, CallError};
use rusm_sdk::{ExitReason, Pid, mailbox, tags};

use super::{asked, clerk, end_of, started, waiting};
use crate::clerk::{CROWD, helper, words};
use crate::tell::{fail, must, show};

pub(super) fn run(scene: &str) -> bool {
    match scene {
        "call_reply" => call_reply(),
        "call_timeout" => call_timeout(),
        "late_reply" => late_reply(),
        "call_server_dies" => call_server_dies(),
        "call_self" => show(
            "itself",
            asked(started(&clerk("c").name("clerk")), "call-self", ""),
        ),
        "cast_ok" => cast_ok(),
        "unreadable" => unreadable(),
        _ => return false,
    }
    true
}

/// A crowd is held and answered in reverse order; then a reply comes from another process.
fn call_reply() {
    let clerk = started(&clerk("c").name("clerk"));
    let crowd: Vec<Pid> = (0..CROWD)
        .map(|number| must(helper(&["ask", "hold", &number.to_string()]).start()).process)
        .collect();
    for helper in crowd {
        end_of(helper);
    }
    show("forwarded", asked(clerk, "forward", "reply"));
    show("at once", asked(clerk, "echo", "reply"));
}

const SOON: Option<Duration> = Some(Duration::from_millis(20));

fn hold_briefly(clerk: Pid) -> Result<String, CallError> {
    server::call_timeout(clerk, &words("hold", "x"), SOON)
}

fn call_timeout() {
    let clerk = started(&clerk("c"));
    show("held", hold_briefly(clerk));
    show("log", asked(clerk, "log", ""));
}

fn late_reply() {
    let clerk = started(&clerk("c"));
    show("held", hold_briefly(clerk));
    server::cast(clerk, &words("release", ""));
    show("after the reply", asked(clerk, "echo", "after"));
    show("mailbox", waiting());
}

fn call_server_dies() {
    let first = started(&clerk("c"));
    show("vanishes", asked(first, "vanish", "gone"));
    show("is gone", asked(first, "echo", ""));
    show("never was", asked("nobody", "echo", ""));
    let second = started(&clerk("c"));
    match asked(second, "panic", "") {
        Err(CallError::Exited(ExitReason::Trap(_))) => show("panics", "trap"),
        other => show("panics", other),
    }
}

fn cast_ok() {
    server::cast("nobody", &words("note", "lost"));
    let gone = started(&clerk("gone"));
    must(server::stop(gone, &ExitReason::Normal, None));
    server::cast(gone, &words("note", "lost"));
    let clerk = started(&clerk("c").name("clerk"));
    for (number, verb) in ["note", "note", "note"].into_iter().enumerate() {
        server::cast(clerk, &words(verb, &number.to_string()));
        if number == 1 {
            show("log", asked("clerk", "log", ""));
        }
        server::cast("clerk", &words(verb, "by-name"));
    }
    show("log", asked(clerk, "log", ""));
}

/// Bytes that are no request and no cast, requests of another protocol, and replies of another type.
fn unreadable() {
    let clerk = started(&clerk("c"));
    for tag in [tags::CALL, tags::START, tags::STOP] {
        show("raw", mailbox::call(clerk, tag, &[0xff; 3], None));
    }
    show("typed", server::call::<_, String>(clerk, &7_u64));
    show(
        "reply",
        server::call::<_, u64>(clerk, &words("echo", "texts")),
    );
    show("other", mailbox::call(clerk, 3, b"question", None));
    if let Err(error) = mailbox::send(clerk, tags::CAST, &[0xff]) {
        fail(error);
    }
    must(mailbox::send(clerk, tags::STOP, &[0]));
    show("log", asked(clerk, "log", ""));
}
