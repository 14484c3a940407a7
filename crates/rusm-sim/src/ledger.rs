//! What happened in a run, in order: [`Ledger`], which bodies and the node's lifecycle events write to.
//!
//! # Order
//! A simulation has one thread, so the ledger's order is the order in which things happened. What sends an
//! envelope is written before it is done, as the receiver may act on it before the sender goes on; what
//! answers is written when the answer is there.

use crate::fact::Fact;
use rusm_actor::{LifecycleEvent, Observer, Pid};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One line of the ledger.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Virtual time. What only the node reports has the time of the line before.
    pub at: Duration,
    /// Whom it is about; nobody when the run itself did it.
    pub who: Option<Pid>,
    /// What happened.
    pub fact: Fact,
}

/// What happened so far.
#[derive(Debug)]
pub struct Ledger {
    entries: Mutex<Vec<Entry>>,
    last_number: AtomicU64,
    /// Every so many lifecycle events the observer panics after having written; 0 for never.
    panics_every: u64,
}

impl Ledger {
    pub(crate) fn new(panics_every: u64) -> Self {
        Self {
            entries: Mutex::default(),
            last_number: AtomicU64::new(0),
            panics_every,
        }
    }

    /// Writes a line.
    pub fn write(&self, at: Duration, who: Option<Pid>, fact: Fact) {
        self.lock().push(Entry { at, who, fact });
    }

    /// A number that nothing else in this run has.
    pub fn number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Ledger {
    fn observe(&self, event: &LifecycleEvent) {
        let (pid, fact) = match event {
            LifecycleEvent::Spawned { pid, parent, .. } => {
                (*pid, Fact::Spawned { parent: *parent })
            }
            LifecycleEvent::Exited {
                pid,
                reason,
                unread,
                ..
            } => {
                let (reason, unread) = (reason.clone(), *unread);
                (*pid, Fact::Exited { reason, unread })
            }
        };
        let n_entries = {
            let mut entries = self.lock();
            let at = entries.last().map_or(Duration::ZERO, |last| last.at);
            entries.push(Entry {
                at,
                who: Some(pid),
                fact,
            });
            u64::try_from(entries.len()).unwrap_or(u64::MAX)
        };
        if self.panics_every > 0 && n_entries.is_multiple_of(self.panics_every) {
            // Without the hook that prints: this one is meant.
            resume_unwind(Box::new("a panic of the observer"));
        }
    }
}
