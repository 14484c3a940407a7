//! The children of one supervisor, in start order, and the state of each.
//!
//! Invariant: a child is found by its monitor exactly while it runs, so a notice about an earlier run of
//! the same child finds nobody. Every look-up and every change costs at most logarithmic time, however many
//! children there are.

use crate::policy::{ChildKind, ChildPolicy};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;

/// Names a child for as long as its supervisor runs; the order of keys is the order of starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChildKey(u64);

/// Where a child stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildState<P, M> {
    /// It has a process.
    Running {
        /// Which.
        pid: P,
        /// What tells of its end.
        monitor: M,
    },
    /// Its restart failed and is to be tried again.
    Restarting,
    /// It has no process, and nothing of its own brings it back.
    Ended,
}

impl<P, M> ChildState<P, M> {
    /// Whether it has a process.
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }

    /// Whether it runs, or is to run.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Running { .. } | Self::Restarting)
    }
}

/// One child.
#[derive(Clone, Debug)]
pub struct Child<S, P, M> {
    id: Option<Arc<str>>,
    policy: ChildPolicy,
    spec: S,
    state: ChildState<P, M>,
    /// The process it has, or had last.
    last_pid: Option<P>,
    /// Its place among those that wait for another try.
    turn: Option<u64>,
}

impl<S, P: Copy, M: Copy> Child<S, P, M> {
    /// What it is called among its siblings; none in a dynamic supervisor.
    pub fn id(&self) -> Option<&Arc<str>> {
        self.id.as_ref()
    }

    /// What decisions depend on.
    pub fn policy(&self) -> ChildPolicy {
        self.policy
    }

    /// What the caller keeps with it.
    pub fn spec(&self) -> &S {
        &self.spec
    }

    /// Where it stands.
    pub fn state(&self) -> ChildState<P, M> {
        self.state
    }

    /// The process it has, or had last.
    pub fn last_pid(&self) -> Option<P> {
        self.last_pid
    }
}

/// How many children there are (OTP statement 132).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them, with a process or without.
    pub specs: usize,
    /// Those that have a process.
    pub active: usize,
    /// Supervisors, with a process or without.
    pub supervisors: usize,
    /// Workers, with a process or without.
    pub workers: usize,
}

/// The children of one supervisor: `S` is what the caller keeps with each, `P` names a process, `M` a monitor.
#[derive(Clone, Debug)]
pub struct Children<S, P, M> {
    list: BTreeMap<ChildKey, Child<S, P, M>>,
    by_id: BTreeMap<Arc<str>, ChildKey>,
    by_pid: BTreeMap<P, ChildKey>,
    running: BTreeMap<M, ChildKey>,
    /// Those whose restart failed, in the order of failing.
    restarting: BTreeMap<u64, ChildKey>,
    last_number: u64,
    n_supervisors: usize,
    n_significant_live: usize,
}

impl<S, P, M> Default for Children<S, P, M> {
    fn default() -> Self {
        Self {
            list: BTreeMap::new(),
            by_id: BTreeMap::new(),
            by_pid: BTreeMap::new(),
            running: BTreeMap::new(),
            restarting: BTreeMap::new(),
            last_number: 0,
            n_supervisors: 0,
            n_significant_live: 0,
        }
    }
}

impl<S, P: Copy + Ord, M: Copy + Ord> Children<S, P, M> {
    /// A child that has not been started yet, behind the others. An id that another child has is taken over
    /// from it: see first whether there is one, by [`by_id`](Self::by_id).
    pub fn add(&mut self, id: Option<Arc<str>>, policy: ChildPolicy, spec: S) -> ChildKey {
        let key = ChildKey(self.next_number());
        if let Some(id) = &id {
            self.by_id.insert(Arc::clone(id), key);
        }
        self.n_supervisors += usize::from(policy.kind == ChildKind::Supervisor);
        let (state, last_pid, turn) = (ChildState::Ended, None, None);
        let child = Child {
            id,
            policy,
            spec,
            state,
            last_pid,
            turn,
        };
        self.list.insert(key, child);
        key
    }

    /// In start order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (ChildKey, &Child<S, P, M>)> + Clone {
        self.list.iter().map(|(key, child)| (*key, child))
    }

    /// This child and those that start after it, in start order.
    pub fn iter_from(
        &self,
        first: ChildKey,
    ) -> impl DoubleEndedIterator<Item = (ChildKey, &Child<S, P, M>)> + Clone {
        self.list.range(first..).map(|(key, child)| (*key, child))
    }

    /// The child with this key.
    pub fn find(&self, key: ChildKey) -> Option<&Child<S, P, M>> {
        self.list.get(&key)
    }

    /// Who is called this.
    pub fn by_id(&self, id: &str) -> Option<ChildKey> {
        self.by_id.get(id).copied()
    }

    /// Whose process this is, or was the last.
    pub fn by_pid(&self, pid: P) -> Option<ChildKey> {
        self.by_pid.get(&pid).copied()
    }

    /// Whose run this monitor watches.
    pub fn by_monitor(&self, monitor: M) -> Option<ChildKey> {
        self.running.get(&monitor).copied()
    }

    /// Who waits longest for another try of a restart that failed.
    pub fn first_restarting(&self) -> Option<ChildKey> {
        self.restarting.values().next().copied()
    }

    /// Whether any child runs, or is to run.
    pub fn is_any_live(&self) -> bool {
        !self.running.is_empty() || !self.restarting.is_empty()
    }

    /// Whether any significant child runs, or is to run.
    pub fn is_any_significant_live(&self) -> bool {
        self.n_significant_live > 0
    }

    /// How many there are.
    pub fn counts(&self) -> Counts {
        Counts {
            specs: self.list.len(),
            active: self.running.len(),
            supervisors: self.n_supervisors,
            workers: self.list.len() - self.n_supervisors,
        }
    }

    /// Notes where a child stands now. One that is restarting, set to restarting once more, goes behind the
    /// others that wait.
    pub fn set_state(&mut self, key: ChildKey, state: ChildState<P, M>) {
        let turn = (matches!(state, ChildState::Restarting)).then(|| self.next_number());
        let Some(child) = self.list.get_mut(&key) else {
            return;
        };
        if let ChildState::Running { monitor, .. } = child.state {
            self.running.remove(&monitor);
        }
        if let Some(turn) = child.turn {
            self.restarting.remove(&turn);
        }
        if child.policy.is_significant {
            self.n_significant_live -= usize::from(child.state.is_live());
            self.n_significant_live += usize::from(state.is_live());
        }
        (child.state, child.turn) = (state, turn);
        if let Some(turn) = turn {
            self.restarting.insert(turn, key);
        }
        if let ChildState::Running { pid, monitor } = state {
            self.running.insert(monitor, key);
            self.by_pid.insert(pid, key);
            if let Some(last) = child.last_pid.replace(pid).filter(|last| *last != pid) {
                self.by_pid.remove(&last);
            }
        }
    }

    /// Drops a child, and with it whatever its start held (OTP statement 119).
    pub fn forget(&mut self, key: ChildKey) {
        self.set_state(key, ChildState::Ended);
        let Some(child) = self.list.remove(&key) else {
            return;
        };
        self.n_supervisors -= usize::from(child.policy.kind == ChildKind::Supervisor);
        if let Some(id) = &child.id {
            self.by_id.remove(id);
        }
        if let Some(pid) = child.last_pid {
            self.by_pid.remove(&pid);
        }
    }

    /// Never twice the same.
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    type Table = Children<(), u32, u32>;

    fn add(children: &mut Table, id: &str) -> ChildKey {
        children.add(Some(id.into()), ChildPolicy::default(), ())
    }

    fn running(number: u32) -> ChildState<u32, u32> {
        ChildState::Running {
            pid: number,
            monitor: number + 100,
        }
    }

    #[test]
    fn a_child_is_found_by_the_monitor_of_its_present_run_only() {
        let mut children = Table::default();
        let a = add(&mut children, "a");
        children.set_state(a, running(1));
        assert_eq!(children.by_monitor(101), Some(a));
        children.set_state(a, ChildState::Ended);
        assert_eq!(children.by_monitor(101), None);
        children.set_state(a, running(2));
        assert_eq!(
            (children.by_monitor(101), children.by_monitor(102)),
            (None, Some(a))
        );
        assert_eq!((children.by_pid(1), children.by_pid(2)), (None, Some(a)));
        children.forget(a);
        assert_eq!(
            (
                children.by_monitor(102),
                children.by_pid(2),
                children.by_id("a")
            ),
            (None, None, None)
        );
        assert_eq!(children.counts(), Counts::default());
    }

    #[test]
    fn those_that_wait_for_another_try_take_turns() {
        let mut children = Table::default();
        let keys: Vec<ChildKey> = ["a", "b"].iter().map(|id| add(&mut children, id)).collect();
        let [a, b] = keys[..] else { unreachable!() };
        children.set_state(b, ChildState::Restarting);
        children.set_state(a, ChildState::Restarting);
        assert_eq!(children.first_restarting(), Some(b));
        children.set_state(b, ChildState::Restarting);
        assert_eq!(children.first_restarting(), Some(a));
        children.set_state(a, running(1));
        children.forget(b);
        assert_eq!(children.first_restarting(), None);
        assert!(children.is_any_live());
    }

    #[test]
    fn counts_follow_the_states() {
        let mut children = Table::default();
        let significant = ChildPolicy {
            is_significant: true,
            ..ChildPolicy::default()
        };
        let supervisor = ChildPolicy {
            kind: ChildKind::Supervisor,
            ..ChildPolicy::default()
        };
        let a = children.add(None, significant, ());
        let b = children.add(None, supervisor, ());
        assert!(!children.is_any_live() && !children.is_any_significant_live());
        children.set_state(a, running(1));
        children.set_state(b, ChildState::Restarting);
        let counts = Counts {
            specs: 2,
            active: 1,
            supervisors: 1,
            workers: 1,
        };
        assert_eq!(children.counts(), counts);
        assert!(children.is_any_significant_live());
        children.forget(a);
        assert!(children.is_any_live() && !children.is_any_significant_live());
    }
}
