//! `wasi:keyvalue` as stock components use it, in both drafts: what each function does, under which grants and within which bounds.
//!
//! The programs know nothing of rusm; `guests/stock_kv/src/words.rs` says what their steps are.

mod batches;
mod bounds;
mod cursors;
mod forms;
pub(crate) mod grants;
mod handles;
mod operations;
mod swaps;
mod waiting;

use crate::storage::{in_memory, keeper};
use crate::support::{GuestPath, Scenario, guest};
use crate::trial::{Court, Outcome};
use rusm_caps::Profile;
use rusm_core::{ExitReason, ProcessHandle, RuntimeBuilder, Spawn};
use rusm_kv::{Batch, Options, Store};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The programs that keep their data by it, one for each draft, the second first.
const CLIENTS: [&str; 2] = ["stock_kv", "stock_kv_draft"];

/// A node with a store, and the store itself.
struct Node {
    court: Court,
    store: Store,
    n_guests: AtomicUsize,
}

impl Node {
    fn new() -> Self {
        Self::with(in_memory(Options::default()), |builder| builder)
    }

    fn with(store: Store, set_up: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder) -> Self {
        let of_node = store.clone();
        Self {
            court: court(|builder| set_up(builder).store(of_node)),
            store,
            n_guests: AtomicUsize::new(0),
        }
    }

    /// What a program that may use every bucket answers.
    #[track_caller]
    fn says(&self, client: &str, script: &str) -> Vec<String> {
        let outcome = self.run(keeper(), client, script);
        assert_eq!(outcome.reason, ExitReason::Normal, "{outcome:#?}");
        outcome.lines
    }

    #[track_caller]
    fn run(&self, profile: Profile, client: &str, script: &str) -> Outcome {
        let n_guests = self.n_guests.fetch_add(1, Ordering::Relaxed);
        let name = format!("{client}-{n_guests}");
        run(&self.court, profile, &name, client, script)
    }

    /// Starts a program that may use every bucket.
    #[track_caller]
    fn start(&self, name: &str, client: &str, script: &str) -> ProcessHandle {
        self.start_as(keeper(), name, client, script)
    }

    #[track_caller]
    fn start_as(&self, profile: Profile, name: &str, client: &str, script: &str) -> ProcessHandle {
        let wasm = guest(client, GuestPath::Component);
        let runtime = &self.court.scenario.runtime;
        let program = runtime.load(client, &wasm).expect("it is a component");
        let spawn = Spawn::new(name, &program).profile(profile);
        let spawn = spawn.args(script.split_whitespace());
        runtime.spawn(spawn).expect("there is room for it")
    }

    /// Writes these keys, each with itself as value, past all guests.
    fn fill(&self, bucket: &str, keys: impl IntoIterator<Item = String>) {
        let keys: Vec<String> = keys.into_iter().collect();
        for keys in keys.chunks(1_000) {
            let batch = Batch::new(bucket).expect("it is a name");
            let put = |batch: Batch, key: &String| batch.put(key, key.as_bytes());
            let written = self.store.submit(keys.iter().fold(batch, put)).wait();
            written.expect("there is room for them");
        }
    }
}

fn court(set_up: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder) -> Court {
    Court {
        scenario: Scenario::with(set_up),
    }
}

#[track_caller]
fn run(court: &Court, profile: Profile, name: &str, client: &str, script: &str) -> Outcome {
    let wasm = guest(client, GuestPath::Component);
    court.run_as(profile, name, &wasm, script.split_whitespace())
}

fn nth(n: usize) -> String {
    format!("key-{n:06}")
}
