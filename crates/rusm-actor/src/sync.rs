//! The one place that chooses synchronisation primitives.
//!
//! The rest of the crate imports locks, atomics, run queues and thread-locals from here only, so that the
//! unit tests built with `--cfg loom` can run the same code under a model checker, which has primitives of
//! its own. `Arc` is the real one there too: it is what wakers and `dyn` values are made of, and nothing
//! here relies on the order that a reference count brings.

#[cfg(loom)]
#[cfg(test)]
mod modelled;

#[cfg(all(loom, test))]
pub(crate) use modelled::*;
#[cfg(not(all(loom, test)))]
pub(crate) use real::*;
pub(crate) use std::sync::atomic::Ordering;
pub(crate) use std::sync::{Arc, Weak};

#[cfg(not(all(loom, test)))]
mod real {
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
    };

    /// Declares a value of which each thread has its own.
    macro_rules! per_thread {
        (static $name:ident: $type:ty = $init:expr;) => {
            std::thread_local! {
                static $name: $type = const { $init };
            }
        };
    }
    pub(crate) use per_thread;

    pub(crate) mod deque {
        pub(crate) use crossbeam_deque::{Injector, Steal, Stealer, Worker};
    }
}
