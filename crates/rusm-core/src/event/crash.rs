//! The end of a process, and the report of one that went wrong: [`Exit`], [`CrashReport`].

use crate::guest::breach::Breach;
use rusm_actor::{ExitReason, LifecycleEvent, Name, Pid};
use std::sync::Arc;

/// The end of one process. Sizes are all that is told of messages: what they hold is nobody's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its component.
    pub component: Arc<str>,
    /// Who.
    pub pid: Pid,
    /// The name that it held to the last.
    pub name: Option<Name>,
    /// Its spawner; none when the node itself started it.
    pub parent: Option<Pid>,
    /// Why.
    pub reason: ExitReason,
    /// For a trap: the functions it was in, innermost first. The node says so, not the guest.
    pub frames: Vec<String>,
    /// For a limit: which bound, and how much was asked. The node says so, not the guest.
    pub breach: Option<Breach>,
    /// What was in its mailbox.
    pub unread: Unread,
    /// Processes it was linked to.
    pub links: usize,
}

/// What a process left in its mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Messages, requests and notices.
    pub messages: usize,
    /// The bytes of their payloads.
    pub bytes: usize,
    /// The payload sizes of the oldest, at most [`LifecycleEvent::SIZES_MAX`] of them.
    pub sizes: Vec<usize>,
}

/// What the node knows of a process's end besides its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) frames: Vec<String>,
    pub(crate) breach: Option<Breach>,
}

impl From<Breach> for Evidence {
    fn from(breach: Breach) -> Self {
        Self {
            frames: Vec::new(),
            breach: Some(breach),
        }
    }
}

impl Exit {
    /// None for a beginning.
    pub(crate) fn of(event: &LifecycleEvent, evidence: Evidence) -> Option<Self> {
        let LifecycleEvent::Exited {
            pid,
            parent,
            label,
            name,
            reason,
            unread,
            unread_bytes,
            unread_sizes,
            links,
        } = event
        else {
            return None;
        };
        Some(Self {
            component: Arc::clone(label),
            pid: *pid,
            name: name.clone(),
            parent: *parent,
            reason: reason.clone(),
            frames: evidence.frames,
            breach: evidence.breach,
            unread: Unread {
                messages: *unread,
                bytes: *unread_bytes,
                sizes: unread_sizes.clone(),
            },
            links: *links,
        })
    }

    /// Whether this was neither `normal` nor `shutdown`.
    pub fn is_crash(&self) -> bool {
        !self.reason.is_orderly()
    }
}

/// The report of an abnormal end, once it is known what became of it (OTP statement 145).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashReport {
    /// Who ended, and why.
    pub exit: Exit,
    /// Its supervisor, if it has one.
    pub supervisor: Option<SupervisedBy>,
    /// What its supervisor did.
    pub aftermath: Aftermath,
}

/// Where in a supervision tree a process was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupervisedBy {
    /// The supervisor's process.
    pub pid: Pid,
    /// What the supervisor is called.
    pub label: Arc<str>,
    /// What the process was called there; none when the supervisor ended before it said.
    pub child: Option<Arc<str>>,
}

/// What a supervisor did after a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// No supervisor watches the process, or none that still runs.
    Unsupervised,
    /// It was started again, as this process.
    Restarted(Pid),
    /// It could not be started again, for this reason; that is tried again.
    RestartFailed(ExitReason),
    /// One restart too many: the supervisor gives up.
    GaveUp,
    /// Its restart type leaves it ended.
    StaysEnded,
    /// Its supervisor was stopping it, on its own account or because of a sibling.
    BeingStopped,
    /// The supervisor ended before it had done anything about it.
    SupervisorEnded,
}

impl CrashReport {
    /// Whether somebody who may has ended the process, and nothing follows from it: a kill that no
    /// supervisor had to answer.
    pub fn is_deliberate(&self) -> bool {
        let has_followed = matches!(
            self.aftermath,
            Aftermath::Restarted(_)
                | Aftermath::RestartFailed(_)
                | Aftermath::GaveUp
                | Aftermath::StaysEnded
        );
        self.exit.reason == ExitReason::Killed && !has_followed
    }
}
