//! One slice of one process: act on what arrived, then let the body run until it waits.
//!
//! # Order
//! Signals that arrived before the slice take effect before the body runs. A panic in the body is a
//! death like any other: links and monitors hear of it.

use crate::exit;
use crate::process::{Process, Task};
use crate::reason::ExitReason;
use crate::state::Ended;
use crate::stopwatch::Mark;
use crate::sync::Arc;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context as TaskContext, Poll};

/// What to do with a process after its slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum After {
    /// It waits for something, or is gone.
    Rest,
    /// It wants to run again.
    Requeue,
}

/// Runs one slice of a process that was taken out of a run queue, from `mark` on if that is one. When it ended is known if the
/// body has measured it and lives on.
pub(crate) fn run(process: &Arc<Process>, mark: Mark) -> (After, Mark) {
    let mut task = process.begin_slice(mark);
    let own_reason = match &mut task {
        Some(task) if !process.is_doomed() => poll(task),
        _ => None,
    };
    match (own_reason, task) {
        (None, Some(task)) if !process.is_doomed() => {
            // Before another worker may run it.
            let mark = process.stopwatch.ended();
            let after = match process.inbox.end(task) {
                Ended::Requeue => After::Requeue,
                Ended::Rest => After::Rest,
            };
            (after, mark)
        }
        (own_reason, task) => {
            // A fatal signal met during the slice came first.
            let doom = process.met_doom();
            let reason = doom.or(own_reason).unwrap_or(ExitReason::Killed);
            // Kept until now: the death sequence drops it, in its order.
            exit::finish(process, task, reason);
            (After::Rest, Mark::NONE)
        }
    }
}

/// Polls the body once; its end, if it ended.
fn poll(task: &mut Task) -> Option<ExitReason> {
    let Task { body, waker } = task;
    let mut context = TaskContext::from_waker(waker);
    match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(&mut context))) {
        Ok(Poll::Pending) => None,
        Ok(Poll::Ready(reason)) => Some(reason),
        Err(panic) => Some(ExitReason::trap(panic_text(&*panic))),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text");
    format!("host panic: {text}")
}
