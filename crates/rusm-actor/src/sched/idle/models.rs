//! Parking under every schedule: a wake-up that gets lost is a deadlock of the model.

use super::*;
use crate::sync::{Arc, AtomicBool, Barrier, explore};
use loom::thread;

/// Work that anybody may take. Looking at it orders nothing and may miss what was just pushed: what is
/// promised here must come from [`Idle`] alone.
struct Work(AtomicUsize);

impl Work {
    fn push(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn is_there(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    fn take(&self) -> bool {
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        taken.is_ok()
    }
}

/// What workers and producers share.
struct Floor {
    idle: Idle,
    work: Work,
    all_taken: Barrier,
}

impl Floor {
    /// Workers, of which the last `n_asleep` have announced their sleep already.
    fn new(n_workers: usize, n_asleep: usize, n_items: usize) -> Arc<Self> {
        let floor = Self {
            idle: Idle::new(n_workers),
            work: Work(AtomicUsize::new(0)),
            all_taken: Barrier::new(n_items),
        };
        for worker in n_workers - n_asleep..n_workers {
            floor.idle.announce(worker);
        }
        Arc::new(floor)
    }

    fn produce(&self) {
        self.work.push();
        let _notified = self.idle.notify();
    }

    fn fall_asleep(&self, worker: usize) {
        self.idle.announce(worker);
        if self.work.is_there() {
            self.idle.retract(worker);
        } else {
            self.idle.sleep(worker);
        }
    }

    /// As the loop of a crew's worker: returns with one item, by a worker that counted as searching. Then it
    /// holds its worker until all are taken.
    fn search(&self, worker: usize) {
        while !self.work.take() {
            self.idle.end_search();
            self.fall_asleep(worker);
        }
        if self.idle.end_search() && self.work.is_there() {
            let _notified = self.idle.notify();
        }
        self.all_taken.wait();
    }

    /// Nobody is left searching, asleep or called.
    fn assert_quiet(&self) {
        assert_eq!(self.idle.n_searching.load(Ordering::SeqCst), 0);
        assert_eq!(self.idle.n_sleeping.load(Ordering::SeqCst), 0);
        assert!(self.idle.sleepers.lock().is_empty());
        assert!(self.idle.beds.iter().all(|bed| !*bed.is_called.lock()));
    }
}

fn start(floor: &Arc<Floor>, work: impl FnOnce(&Floor) + 'static) -> thread::JoinHandle<()> {
    let floor = Arc::clone(floor);
    thread::spawn(move || work(&floor))
}

fn join(threads: impl IntoIterator<Item = thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Who pushes sees the sleeper, or the sleeper sees what was pushed.
#[test]
fn a_push_is_seen_by_a_worker_that_falls_asleep() {
    explore(None, || {
        let floor = Floor::new(1, 0, 1);
        let worker = start(&floor, |floor| {
            floor.fall_asleep(0);
            assert!(floor.work.take(), "woken for nothing");
            assert!(floor.idle.end_search());
        });
        floor.produce();
        join([worker]);
        floor.assert_quiet();
    });
}

/// Who pushes sees the searcher that is about to leave with other work, or that one sees what was pushed and
/// wakes the sleeper.
#[test]
fn a_push_is_seen_by_a_searcher_that_leaves_with_other_work() {
    explore(Some(3), || {
        let floor = Floor::new(2, 1, 2);
        floor.idle.begin_search();
        let searcher = start(&floor, |floor| floor.search(0));
        let sleeper = start(&floor, |floor| {
            floor.idle.sleep(1);
            floor.search(1);
        });
        floor.produce();
        floor.produce();
        join([searcher, sleeper]);
        floor.assert_quiet();
    });
}

/// Two producers and two sleepers: one of the two calls may find somebody searching and call nobody; still
/// both items are taken, each by a worker of its own.
#[test]
fn a_burst_wakes_as_many_as_it_needs() {
    explore(Some(2), || {
        let floor = Floor::new(2, 2, 2);
        let workers = [0, 1].map(|worker| {
            start(&floor, move |floor| {
                floor.idle.sleep(worker);
                floor.search(worker);
            })
        });
        let producer = start(&floor, Floor::produce);
        floor.produce();
        join(workers.into_iter().chain([producer]));
        floor.assert_quiet();
    });
}

/// Whoever sleeps, or is about to, hears that the crew stops.
#[test]
fn everybody_hears_of_the_end() {
    explore(Some(3), || {
        let floor = Floor::new(2, 0, 1);
        let is_stopping = Arc::new(AtomicBool::new(false));
        let workers = [0, 1].map(|worker| {
            let is_stopping = Arc::clone(&is_stopping);
            start(&floor, move |floor| {
                floor.idle.announce(worker);
                // Relaxed, as the order must come from the list of sleepers.
                if is_stopping.load(Ordering::Relaxed) {
                    floor.idle.retract(worker);
                } else {
                    floor.idle.sleep(worker);
                    assert!(is_stopping.load(Ordering::Relaxed), "called for nothing");
                }
                floor.idle.end_search();
            })
        });
        is_stopping.store(true, Ordering::Relaxed);
        floor.idle.wake_all();
        join(workers);
        floor.assert_quiet();
    });
}

/// What an embedder builds on [`Idle::all_sleep`] and on who is told that all slept: a ticker that sleeps when
/// every worker does and is called by the hook, as `rusm-core` has one. No worker computes without it.
struct Ticker {
    is_asleep: Mutex<bool>,
    call: Condvar,
    tick: Barrier,
}

impl Ticker {
    fn run(&self, idle: &Idle) {
        let mut is_asleep = self.is_asleep.lock();
        *is_asleep = true;
        while *is_asleep && idle.all_sleep() {
            self.call.wait(&mut is_asleep);
        }
        drop(is_asleep);
        self.tick.wait();
    }

    fn on_busy(&self) {
        *self.is_asleep.lock() = false;
        self.call.notify_one();
    }
}

/// A worker that computes waits for the tick: if the ticker slept on, the model would be stuck.
#[test]
fn nobody_computes_while_all_count_as_asleep() {
    explore(None, || {
        let floor = Floor::new(1, 0, 1);
        let ticker = Arc::new(Ticker {
            is_asleep: Mutex::new(false),
            call: Condvar::new(),
            tick: Barrier::new(2),
        });
        let ticking = {
            let ticker = Arc::clone(&ticker);
            start(&floor, move |floor| ticker.run(&floor.idle))
        };
        let worker = {
            let ticker = Arc::clone(&ticker);
            start(&floor, move |floor| {
                floor.idle.announce(0);
                if !floor.work.is_there() {
                    floor.idle.sleep(0);
                } else if floor.idle.retract(0) {
                    ticker.on_busy();
                }
                ticker.tick.wait();
            })
        };
        floor.work.push();
        if floor.idle.notify() == (Notified::Woke { all_slept: true }) {
            ticker.on_busy();
        }
        join([ticking, worker]);
    });
}
