//! Who sleeps, who searches, whom to wake.
//!
//! # No lost wake-up
//! Who makes work pushes it, fences, and then looks whether anybody searches or sleeps. Who goes to sleep
//! announces it, fences, and then looks at the queues once more. With sequentially consistent fences on
//! both sides at least one of them sees the other.
//!
//! # No busy wake-ups
//! A sleeper is woken only when nobody searches, and counts as searching from the moment it is called; the
//! last searcher that finds work wakes the next one. A thread that sleeps does so until it is called: there
//! is no timeout anywhere.

use crate::sync::{AtomicUsize, Condvar, Mutex, Ordering, fence};

#[derive(Debug)]
pub(super) struct Idle {
    n_searching: AtomicUsize,
    n_sleeping: AtomicUsize,
    sleepers: Mutex<Vec<usize>>,
    beds: Vec<Bed>,
}

#[derive(Debug, Default)]
struct Bed {
    is_called: Mutex<bool>,
    call: Condvar,
}

/// What `notify` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notified {
    /// A worker that searches will find the work.
    Searching,
    /// One of the sleepers was woken; true if all slept.
    Woke { all_slept: bool },
    /// Every worker is at work.
    AllBusy,
}

impl Idle {
    pub(super) fn new(n_workers: usize) -> Self {
        Self {
            n_searching: AtomicUsize::new(0),
            n_sleeping: AtomicUsize::new(0),
            sleepers: Mutex::new(Vec::with_capacity(n_workers)),
            beds: (0..n_workers).map(|_| Bed::default()).collect(),
        }
    }

    /// After work was pushed: sees that somebody looks for it.
    pub(super) fn notify(&self) -> Notified {
        fence(Ordering::SeqCst); // Pairs with the fence in `announce` and the one in `end_search`.
        if self.n_searching.load(Ordering::SeqCst) > 0 {
            return Notified::Searching;
        }
        if self.n_sleeping.load(Ordering::SeqCst) == 0 {
            return Notified::AllBusy;
        }
        let woken = {
            let mut sleepers = self.sleepers.lock();
            let n_sleeping = sleepers.len();
            sleepers.pop().map(|worker| {
                self.leave_list(1);
                (worker, n_sleeping == self.beds.len())
            })
        };
        match woken {
            None => Notified::AllBusy,
            Some((worker, all_slept)) => {
                self.call(worker);
                Notified::Woke { all_slept }
            }
        }
    }

    /// Workers leave the list of sleepers and search from now on. The list must be locked.
    fn leave_list(&self, n_workers: usize) {
        self.n_searching.fetch_add(n_workers, Ordering::SeqCst);
        self.n_sleeping.fetch_sub(n_workers, Ordering::SeqCst);
    }

    pub(super) fn begin_search(&self) {
        self.n_searching.fetch_add(1, Ordering::SeqCst);
    }

    /// Answers whether this was the last searcher: if it found work, it must notify for the rest.
    pub(super) fn end_search(&self) -> bool {
        let was_last = self.n_searching.fetch_sub(1, Ordering::SeqCst) == 1;
        fence(Ordering::SeqCst);
        was_last
    }

    /// Announces that a worker is about to sleep. It must look at the queues once more, then
    /// either [`Idle::sleep`] or [`Idle::retract`]; after either it counts as searching.
    pub(super) fn announce(&self, worker: usize) {
        let mut sleepers = self.sleepers.lock();
        sleepers.push(worker);
        self.n_sleeping.fetch_add(1, Ordering::SeqCst);
        drop(sleepers);
        fence(Ordering::SeqCst); // Pairs with the fence in `notify`.
    }

    /// The worker does not sleep after all. Answers whether all workers counted as asleep until now.
    pub(super) fn retract(&self, worker: usize) -> bool {
        let all_slept = {
            let mut sleepers = self.sleepers.lock();
            let n_sleeping = sleepers.len();
            let position = sleepers.iter().position(|sleeper| *sleeper == worker);
            position.map(|position| {
                sleepers.remove(position);
                self.leave_list(1);
                n_sleeping == self.beds.len()
            })
        };
        all_slept.unwrap_or_else(|| {
            self.sleep(worker); // Called already, or about to be: use the call up.
            false
        })
    }

    /// Sleeps until called.
    pub(super) fn sleep(&self, worker: usize) {
        let Some(bed) = self.beds.get(worker) else {
            return;
        };
        let mut is_called = bed.is_called.lock();
        while !*is_called {
            bed.call.wait(&mut is_called);
        }
        *is_called = false;
    }

    /// Wakes everybody who sleeps.
    pub(super) fn wake_all(&self) {
        let sleepers = {
            let mut sleepers = self.sleepers.lock();
            self.leave_list(sleepers.len());
            std::mem::take(&mut *sleepers)
        };
        for worker in sleepers {
            self.call(worker);
        }
    }

    pub(super) fn all_sleep(&self) -> bool {
        self.n_sleeping.load(Ordering::SeqCst) == self.beds.len()
    }

    fn call(&self, worker: usize) {
        if let Some(bed) = self.beds.get(worker) {
            *bed.is_called.lock() = true;
            bed.call.notify_one();
        }
    }
}

#[cfg(loom)]
#[cfg(test)]
mod models;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_is_woken_once_and_only_when_nobody_searches() {
        let idle = Idle::new(2);
        assert_eq!(idle.notify(), Notified::AllBusy);
        idle.announce(0);
        idle.announce(1);
        assert!(idle.all_sleep());
        idle.begin_search();
        assert_eq!(idle.notify(), Notified::Searching);
        assert!(idle.end_search());
        assert_eq!(idle.notify(), Notified::Woke { all_slept: true });
        assert_eq!(
            idle.notify(),
            Notified::Searching,
            "the one called searches already"
        );
        idle.sleep(1); // Returns at once: it was called.
        assert!(idle.end_search());
        assert!(!idle.retract(0));
        assert!(idle.end_search());
        assert_eq!(idle.notify(), Notified::AllBusy);
    }

    #[test]
    fn a_worker_that_thinks_better_of_sleeping_says_whether_all_slept() {
        let idle = Idle::new(1);
        idle.announce(0);
        assert!(idle.retract(0));
        assert!(idle.end_search());
        idle.announce(0);
        assert_eq!(idle.notify(), Notified::Woke { all_slept: true });
        assert!(!idle.retract(0), "whoever called it has seen that");
        assert!(idle.end_search());
    }
}
