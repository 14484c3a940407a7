//! What is known of a process from outside: [`ProcessInfo`] and [`Ties`].

use crate::id::{Name, Pid};
use crate::process::Process;
use crate::state::RunState;
use crate::sync::Arc;
use std::any::Any;
use std::fmt;

/// How many links, monitors and watchers a process has, and whether it traps exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ties {
    /// Processes it is linked to.
    pub links: usize,
    /// Monitors it holds.
    pub monitors: usize,
    /// Monitors held on it, and requests that wait for its answer.
    pub watchers: usize,
    /// Notices that wait in its mailbox, of monitors and links that it asked for. Together with `links` and
    /// `monitors` this is what it has asked of others: an embedder that bounds the sum bounds the memory.
    pub notices: usize,
    /// Groups joined, each join counted.
    pub joins: usize,
    /// Whether it traps exits.
    pub is_trapping: bool,
}

/// What is known of a process from outside.
#[derive(Clone)]
pub struct ProcessInfo {
    /// Who.
    pub pid: Pid,
    /// Its spawner; none when the node itself started it.
    pub parent: Option<Pid>,
    /// What it was labelled at spawn.
    pub label: Arc<str>,
    /// Its registered name.
    pub name: Option<Name>,
    /// `waiting`, `runnable`, `running` or `exiting`.
    pub state: &'static str,
    /// Messages and requests not yet taken, those on their way included (OTP statement 091).
    pub mailbox_len: usize,
    /// The bytes of their payloads.
    pub mailbox_bytes: usize,
    /// Signals and replies that have arrived and that it has not acted upon: many for one that does not come
    /// to run.
    pub signals_waiting: usize,
    /// How it is tied to others, as far as it has acted on what arrived.
    pub ties: Ties,
    /// What the embedder gave at spawn.
    pub extension: Option<Arc<dyn Any + Send + Sync>>,
}

impl Ties {
    pub(crate) fn of(process: &Process) -> Self {
        let joins = process.kernel.registry.joins(process.pid);
        let owner = process.owner.lock();
        let (links, monitors, watchers) = owner.relations.counts();
        let notices = owner.mailbox.n_asked();
        let is_trapping = owner.relations.is_trapping();
        Self {
            links,
            monitors,
            watchers,
            notices,
            joins,
            is_trapping,
        }
    }
}

impl ProcessInfo {
    pub(super) fn of(process: &Process) -> Self {
        let (mailbox_len, mailbox_bytes) = process.inbox.load();
        Self {
            pid: process.pid,
            parent: process.parent,
            label: Arc::clone(&process.label),
            name: process.kernel.registry.name_of(process.pid),
            state: state(process),
            mailbox_len,
            mailbox_bytes,
            signals_waiting: process.inbox.n_signals(),
            ties: Ties::of(process),
            extension: process.extension.clone(),
        }
    }
}

fn state(process: &Process) -> &'static str {
    if process.is_ending() {
        return "exiting";
    }
    match process.inbox.state() {
        RunState::Idle => "waiting",
        RunState::Queued => "runnable",
        RunState::Running | RunState::Noted | RunState::Rerun => "running",
        RunState::Gone => "exiting",
    }
}

impl fmt::Debug for ProcessInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessInfo")
            .field("pid", &self.pid)
            .field("parent", &self.parent)
            .field("label", &self.label)
            .field("name", &self.name)
            .field("state", &self.state)
            .field("mailbox_len", &self.mailbox_len)
            .field("signals_waiting", &self.signals_waiting)
            .field("ties", &self.ties)
            .finish_non_exhaustive()
    }
}
