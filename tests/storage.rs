//! The durable key-value store as guests meet it, through both paths: what they can do with it, within which bounds
//! and rights, and that nobody waits for a write but the process that writes.

mod bounds;
mod failing;
mod held;
mod nodes;
mod operations;
mod rights;
mod waiting;

use crate::support::{BOTH_PATHS, GuestPath, Scenario, guest};
use crate::trial::{Court, Outcome, nothing};
use redb::backends::InMemoryBackend;
use rusm_caps::{BucketSet, KvGrant, Profile};
use rusm_core::{ExitReason, RuntimeBuilder};
use rusm_kv::{Clock, Options, Store};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A node with a store, and guests of one path that use it.
struct Vault {
    court: Court,
    path: GuestPath,
    n_guests: AtomicUsize,
}

impl Vault {
    /// A store in memory.
    fn new(path: GuestPath) -> Self {
        Self::over(path, in_memory(Options::default()))
    }

    fn over(path: GuestPath, store: Store) -> Self {
        Self::with(path, |builder| builder.store(store))
    }

    fn with(path: GuestPath, set_up: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder) -> Self {
        Self {
            court: Court {
                scenario: Scenario::with(set_up),
            },
            path,
            n_guests: AtomicUsize::new(0),
        }
    }

    /// What a guest that may use every bucket reports.
    #[track_caller]
    fn says(&self, script: &str) -> Vec<String> {
        let outcome = self.run(keeper(), script);
        assert_eq!(outcome.reason, ExitReason::Normal, "{outcome:#?}");
        outcome.lines
    }

    #[track_caller]
    fn run(&self, profile: Profile, script: &str) -> Outcome {
        let n_guests = self.n_guests.fetch_add(1, Ordering::Relaxed);
        let name = format!("guest-{n_guests}");
        let wasm = guest("actor_probe", self.path);
        self.court
            .run_as(profile, &name, &wasm, script.split_whitespace())
    }
}

/// Each guest path has a store of its own.
#[track_caller]
fn for_both_paths(test: impl Fn(&Vault)) {
    for path in BOTH_PATHS {
        test(&Vault::new(path));
    }
}

fn in_memory(options: Options) -> Store {
    Store::with_backend(InMemoryBackend::new(), options).expect("there is memory for it")
}

/// A profile that may read and write every bucket, and nothing else.
fn keeper() -> Profile {
    granted(BucketSet::Every, BucketSet::Every)
}

fn granted(read: BucketSet, write: BucketSet) -> Profile {
    let builder = nothing().to_builder("keeper");
    let builder = builder.storage(KvGrant { read, write });
    builder.build().expect("it can be honoured")
}

/// A clock that the test sets.
#[derive(Default)]
struct ManualClock(AtomicU64);

impl ManualClock {
    fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}
