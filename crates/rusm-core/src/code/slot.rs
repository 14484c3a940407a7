//! Code built for one engine: at most once, at the first wish, on a thread of its own.
//!
//! The class a code lives in is built when it is loaded. Another one (dense, when the pool is full) is built when the first process needs
//! it; that process and all after it wait without holding up a worker.

use super::compile::Job;
use super::link::Linked;
use super::{Code, CodeError, EngineClass, Guest, Site};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Notify;

/// What was built, or why it could not be.
type Outcome<T> = Result<Linked<T>, CodeError>;

/// One engine.
pub(super) struct Slot<T: 'static> {
    built: OnceLock<Outcome<T>>,
    is_begun: AtomicBool,
    done: Notify,
}

/// All engines.
pub(super) struct Slots<T: 'static> {
    /// One for each pool, and at least one.
    pooled: Vec<Slot<T>>,
    dense: Slot<T>,
    concurrent: Slot<T>,
}

impl<T> Slots<T> {
    pub(super) fn new(n_pools: usize) -> Slots<T> {
        Slots {
            pooled: (0..n_pools.max(1)).map(|_| Slot::new()).collect(),
            dense: Slot::new(),
            concurrent: Slot::new(),
        }
    }

    pub(super) fn of(&self, site: Site) -> &Slot<T> {
        match site.class {
            EngineClass::Pooled => self
                .pooled
                .get(site.pool)
                .expect("a place is in one of the pools that there are"),
            EngineClass::Dense => &self.dense,
            EngineClass::Concurrent => &self.concurrent,
        }
    }
}

impl<T> Slot<T> {
    fn new() -> Slot<T> {
        Slot {
            built: OnceLock::new(),
            is_begun: AtomicBool::new(false),
            done: Notify::new(),
        }
    }

    /// Puts in what was built while loading.
    pub(super) fn fill(&self, linked: Linked<T>) {
        self.is_begun.store(true, Ordering::Relaxed);
        self.finish(Ok(linked));
    }

    fn finish(&self, built: Outcome<T>) {
        // Filled twice only if loading raced with itself; the first stays.
        let _ = self.built.set(built);
        self.done.notify_waiters();
    }
}

impl<T: Guest> Code<T> {
    /// The code, linked for this class. May be dropped while it waits: the build goes on and serves the next.
    pub(super) async fn linked(self: &Arc<Self>, site: Site) -> Result<&Linked<T>, CodeError> {
        let slot = self.slots.of(site);
        // The usual case, without a place in the list of those who wait.
        if let Some(built) = slot.built.get() {
            return built.as_ref().map_err(Clone::clone);
        }
        if !slot.is_begun.swap(true, Ordering::Relaxed) {
            self.begin(site);
        }
        loop {
            let notified = slot.done.notified();
            // Looked at after `notified` was made, so a finish in between is not missed.
            if let Some(built) = slot.built.get() {
                return built.as_ref().map_err(Clone::clone);
            }
            notified.await;
        }
    }

    fn begin(self: &Arc<Self>, site: Site) {
        let code = Arc::clone(self);
        let build = move || {
            let job = Job {
                name: &code.name,
                wasm: &code.wasm,
                digest: code.digest,
                origin: code.origin,
            };
            // A pool beside the one that it was built for takes a copy.
            let at_home = code.slots.of(code.home.into()).built.get();
            let built = match at_home {
                Some(Ok(linked)) if site.class == code.home => {
                    code.workshop.copy(linked, site, &code.shape)
                }
                _ => code
                    .workshop
                    .build(site.class, &job, &code.shape)
                    .map(|built| built.linked),
            };
            code.slots.of(site).finish(built);
        };
        if let Err(cause) = std::thread::Builder::new()
            .name("rusm-build".to_owned())
            .spawn(build)
        {
            let cause = format!("no thread to compile on: {cause}");
            self.slots
                .of(site)
                .finish(Err(CodeError::NotCompiled { cause }));
        }
    }
}
