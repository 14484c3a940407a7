//! Stopping children by their shutdown rules (OTP statements 115 to 117, 135).
//!
//! Only the `Down` event of the child that is waited for is taken out of the mailbox.

use std::time::{Duration, Instant};

use rusm_plan::Shutdown;

use super::Outcome;
use crate::mailbox::{self, Event, Selector};
use crate::server::reason_of;
use crate::{ExitReason, Pid, Reference, process};

/// A run of a child.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) process: Pid,
    pub(super) monitor: Reference,
}

/// Stops one child, and waits until it has ended.
pub(super) fn stop(run: Run, shutdown: Shutdown) -> (ExitReason, Outcome) {
    ask(run, shutdown);
    end(run, shutdown, deadline(shutdown))
}

/// Asks all at once, and waits for them together: the time that they have is one and the same.
pub(super) fn stop_together(
    runs: Vec<Run>,
    shutdown: Shutdown,
) -> impl Iterator<Item = (Run, ExitReason, Outcome)> {
    for run in &runs {
        ask(*run, shutdown);
    }
    let deadline = deadline(shutdown);
    runs.into_iter().map(move |run| {
        let (reason, outcome) = end(run, shutdown, deadline);
        (run, reason, outcome)
    })
}

fn ask(run: Run, shutdown: Shutdown) {
    signal(
        run,
        match shutdown {
            Shutdown::BrutalKill => &ExitReason::Killed,
            Shutdown::Timeout(_) | Shutdown::Infinity => &ExitReason::Shutdown,
        },
    );
}

/// Until when to wait before a kill; none for ever.
fn deadline(shutdown: Shutdown) -> Option<Instant> {
    match shutdown {
        Shutdown::Timeout(time) => Instant::now().checked_add(time),
        Shutdown::BrutalKill | Shutdown::Infinity => None,
    }
}

fn end(run: Run, shutdown: Shutdown, deadline: Option<Instant>) -> (ExitReason, Outcome) {
    let in_time = match shutdown {
        Shutdown::BrutalKill => return (reason_of(run.monitor), Outcome::BrutallyKilled),
        Shutdown::Timeout(_) | Shutdown::Infinity => reason_until(run.monitor, deadline),
    };
    if let Some(reason) = in_time {
        return (reason, Outcome::InTime);
    }
    signal(run, &ExitReason::Killed);
    (reason_of(run.monitor), Outcome::TimedOut)
}

/// Waits for an end; none once the time has passed.
fn reason_until(monitor: Reference, deadline: Option<Instant>) -> Option<ExitReason> {
    let Some(deadline) = deadline else {
        return Some(reason_of(monitor));
    };
    let left: Duration = deadline.saturating_duration_since(Instant::now());
    match mailbox::receive_timeout(&Selector::any().monitor(monitor), left)? {
        Event::Down(down) => Some(down.reason),
        Event::Message(_) | Event::Request(_) | Event::Exit(_) => None,
    }
}

fn signal(run: Run, reason: &ExitReason) {
    // Nobody is refused to signal their own child.
    let _refused = process::signal(run.process, reason);
}
