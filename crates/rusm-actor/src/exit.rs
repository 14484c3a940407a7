//! The death of a process, always in this order:
//!
//! 1. its body is dropped: memory, files and sockets go;
//! 2. its names and groups are released;
//! 3. it leaves the table, and its inbox is closed;
//! 4. requests that still waited in the inbox are answered;
//! 5. links get an exit signal, watchers a down notice;
//! 6. timers addressed to it are dropped, the end is reported, and who waits outside of the node is told.
//!
//! So who hears of an end finds the name free and the resources gone (OTP statement 012), and nobody
//! waits for ever: whoever got an envelope into the inbox before it closed is answered from here,
//! everybody later is answered by the sender's own side.

use crate::event::LifecycleEvent;
use crate::id::{Name, Pid};
use crate::kernel::Kernel;
use crate::mailbox::{Cursor, Mailbox, Selector};
use crate::process::{Owner, PendingCall, Process, Task};
use crate::reason::ExitReason;
use crate::relations::Link;
use crate::signal::{Envelope, ExitCause, Signal};
use crate::sync::{Arc, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Ends a process, in the slice that found the reason.
pub(crate) fn finish(process: &Arc<Process>, task: Option<Task>, reason: ExitReason) {
    let kernel = &process.kernel;
    process.doom();
    drop_body(task);
    let is_registered = process.is_registered.load(Ordering::Relaxed);
    let name = is_registered.then(|| kernel.registry.release(process.pid));
    // Not before the names are free: who sees a process as dead may count on them (OTP statement 012).
    process.inbox.finish();
    let mut owner = std::mem::take(&mut *process.owner.lock());
    for id in owner.calls.keys() {
        kernel.calls.remove(id);
    }
    let was_last = kernel.table.remove(process.pid);
    let mut unread = Unread {
        behind: owner.doom.take().map_or_else(Vec::new, |doom| doom.behind),
        unanswered: process.inbox.close(),
        mailbox: std::mem::take(&mut owner.mailbox),
    };
    let is_wanted = kernel.wants_exit(&reason);
    let end = is_wanted.then(|| end(process, name.flatten(), &reason, &mut unread, &owner));
    for envelope in unread.behind.into_iter().chain(unread.unanswered) {
        answer(kernel, process.pid, envelope, &reason);
    }
    tell_relations(kernel, process.pid, owner, &reason);
    drop_timers(process);
    if let Some(end) = end {
        kernel.report_exit(&end);
    }
    if let Some(ending) = &process.ending {
        ending.tell(reason);
    }
    if was_last {
        kernel.note_empty();
    }
}

/// Not before the process has left the table: a timer that is armed later finds nobody.
fn drop_timers(process: &Process) {
    if process.has_timers.load(Ordering::SeqCst) {
        process.kernel.timers.drop_charged(process.pid);
    }
}

/// What nobody received, oldest first: in the mailbox, behind the fatal signal, in the inbox.
struct Unread {
    mailbox: Mailbox,
    behind: Vec<Envelope>,
    unanswered: Vec<Envelope>,
}

impl Unread {
    fn len(&self) -> usize {
        self.mailbox.len() + self.envelopes().count()
    }

    /// Those that would have become events.
    fn envelopes(&self) -> impl Iterator<Item = &Envelope> {
        let all = self.behind.iter().chain(&self.unanswered);
        all.filter(|envelope| {
            let is_notice = matches!(
                envelope,
                Envelope::Signal(Signal::Exit { .. } | Signal::Down { .. })
            );
            is_notice || envelope.charged_bytes().is_some()
        })
    }

    /// The sizes of the oldest; what the mailbox holds of them is taken out.
    fn take_sizes(&mut self) -> Vec<usize> {
        let (mut mailbox, mut start) = (std::mem::take(&mut self.mailbox), Cursor::default());
        let received = std::iter::from_fn(|| mailbox.take(&Selector::any(), &mut start));
        let received = received.map(|event| event.charged_bytes());
        let sizes = received.chain(self.envelopes().map(Envelope::charged_bytes));
        let sizes = sizes.map(Option::unwrap_or_default);
        sizes.take(LifecycleEvent::SIZES_MAX).collect()
    }
}

/// The last that is told of a process, gathered before what waited for it is gone.
fn end(
    process: &Process,
    name: Option<Name>,
    reason: &ExitReason,
    unread: &mut Unread,
    owner: &Owner,
) -> LifecycleEvent {
    let (links, _, _) = owner.relations.counts();
    // What was refused or taken is not among them.
    let (_, unread_bytes) = process.inbox.load();
    LifecycleEvent::Exited {
        pid: process.pid,
        parent: process.parent,
        label: Arc::clone(&process.label),
        name,
        reason: reason.clone(),
        unread: unread.len(),
        unread_bytes,
        unread_sizes: unread.take_sizes(),
        links,
    }
}

/// Takes back a process that has not run: its name was taken. Whoever found it by chance is answered.
pub(crate) fn discard(process: &Arc<Process>) {
    let kernel = &process.kernel;
    process.inbox.finish();
    let was_last = kernel.table.remove(process.pid);
    for envelope in process.inbox.close() {
        answer(kernel, process.pid, envelope, &ExitReason::NoProcess);
    }
    drop_timers(process);
    if was_last {
        kernel.note_empty();
    }
}

/// Drops the body while the process still has its relations: what the body does on the way out, a link to
/// somebody for instance, is undone with the rest. A body that panics while it is dropped has ended all the
/// same.
fn drop_body(task: Option<Task>) {
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

/// Tells links and watchers, and takes back what this process watched.
fn tell_relations(kernel: &Kernel, me: Pid, owner: Owner, reason: &ExitReason) {
    let (links, monitors, watchers) = owner.relations.into_parts();
    for (peer, Link { own, peer: theirs }) in links.into_entries() {
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
    for (id, watcher) in watchers.into_entries() {
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
    for (id, target) in monitors.into_entries() {
        tell(kernel, target, Signal::Demonitor { id });
    }
    for (id, call) in owner.calls.into_entries() {
        if let PendingCall::Waiting { callee } = call {
            tell(kernel, callee, Signal::Demonitor { id });
        }
    }
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
