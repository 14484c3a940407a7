//! Who descends from whom, for as long as it matters.
//!
//! A lineage node outlives its process only while a live descendant hangs below it, and dead nodes are
//! skipped when a child is added: a relay of processes that each spawn the next and end does not grow a
//! chain. Live descendants of every generation are counted against `max-processes` in a [`Budget`], also
//! when whoever had that bound has ended.
//!
//! # Locking
//! One node's parent lock at a time, held for a clone or a swap.

mod budget;

use budget::{Budget, Share};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ceiling::Held;
use crate::program::GuestCode;
use rusm_actor::Pid;
use rusm_caps::Guard;
use std::collections::BTreeMap;
use tokio::sync::Semaphore;

/// Code that a process registered at run time, and the guard of that process: the code runs under its profile.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) code: Arc<GuestCode>,
    pub(crate) loader: Guard,
    /// Its part in the node's account of memory.
    pub(crate) _held: Arc<Held>,
}

/// One process in the family tree.
#[derive(Debug)]
pub(crate) struct Lineage {
    parent: Mutex<Option<Arc<Lineage>>>,
    pid: OnceLock<Pid>,
    /// Who spawned it; stays when that process has ended.
    parent_pid: Option<Pid>,
    is_alive: AtomicBool,
    /// Where its descendants are counted.
    budget: Arc<Budget>,
    loaded: Mutex<BTreeMap<String, Loaded>>,
    /// One place: a process brings one piece of code at a time.
    compiling: OnceLock<Arc<Semaphore>>,
}

/// The process's place in the tree; dropping it takes the process out of its ancestors' counts.
#[derive(Debug)]
pub(crate) struct Lease {
    lineage: Arc<Lineage>,
    /// Its own place among the descendants of its ancestors.
    _share: Option<Share>,
}

impl Lineage {
    /// A new process below `parent`; refused when an ancestor has all the descendants it may have.
    ///
    /// # Errors
    /// The bound that was reached.
    pub(crate) fn below(parent: Option<&Arc<Self>>, n_descendants_max: u32) -> Result<Lease, u32> {
        let above = parent.map(|parent| &parent.budget);
        let share = above.map(Budget::share).transpose()?;
        let budget = Budget::below(above, n_descendants_max);
        let parent_pid = parent.and_then(|parent| parent.pid.get().copied());
        let parent = parent.map(Self::nearest_alive_from);
        let lineage = Arc::new(Self {
            parent: Mutex::new(parent.flatten()),
            pid: OnceLock::new(),
            parent_pid,
            is_alive: AtomicBool::new(true),
            budget,
            loaded: Mutex::default(),
            compiling: OnceLock::new(),
        });
        Ok(Lease {
            lineage,
            _share: share,
        })
    }

    /// Set once, when the kernel has given the process its pid.
    pub(crate) fn set_pid(&self, pid: Pid) {
        // A second call would carry the same pid.
        let _already = self.pid.set(pid);
    }

    /// The guest that spawned it; none when the node itself did, by a supervisor or from outside.
    pub(crate) fn parent(&self) -> Option<Pid> {
        self.parent_pid
    }

    /// Whether the living process `pid` is an ancestor.
    pub(crate) fn descends_from(&self, pid: Pid) -> bool {
        self.ancestors()
            .any(|ancestor| ancestor.pid.get() == Some(&pid))
    }

    /// Keeps code under a name, for this process and its descendants to spawn. False when the name is taken.
    pub(crate) fn load(&self, name: &str, loaded: Loaded) -> bool {
        let mut held = self.loaded.lock();
        if held.contains_key(name) {
            return false;
        }
        held.insert(name.to_owned(), loaded);
        true
    }

    /// How many pieces of code this process has loaded.
    pub(crate) fn n_loaded(&self) -> usize {
        self.loaded.lock().len()
    }

    /// What the host holds for them, in bytes.
    pub(crate) fn loaded_bytes(&self) -> u64 {
        let held = self.loaded.lock();
        let sizes = held.values().map(|loaded| loaded.code.host_bytes());
        sizes.fold(0, u64::saturating_add)
    }

    /// The place that code of this process takes while it is compiled.
    pub(crate) fn compiling(&self) -> &Arc<Semaphore> {
        self.compiling.get_or_init(|| Arc::new(Semaphore::new(1)))
    }

    /// Code that this process or a living ancestor loaded under this name; the nearest wins.
    pub(crate) fn find_loaded(&self, name: &str) -> Option<Loaded> {
        let own = self.loaded.lock().get(name).cloned();
        own.or_else(|| {
            self.ancestors()
                .find_map(|ancestor| ancestor.loaded.lock().get(name).cloned())
        })
    }

    fn ancestors(&self) -> impl Iterator<Item = Arc<Self>> {
        let first = self.parent.lock().clone();
        std::iter::successors(first, |lineage| lineage.parent.lock().clone())
    }

    /// This node if its process lives, else the nearest ancestor whose process does. The nodes on the way
    /// are made to point there.
    fn nearest_alive_from(self: &Arc<Self>) -> Option<Arc<Self>> {
        let is_alive = self.is_alive.load(Ordering::Acquire);
        let nearest = if is_alive {
            Some(Arc::clone(self))
        } else {
            self.nearest_parent()
        };
        if let Some(found) = &nearest {
            found.skip_dead_parents();
        }
        nearest
    }

    fn skip_dead_parents(&self) {
        let is_dead = |above: &Arc<Self>| !above.is_alive.load(Ordering::Acquire);
        let has_dead_parent = self.parent.lock().as_ref().is_some_and(is_dead);
        // Seldom: whoever spawned this one has ended since somebody last looked.
        if has_dead_parent {
            let above = self.nearest_parent();
            *self.parent.lock() = above;
        }
    }

    fn nearest_parent(&self) -> Option<Arc<Self>> {
        self.ancestors()
            .find(|lineage| lineage.is_alive.load(Ordering::Acquire))
    }
}

impl Lease {
    pub(crate) fn lineage(&self) -> &Arc<Lineage> {
        &self.lineage
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.lineage.is_alive.store(false, Ordering::Release);
        self.lineage.loaded.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid(number: u64) -> Pid {
        Pid::from_u64(number).unwrap()
    }

    fn child(parent: &Lease, number: u64) -> Lease {
        let lease = Lineage::below(Some(parent.lineage()), 10).unwrap();
        lease.lineage().set_pid(pid(number));
        lease
    }

    #[test]
    fn max_processes_counts_descendants_of_every_generation() {
        let root = Lineage::below(None, 2).unwrap();
        root.lineage().set_pid(pid(1));
        let first = child(&root, 2);
        let second = child(&first, 3);
        assert_eq!(Lineage::below(Some(second.lineage()), 10).unwrap_err(), 2);
        assert_eq!(Lineage::below(Some(root.lineage()), 10).unwrap_err(), 2);
        drop(second);
        assert!(Lineage::below(Some(first.lineage()), 10).is_ok());
    }

    #[test]
    fn a_relay_of_processes_leaves_no_chain_behind() {
        let root = Lineage::below(None, 100).unwrap();
        root.lineage().set_pid(pid(1));
        let mut last = child(&root, 2);
        for number in 3..1_000 {
            last = child(&last, number);
        }
        let next = child(&last, 1_000);
        assert!(next.lineage().ancestors().count() <= 3);
        assert!(next.lineage().descends_from(pid(1)));
    }

    /// The bound of one that has ended holds for those it started, and for those they start.
    #[test]
    fn an_end_sets_nobody_free() {
        let root = Lineage::below(None, 3).unwrap();
        let children = [child(&root, 2), child(&root, 3)];
        drop(root);
        let [first, second] = children;
        let third = Lineage::below(Some(first.lineage()), 10).unwrap();
        assert_eq!(Lineage::below(Some(second.lineage()), 10).unwrap_err(), 3);
        drop(first);
        let fourth = Lineage::below(Some(third.lineage()), 10).unwrap();
        assert_eq!(Lineage::below(Some(fourth.lineage()), 10).unwrap_err(), 3);
    }
}
