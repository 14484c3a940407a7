//! How a server ends, and who may end it.

use rusm_sdk::server;
use rusm_sdk::{ExitReason, Pid, control, process, registry};

use super::{asked, clerk, end_of, reason, started};
use crate::clerk::{helper, words};
use crate::tell::{error, fail, must, show, tell};

pub(super) fn run(scene: &str) -> bool {
    match scene {
        "terminate_cb" => terminate_cb(),
        "parent_exit" => parent_exit(),
        "stop_sync" => stop_sync(),
        "stop_needs_consent" => stop_needs_consent(),
        _ => return false,
    }
    true
}

type End = fn(Pid);

/// The clerks say whether they cleaned up.
fn terminate_cb() {
    let trapping = |label: &str| started(&clerk(label).arg("trap"));
    let ends: [(&str, End); 7] = [
        ("itself", |clerk| {
            show("reply", asked(clerk, "stop", "done"))
        }),
        ("fails", |clerk| {
            server::cast(clerk, &words("fail", "failed"))
        }),
        ("stopped", |clerk| {
            must(server::stop(clerk, &ExitReason::Normal, None))
        }),
        ("signal", |clerk| {
            must(process::signal(clerk, &ExitReason::Shutdown))
        }),
        ("killed", |clerk| must(control::kill(clerk))),
        ("killing signal", |clerk| {
            must(process::signal(clerk, &ExitReason::Killed))
        }),
        ("panics", |clerk| drop(asked(clerk, "panic", ""))),
    ];
    for (label, end) in ends {
        let clerk = trapping(label);
        end(clerk);
        end_of(clerk);
    }
    let obeying = started(&clerk("not trapping"));
    must(process::signal(obeying, &ExitReason::Shutdown));
    end_of(obeying);
}

fn parent_exit() {
    let parent = must(helper(&["parent"]).start()).process;
    show("parent", end_of(parent));
}

fn stop_sync() {
    let stopped = |reason: &ExitReason| {
        let clerk = started(&clerk("c").name("clerk"));
        show("stop", server::stop(clerk, reason, None));
        show("name", registry::whereis("clerk"));
        show("again", server::stop(clerk, reason, None));
    };
    stopped(&ExitReason::Normal);
    stopped(&error("asked"));
    show("nobody", server::stop("nobody", &ExitReason::Normal, None));
    let stubborn = must(helper(&["answer"]).start()).process;
    let soon = Some(std::time::Duration::from_millis(20));
    show("late", server::stop(stubborn, &ExitReason::Normal, soon));
    must(control::kill(stubborn));
}

/// A helper that is not the clerk's parent is refused; the clerk lives on.
fn stop_needs_consent() {
    let clerk = started(&clerk("c").name("clerk"));
    // Monitored from its start: it may be gone before anybody looks.
    let stranger = must(helper(&["stop-clerk"]).monitor().start());
    let is_normal = |monitor| reason(monitor).is_normal();
    if !stranger.monitor.is_some_and(is_normal) {
        fail("the stranger comes to an end");
    }
    tell(must(asked(clerk, "echo", "alive")));
}
