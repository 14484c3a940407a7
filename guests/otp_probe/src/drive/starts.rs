//! How a server begins, and what its starter hears of it.

use std::time::Duration;

use rusm_sdk::mailbox::{self, Event, Selector};
use rusm_sdk::process::{self, ExitSignals};
use rusm_sdk::server::{self, StartError};
use rusm_sdk::spawner::Spawn;
use rusm_sdk::{ExitReason, registry};

use super::{asked, clerk, started, waiting};
use crate::helper::ORDER;
use crate::tell::{must, show, tell};

pub(super) fn run(scene: &str) -> bool {
    match scene {
        "start_sync" => start_sync(),
        "start_variants" => start_variants(),
        "start_keeps_messages" => start_keeps_messages(),
        "continue_first" => continue_first(),
        "start_is_over_before_what_follows" => start_is_over_before_what_follows(),
        "an_initialisation_may_receive" => an_initialisation_may_receive(),
        "server_timeout" => server_timeout(),
        _ => return false,
    }
    true
}

/// What a start came to, without what differs from run to run.
fn outcome(spawn: &Spawn, timeout: Option<Duration>) -> String {
    match server::start(spawn, timeout) {
        Ok(_) => "running".into(),
        Err(StartError::Failed(ExitReason::Trap(_))) => "trap".into(),
        Err(StartError::AlreadyStarted(pid)) => {
            format!(
                "already started, holder: {}",
                registry::whereis("clerk") == Some(pid)
            )
        }
        Err(error) => format!("{error:?}"),
    }
}

/// The caller traps exits: a link would show as a notice.
fn start_sync() {
    process::trap_exits(ExitSignals::Trapped);
    let clerk = |words: &[&str]| {
        let spawn = clerk("c").name("clerk").link();
        words.iter().fold(spawn, |spawn, word| spawn.arg(*word))
    };
    for words in [&["stop", "no"][..], &["panic"], &["ignore"]] {
        tell(outcome(&clerk(words), None));
        show("name", registry::whereis("clerk"));
        show("mailbox", waiting());
    }
    let late = clerk(&["forever"]);
    tell(outcome(&late, Some(Duration::from_millis(20))));
    show("name", registry::whereis("clerk"));
    show("mailbox", waiting());
    tell(outcome(&clerk(&[]), None));
    tell("started");
    show("mailbox", waiting());
}

fn start_variants() {
    tell(outcome(&clerk("c").name("clerk"), None));
    tell(outcome(&clerk("c").name("clerk"), None));
    tell(outcome(&clerk("c").arg("ignore"), None));
    tell(outcome(&clerk("c").arg("stop").arg("no"), None));
    tell(outcome(&clerk("c").arg("panic"), None));
    let late = clerk("c").arg("forever");
    tell(outcome(&late, Some(Duration::from_millis(20))));
    tell(outcome(&Spawn::new("nothing"), None));
}

/// What a server said before it failed is still there, and so is the news of another monitor.
fn start_keeps_messages() {
    process::trap_exits(ExitSignals::Trapped);
    let spawn = clerk("c").link().arg("tell-parent");
    let failing = spawn.arg("one").arg("tell-parent").arg("two");
    tell(outcome(&failing.arg("stop").arg("no"), None));
    for _ in 0..2 {
        if let Event::Message(message) = mailbox::receive_where(&Selector::any().tags([ORDER])) {
            tell(String::from_utf8_lossy(&message.payload));
        }
    }
    show("mailbox", waiting());
}

fn continue_first() {
    let clerk = started(&clerk("c").arg("continue"));
    show("log", asked(clerk, "log", ""));
    must(asked(clerk, "continue", "late"));
    show("log", asked(clerk, "log", ""));
}

/// The server asks its starter right after the initialisation.
fn start_is_over_before_what_follows() {
    let clerk = started(&clerk("c").arg("consults"));
    let asked_by_it = Selector::any().sender(clerk);
    if let Event::Request(request) = mailbox::receive_where(&asked_by_it) {
        mailbox::reply(request.id, b"yes");
    }
    show("log", asked(clerk, "log", ""));
}

/// What asks whether it has started is not for it to receive.
fn an_initialisation_may_receive() {
    let clerk = started(&clerk("c").arg("listens").arg("50"));
    show("log", asked(clerk, "log", ""));
}

fn server_timeout() {
    // The question whether it has started does not count as something that came.
    let idle = started(&clerk("c").arg("idle").arg("20"));
    show("idle", asked_when_idle(idle));
    let clerk = started(&clerk("c"));
    must(asked(clerk, "idle-full", ""));
    show("log", asked(clerk, "log", ""));
    // Nor does one time-out last beyond its wait.
    must(asked(clerk, "idle", "600000"));
    show("log", asked(clerk, "log", ""));
    must(asked(clerk, "idle", "1"));
    show("idle", asked_when_idle(clerk));
}

/// Waits, by the clerk's own message, until its time-out has come.
fn asked_when_idle(clerk: rusm_sdk::Pid) -> String {
    loop {
        if matches!(mailbox::receive_where(&Selector::any().sender(clerk)), Event::Message(message) if message.tag == ORDER)
        {
            return must(asked(clerk, "log", ""));
        }
    }
}
