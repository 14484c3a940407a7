//! The calling process itself, and its ties to others.

use crate::mailbox::stash;
use crate::{Denial, ExitReason, Pid, Reference, sys};

/// What happens to an exit signal that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitSignals {
    /// It ends the process too, unless its reason is `normal`. How a process starts out.
    Obeyed,
    /// It becomes an [`Event::Exit`](crate::mailbox::Event::Exit) in the mailbox.
    Trapped,
}

/// The pid of this process.
pub fn me() -> Pid {
    sys::process_self()
}

/// The process that spawned this one; none for children of the node itself.
pub fn parent() -> Option<Pid> {
    sys::process_parent()
}

/// Ends this process with a reason. No destructor runs.
pub fn exit(reason: &ExitReason) -> ! {
    sys::process_exit(reason)
}

/// Chooses what exit signals do from now on; returns what they did until now.
pub fn trap_exits(signals: ExitSignals) -> ExitSignals {
    if sys::process_trap_exits(signals == ExitSignals::Trapped) {
        ExitSignals::Trapped
    } else {
        ExitSignals::Obeyed
    }
}

/// Ties this process and `to` together: when one ends, the other gets an exit signal.
///
/// If `to` is gone already the signal, with reason `no-process`, comes at once.
///
/// # Errors
/// The profile allows links with own children and the parent; with anyone else only under process control.
pub fn link(to: Pid) -> Result<(), Denial> {
    sys::process_link(to)
}

/// Unties. After this returns, no exit signal caused by that link is delivered.
pub fn unlink(to: Pid) {
    sys::process_unlink(to);
}

/// Asks for exactly one [`Event::Down`](crate::mailbox::Event::Down) when `to` ends; at once, with `no-process`, if it is gone.
pub fn monitor(to: Pid) -> Reference {
    sys::process_monitor(to)
}

/// After this returns, the `Down` event of that monitor is not delivered.
pub fn demonitor(monitor: Reference) {
    sys::process_demonitor(monitor);
    stash::forget(monitor);
}

/// Sends an exit signal. `killed` cannot be trapped; `normal` is ignored unless trapped.
///
/// # Errors
/// Own descendants may always be signalled; anyone else only under process control.
pub fn signal(to: Pid, reason: &ExitReason) -> Result<(), Denial> {
    sys::process_signal(to, reason)
}
