//! The one place that chooses synchronisation primitives.
//!
//! The rest of the crate imports locks and atomics from here only, so that a model checker can put
//! its own in their place.

pub(crate) use parking_lot::{Condvar, Mutex, RwLock};
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};
