//! The children of one supervisor, in start order, and the state of each.
//!
//! Invariant: a child is found by its monitor exactly while it runs, so a notice about an earlier run of
//! the same child finds nobody.

use crate::child_spec::ChildSpec;
use rusm_actor::{Pid, Ref};
use std::collections::BTreeMap;

/// Names a child for as long as its supervisor runs; the order of keys is the order of starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChildKey(pub(crate) u64);

/// Where a child stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildState {
    /// It has a process.
    Running { pid: Pid, monitor: Ref },
    /// Its restart failed and is to be tried again.
    Restarting,
    /// It has no process, and nothing of its own brings it back.
    Ended,
}

impl ChildState {
    pub(crate) fn is_running(self) -> bool {
        matches!(self, Self::Running { .. })
    }

    /// Whether it runs, or is to run.
    pub(crate) fn is_live(self) -> bool {
        matches!(self, Self::Running { .. } | Self::Restarting)
    }
}

#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) spec: ChildSpec,
    pub(crate) state: ChildState,
}

#[derive(Debug, Default)]
pub(crate) struct Children {
    list: BTreeMap<ChildKey, Child>,
    running: BTreeMap<Ref, ChildKey>,
    last_key: u64,
}

impl Children {
    /// A child that has not been started yet, behind the others.
    pub(crate) fn add(&mut self, spec: ChildSpec) -> ChildKey {
        self.last_key += 1;
        let key = ChildKey(self.last_key);
        self.list.insert(
            key,
            Child {
                spec,
                state: ChildState::Ended,
            },
        );
        key
    }

    /// In start order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (ChildKey, &Child)> {
        self.list.iter().map(|(key, child)| (*key, child))
    }

    pub(crate) fn find(&self, key: ChildKey) -> Option<&Child> {
        self.list.get(&key)
    }

    /// Whose run this monitor watches.
    pub(crate) fn by_monitor(&self, monitor: Ref) -> Option<ChildKey> {
        self.running.get(&monitor).copied()
    }

    pub(crate) fn set_state(&mut self, key: ChildKey, state: ChildState) {
        let Some(child) = self.list.get_mut(&key) else {
            return;
        };
        if let ChildState::Running { monitor, .. } = child.state {
            self.running.remove(&monitor);
        }
        child.state = state;
        if let ChildState::Running { monitor, .. } = state {
            self.running.insert(monitor, key);
        }
    }

    /// Drops the spec, and with it whatever its start held (OTP statement 119).
    pub(crate) fn forget(&mut self, key: ChildKey) {
        self.set_state(key, ChildState::Ended);
        self.list.remove(&key);
    }
}
