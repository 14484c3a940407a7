//! Code that a guest brings: for it and its descendants to spawn, while it lives.
//!
//! The compiler runs on a thread of its own and the guest waits as for any other event: a worker is never
//! held up by code that takes long to compile. It cannot be broken off, so what it may have to do is bounded before
//! it begins (`code/bounds.rs`); whoever has waited [`BUDGET`] for it gets an answer, and the compiler goes on alone,
//! holding its [`Desk`] place until it is done. A process has one place at a time, the node has few.

use super::{RuntimeShared, SpawnFailure};
use crate::ceiling::Held;
use crate::code::{CodeError, Origin};
use crate::guest::GuestState;
use crate::guest::breach::NODE_MEMORY_KEY;
use crate::lineage::{Lineage, Loaded};
use crate::program::GuestCode;
use rusm_abi::limits::MAX_CODE;
use rusm_actor::Name;
use rusm_caps::{Guard, Permit, Request};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most pieces of code that one process may have loaded at once.
const LOADED_MAX: usize = 64;
/// Bytes of all of them, as they were given and compiled.
const LOADED_BYTES_MAX: u64 = 256 << 20;
/// How long a guest waits for the compiler.
const BUDGET: Duration = Duration::from_secs(20);
/// Pieces of loaded code that wait for the compiler or are in it, over the whole node.
const COMPILING_MAX: usize = 8;

/// Who may hand code to the compiler: the places of a node.
#[derive(Debug)]
pub(crate) struct Desk {
    places: Arc<Semaphore>,
    budget: Duration,
}

impl Desk {
    pub(super) fn new(budget: Option<Duration>) -> Self {
        Self {
            places: Arc::new(Semaphore::new(COMPILING_MAX)),
            budget: budget.unwrap_or(BUDGET),
        }
    }
}

/// Code that may be loaded; it owns all it needs, so that waiting for it borrows nothing of the guest.
pub(crate) struct Loading {
    runtime: Arc<RuntimeShared>,
    lineage: Arc<Lineage>,
    /// What the loader gives up later, the code it has loaded is without as well.
    loader: Guard,
    name: String,
    wasm: Vec<u8>,
    /// The node's place and the process's own, held until the compiler is done.
    places: [OwnedSemaphorePermit; 2],
}

impl RuntimeShared {
    /// Checks whether a guest may load this.
    pub(crate) fn begin_load(
        self: &Arc<Self>,
        parent: &GuestState,
        name: &str,
        wasm: Vec<u8>,
    ) -> Result<Loading, SpawnFailure> {
        let permit = parent
            .guard
            .check(Request::Load, wasm)
            .map(Permit::into_inner);
        let wasm = permit.map_err(SpawnFailure::Denied)?;
        let lineage = &parent.identity().lineage;
        if let Err(error) = Name::new(name) {
            return Err(SpawnFailure::InvalidCode(error.to_string()));
        }
        if self.declared(name).is_some() {
            return Err(SpawnFailure::NameTaken);
        }
        if lineage.n_loaded() >= LOADED_MAX {
            return Err(SpawnFailure::TooMany(format!(
                "a process may load {LOADED_MAX} pieces of code"
            )));
        }
        let of_process = place(lineage.compiling(), || {
            "the code that the process brought before is still being compiled".to_owned()
        })?;
        let of_node = place(&self.desk.places, || {
            format!("the node compiles at most {COMPILING_MAX} pieces of loaded code at a time")
        })?;
        Ok(Loading {
            runtime: Arc::clone(self),
            lineage: Arc::clone(lineage),
            loader: parent.guard.clone(),
            name: name.to_owned(),
            wasm,
            places: [of_node, of_process],
        })
    }
}

/// Nobody waits for a place: who gets none is told so.
fn place(
    places: &Arc<Semaphore>,
    full: impl FnOnce() -> String,
) -> Result<OwnedSemaphorePermit, SpawnFailure> {
    let place = Arc::clone(places).try_acquire_owned();
    place.map_err(|_| SpawnFailure::TooMany(full()))
}

impl Loading {
    /// Compiles it and registers it under its name.
    pub(crate) async fn finish(self) -> Result<(), SpawnFailure> {
        let Self {
            runtime,
            lineage,
            loader,
            name,
            wasm,
            places,
        } = self;
        let (compiler, label) = (Arc::clone(&runtime), name.clone());
        let compile = move || {
            let compiled = compile(&compiler, &label, &wasm);
            drop(places);
            compiled
        };
        let (begin, budget) = (Instant::now(), runtime.desk.budget);
        let compiled = tokio::task::spawn_blocking(compile);
        // What is done just when its time is over is late as well.
        let compiled = tokio::time::timeout(budget, compiled)
            .await
            .ok()
            .filter(|_| begin.elapsed() <= budget)
            .ok_or_else(|| over_budget(budget))?;
        let code = compiled
            .map_err(|error| error.to_string())
            .and_then(|code| code.map_err(|error| error.to_string()))
            .map_err(SpawnFailure::InvalidCode)?;
        register(&runtime, &lineage, &name, code, loader)
    }
}

fn compile(runtime: &RuntimeShared, name: &str, wasm: &[u8]) -> Result<Arc<GuestCode>, CodeError> {
    let max_bytes = u64::try_from(MAX_CODE).unwrap_or(u64::MAX);
    runtime.code.load(name, wasm, Origin::Guest { max_bytes })
}

fn over_budget(budget: Duration) -> SpawnFailure {
    SpawnFailure::InvalidCode(format!(
        "the code takes longer to compile than the {} ms that loaded code may take",
        budget.as_millis()
    ))
}

/// Keeps it for the process, if there is room for it in the process's account and in the node's.
fn register(
    runtime: &RuntimeShared,
    lineage: &Lineage,
    name: &str,
    code: Arc<GuestCode>,
    loader: Guard,
) -> Result<(), SpawnFailure> {
    let n_bytes = code.host_bytes();
    if lineage.loaded_bytes().saturating_add(n_bytes) > LOADED_BYTES_MAX {
        return Err(SpawnFailure::TooMany(format!(
            "the code that a process loads may take {LOADED_BYTES_MAX} bytes in all"
        )));
    }
    let mut held = Held::of(runtime.ceilings.memory.as_ref());
    held.grow(n_bytes).map_err(|reached| {
        SpawnFailure::TooMany(format!(
            "all processes together may have {} bytes of memory: raise {NODE_MEMORY_KEY}",
            reached.bound
        ))
    })?;
    let loaded = Loaded {
        code,
        loader,
        _held: Arc::new(held),
    };
    if lineage.load(name, loaded) {
        Ok(())
    } else {
        Err(SpawnFailure::NameTaken)
    }
}
