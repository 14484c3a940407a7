//! Code that a guest brings: for it and its descendants to spawn, while it lives.
//!
//! The compiler runs on a thread of its own and the guest waits as for any other event: a worker is never
//! held up by code that takes long to compile.

use super::{RuntimeShared, SpawnFailure};
use crate::code::Origin;
use crate::guest::GuestState;
use crate::lineage::{Lineage, Loaded};
use rusm_abi::limits::MAX_CODE;
use rusm_actor::Name;
use rusm_caps::{Guard, Permit, Request};
use std::sync::Arc;

/// The most pieces of code that one process may have loaded at once.
const LOADED_MAX: usize = 64;

/// Code that may be loaded; it owns all it needs, so that waiting for it borrows nothing of the guest.
pub(crate) struct Loading {
    runtime: Arc<RuntimeShared>,
    lineage: Arc<Lineage>,
    /// What the loader gives up later, the code it has loaded is without as well.
    loader: Guard,
    name: String,
    wasm: Vec<u8>,
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
        let lineage = &parent.identity.lineage;
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
        Ok(Loading {
            runtime: Arc::clone(self),
            lineage: Arc::clone(lineage),
            loader: parent.guard.clone(),
            name: name.to_owned(),
            wasm,
        })
    }
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
        } = self;
        let origin = Origin::Guest {
            max_bytes: u64::try_from(MAX_CODE).unwrap_or(u64::MAX),
        };
        let compile = move || (runtime.code.load(&name, &wasm, origin), name);
        let compiled = tokio::task::spawn_blocking(compile).await;
        let (code, name) =
            compiled.map_err(|error| SpawnFailure::InvalidCode(error.to_string()))?;
        let code = code.map_err(|error| SpawnFailure::InvalidCode(error.to_string()))?;
        if lineage.load(&name, Loaded { code, loader }) {
            Ok(())
        } else {
            Err(SpawnFailure::NameTaken)
        }
    }
}
