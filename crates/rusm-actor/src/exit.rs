//! The death of a process, always in this order:
//!
//! 1. its body is dropped: memory, files and sockets go;
//! 2. its names and groups are released;
//! 3. it leaves the table, and its inbox is closed;
//! 4. requests that still waited in the inbox are answered;
//! 5. links get an exit signal, watchers a down notice;
//! 6. timers addressed to it are dropped, and the end is reported.
//!
//! So who hears of an end finds the name free and the resources gone (OTP statement 012), and nobody
//! waits for ever: whoever got an envelope into the inbox before it closed is answered from here,
//! everybody later is answered by the sender's own side.

use crate::event::LifecycleEvent;
use crate::id::Pid;
use crate::kernel::Kernel;
use crate::process::{Owner, PendingCall, Process};
use crate::reason::ExitReason;
use crate::relations::Link;
use crate::signal::{Envelope, ExitCause, Signal};
use crate::sync::{Arc, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Ends a process, in the slice that found the reason.
pub(crate) fn finish(process: &Arc<Process>, reason: ExitReason) {
    let kernel = &process.kernel;
    drop_body(process, &reason);
    if process.is_registered.load(Ordering::Relaxed) {
        kernel.registry.release(process.pid);
    }
    // Not before the names are free: who sees a process as dead may count on them (OTP statement 012).
    process.state.finish();
    let mut owner = std::mem::take(&mut *process.owner.lock());
    for id in owner.calls.keys() {
        kernel.calls.remove(*id);
    }
    let was_last = kernel.table.remove(process.pid);
    let unanswered = process.inbox.close();
    let behind = std::mem::take(&mut owner.behind_doom);
    let unread = owner.mailbox.len() + behind.len() + unanswered.len();
    for envelope in behind.into_iter().chain(unanswered) {
        answer(kernel, process.pid, envelope, &reason);
    }
    let links = tell_relations(kernel, process.pid, owner, &reason);
    if process.has_timers.load(Ordering::SeqCst) {
        kernel.timers.drop_charged(process.pid);
    }
    kernel.report(|| LifecycleEvent::Exited {
        pid: process.pid,
        label: Arc::clone(&process.label),
        reason,
        unread,
        links,
    });
    if was_last {
        kernel.note_empty();
    }
}

/// Takes back a process that has not run: its name was taken. Whoever found it by chance is answered.
pub(crate) fn discard(process: &Arc<Process>) {
    let kernel = &process.kernel;
    process.state.finish();
    let was_last = kernel.table.remove(process.pid);
    for envelope in process.inbox.close() {
        answer(kernel, process.pid, envelope, &ExitReason::NoProcess);
    }
    if was_last {
        kernel.note_empty();
    }
}

/// Drops the body while the process still has its relations: what the body does on the way out, a link to
/// somebody for instance, is undone with the rest. A body that panics while it is dropped has ended all the
/// same.
fn drop_body(process: &Process, reason: &ExitReason) {
    let task = {
        let mut owner = process.owner.lock();
        // So that nothing is handed out to it any more.
        owner.doom.get_or_insert_with(|| reason.clone());
        owner.task.take()
    };
    let _panic = catch_unwind(AssertUnwindSafe(|| drop(task)));
}

/// What the sender of an unread envelope has to be told.
fn answer(kernel: &Kernel, me: Pid, envelope: Envelope, reason: &ExitReason) {
    let reason = reason.clone();
    match envelope {
        Envelope::Request(request) => {
            tell(
                kernel,
                request.from,
                Signal::Down {
                    id: request.id,
                    pid: me,
                    reason,
                },
            );
        }
        Envelope::Signal(Signal::Link { from, id }) => {
            let cause = ExitCause::Link { own: 0, peer: id };
            tell(
                kernel,
                from,
                Signal::Exit {
                    from: me,
                    reason,
                    cause,
                },
            );
        }
        Envelope::Signal(Signal::Monitor { id, watcher }) => {
            tell(
                kernel,
                watcher,
                Signal::Down {
                    id,
                    pid: me,
                    reason,
                },
            );
        }
        Envelope::Message(_)
        | Envelope::Reply { .. }
        | Envelope::Signal(
            Signal::Unlink { .. }
            | Signal::Demonitor { .. }
            | Signal::Exit { .. }
            | Signal::Down { .. }
            | Signal::Kill,
        ) => {}
    }
}

/// Tells links and watchers, and takes back what this process watched. Answers how many links it had.
fn tell_relations(kernel: &Kernel, me: Pid, owner: Owner, reason: &ExitReason) -> usize {
    let (links, monitors, watchers) = owner.relations.into_parts();
    let n_links = links.len();
    for (peer, Link { own, peer: theirs }) in links {
        let cause = ExitCause::Link { own, peer: theirs };
        tell(
            kernel,
            peer,
            Signal::Exit {
                from: me,
                reason: reason.clone(),
                cause,
            },
        );
    }
    for (id, watcher) in watchers {
        tell(
            kernel,
            watcher,
            Signal::Down {
                id,
                pid: me,
                reason: reason.clone(),
            },
        );
    }
    for (id, target) in monitors {
        tell(kernel, target, Signal::Demonitor { id });
    }
    for (id, call) in owner.calls {
        if let PendingCall::Waiting { callee } = call {
            tell(kernel, callee, Signal::Demonitor { id });
        }
    }
    n_links
}

fn tell(kernel: &Kernel, to: Pid, signal: Signal) {
    #[cfg(test)]
    tests::look_round(kernel);
    if let Some(process) = kernel.table.find(to) {
        // Closed meanwhile: nobody is left to tell.
        let _gone = process.deliver(kernel, Envelope::Signal(signal));
    }
}

#[cfg(test)]
mod tests;
