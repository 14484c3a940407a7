//! One slice of one process: act on what arrived, then let the body run until it waits.
//!
//! # Order
//! Signals that arrived before the slice take effect before the body runs. A panic in the body is a
//! death like any other: links and monitors hear of it.

use crate::exit;
use crate::process::{Process, Task};
use crate::reason::ExitReason;
use crate::state::Ended;
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

/// Runs one slice of a process that was taken out of a run queue.
pub(crate) fn run(process: &Arc<Process>) -> After {
    process.state.begin();
    let end = match process.begin_slice() {
        None => Some(ExitReason::Killed),
        Some(task) => poll(process, task),
    };
    match end {
        None => match process.state.end() {
            Ended::Requeue => After::Requeue,
            Ended::Rest => After::Rest,
        },
        Some(own_reason) => {
            // A fatal signal met during the slice came first.
            let doom = process.owner.lock().doom.take();
            exit::finish(process, doom.unwrap_or(own_reason));
            After::Rest
        }
    }
}

/// Polls the body once; its end, if it ended, or if a fatal signal was met meanwhile.
fn poll(process: &Arc<Process>, mut task: Task) -> Option<ExitReason> {
    let Task { body, waker } = &mut task;
    let mut context = TaskContext::from_waker(waker);
    let polled = catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(&mut context)));
    let end = match polled {
        Ok(Poll::Pending) => None,
        Ok(Poll::Ready(reason)) => Some(reason),
        Err(panic) => Some(ExitReason::trap(panic_text(&*panic))),
    };
    let mut owner = process.owner.lock();
    let end = end.or_else(|| owner.doom.clone());
    // Kept in any case: the death sequence drops it, in its order.
    owner.task = Some(task);
    end
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text");
    format!("host panic: {text}")
}
