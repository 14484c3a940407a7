//! loom's primitives in the shape of those that the crate is built on.
//!
//! They exist inside a model only: a test that is not one cannot run in a build with `--cfg loom`.

pub(crate) mod deque;

pub(crate) use loom::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
};

use loom::sync as checked;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize as RealAtomicUsize, Ordering};
use std::time::Duration;

/// Declares a value of which each thread has its own.
macro_rules! per_thread {
    (static $name:ident: $type:ty = $init:expr;) => {
        loom::thread_local! {
            static $name: $type = $init;
        }
    };
}
pub(crate) use per_thread;

/// A lock that is never poisoned.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(checked::Mutex<T>);

/// Empty only while its thread waits for a condition.
pub(crate) struct MutexGuard<'a, T>(Option<checked::MutexGuard<'a, T>>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(checked::Mutex::new(value))
    }

    #[track_caller]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(Some(self.0.lock().unwrap()))
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().unwrap()
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().unwrap()
    }
}

#[derive(Debug, Default)]
pub(crate) struct RwLock<T>(checked::RwLock<T>);

impl<T> RwLock<T> {
    #[track_caller]
    pub(crate) fn read(&self) -> checked::RwLockReadGuard<'_, T> {
        self.0.read().unwrap()
    }

    #[track_caller]
    pub(crate) fn write(&self) -> checked::RwLockWriteGuard<'_, T> {
        self.0.write().unwrap()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Condvar(checked::Condvar);

impl Condvar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    #[track_caller]
    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.0.take().unwrap();
        guard.0 = Some(self.0.wait(held).unwrap());
    }

    /// No time passes in a model, so only a notification ends the wait.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, _timeout: Duration) {
        self.wait(guard);
    }

    #[track_caller]
    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    #[track_caller]
    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// Runs `model` under every schedule that has at most so many preemptions (`None`: under every schedule), and
/// every choice of values that the memory model leaves. `LOOM_MAX_PREEMPTIONS` overrides the number.
pub(crate) fn explore(preemptions: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(preemptions);
    let n_runs = Arc::new(RealAtomicUsize::new(0));
    let count = Arc::clone(&n_runs);
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    });
    println!("{} runs", n_runs.load(Ordering::Relaxed));
}

/// Lets its callers go on when all of them are there.
pub(crate) struct Barrier {
    n_missing: Mutex<usize>,
    complete: Condvar,
}

impl Barrier {
    pub(crate) fn new(n_missing: usize) -> Self {
        Self {
            n_missing: Mutex::new(n_missing),
            complete: Condvar::new(),
        }
    }

    pub(crate) fn wait(&self) {
        let mut n_missing = self.n_missing.lock();
        *n_missing -= 1;
        self.complete.notify_all();
        while *n_missing > 0 {
            self.complete.wait(&mut n_missing);
        }
    }
}
