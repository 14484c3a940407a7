//! What a node holds for its processes, in exact numbers: for tests that a process leaves nothing behind.
//!
//! Each number is counted where the thing is kept, so two ledgers are equal when everything that began between them has ended.

use crate::Runtime;
use crate::ceiling::Ceiling;
use std::sync::Arc;

/// What a node holds at one moment. Hidden: this is no interface for embedders.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Processes alive, native helpers among them.
    pub processes: usize,
    /// Timers that have not fired, time-outs among them.
    pub timers: usize,
    /// Requests without an answer.
    pub calls: usize,
    /// Registered names.
    pub names: usize,
    /// Joins of groups.
    pub joins: usize,
    /// Slots of the pool that nobody has.
    pub free_seats: u32,
    /// Pieces of code that somebody uses.
    pub code: usize,
    /// Bytes held of the node's ceiling on memory; 0 when it has none.
    pub memory_bytes: u64,
    /// Handles held of the node's ceiling on handles; 0 when it has none.
    pub handles: u64,
    /// Bytes in mailboxes, held of the node's ceiling on them; 0 when it has none.
    pub mailbox_bytes: usize,
    /// What is known of ends that have not been reported.
    pub evidence: usize,
}

impl Runtime {
    /// What the node holds now.
    #[doc(hidden)]
    pub fn ledger(&self) -> Ledger {
        let node = self.node();
        let (timers, calls) = node.pending();
        let (names, joins) = node.registered();
        Ledger {
            processes: node.process_count(),
            timers,
            calls,
            names,
            joins,
            free_seats: self.0.code.engines().free_seats(),
            code: self.0.code.n_used(),
            memory_bytes: held(self.0.ceilings.memory.as_ref()),
            mailbox_bytes: node.mailbox_bytes(),
            handles: held(self.0.ceilings.handles.as_ref()),
            evidence: self.0.reporter.n_evidence(),
        }
    }
}

fn held(ceiling: Option<&Arc<Ceiling>>) -> u64 {
    ceiling.map_or(0, |ceiling| ceiling.held())
}
