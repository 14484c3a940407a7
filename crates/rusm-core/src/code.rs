//! Code of guests: validated, compiled, linked once, started many times.
//!
//! [`CodeStore::load`] turns bytes into [`Code`]; [`Code::start`] makes a process of it, which [`Started::run`](run::Started::run) runs. Between them nothing is compiled or linked
//! again: what a start costs is a store, an instance and a call.
//!
//! Invariants:
//! - bytes are hostile: whatever they are, `load` answers with [`Code`] or one [`CodeError`]; it bounds their size and what they consist of
//!   first (`bounds.rs`) and compiles on a stack of its own, so neither depth nor a compiler's panic reaches the caller;
//! - what a guest brings has narrower bounds, is compiled by one thread beside the operator's, and is not kept on disk;
//! - only imports that the node links are callable; anything else is an error at load that names the import and the nearest known one;
//! - code that nobody uses any more is freed: the store holds it weakly.

pub(crate) use cache::{CacheWarning, CodeCache};
pub use error::CodeError;
pub(crate) use error::shown;
pub(crate) use link::{ImportNames, Links, check_import, known_names};
#[cfg(test)]
pub(crate) use run::Arm;
pub(crate) use run::Ended;
pub(crate) use shape::{Kind, read as read_shape};
pub(crate) use store::{CodeEvent, CodeStore, OPERATOR_BYTES_MAX, Origin};

use crate::engine::{EngineClass, Engines, Footprint, Site};
use crate::guest::limits::GuestLimits;
use crate::wasi::WasiState;
use rusm_manifest::Placement;
use shape::Shape;
use std::sync::Arc;
use wasmtime_wasi::WasiView;

mod bounds;
mod cache;
mod compile;
mod error;
mod link;
pub(crate) mod nesting;
mod run;
mod shape;
mod slot;
mod store;
mod trap;

#[cfg(test)]
mod tests;

/// What the engine part needs of a store's data.
pub(crate) trait Guest: WasiView + Send + 'static {
    fn limits(&mut self) -> &mut GuestLimits;
    fn wasi(&mut self) -> &mut WasiState;
}

/// A guest's code, ready to run. `T` is what its stores hold.
pub(crate) struct Code<T: Guest> {
    name: Arc<str>,
    digest: Digest,
    shape: Shape,
    footprint: Footprint,
    home: EngineClass,
    placement: Placement,
    origin: Origin,
    /// Bytes of machine code, and of memory that is filled in advance.
    compiled_bytes: u64,
    wasm: Arc<[u8]>,
    engines: Arc<Engines>,
    workshop: Arc<compile::Workshop<T>>,
    slots: slot::Slots<T>,
}

/// SHA-256 of the code as it was given.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl<T: Guest> Code<T> {
    /// What it was called when it was loaded first.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of its bytes.
    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    /// Component or core module.
    pub(crate) fn kind(&self) -> Kind {
        self.shape.kind
    }

    /// What it imports: interfaces of a component (`wasi:cli/stdout@0.2.3`), functions of a core module (`rusm/send`).
    pub(crate) fn imports(&self) -> impl Iterator<Item = &str> {
        self.shape.imports.iter().map(String::as_str)
    }

    /// What it takes of the host's memory while somebody uses it: as it was given, and compiled.
    pub(crate) fn host_bytes(&self) -> u64 {
        let given = u64::try_from(self.wasm.len()).unwrap_or(u64::MAX);
        self.compiled_bytes.saturating_add(given)
    }

    /// How its processes are to be placed.
    pub(crate) fn placement(&self) -> Placement {
        self.placement
    }

    /// The engine class where they are while there is room.
    pub(crate) fn home(&self) -> EngineClass {
        self.home
    }
}

impl<T: Guest> std::fmt::Debug for Code<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code")
            .field("name", &self.name)
            .field("digest", &self.digest)
            .field("kind", &self.shape.kind)
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Digest {
        Digest(<sha2::Sha256 as sha2::Digest>::digest(bytes).into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Sixty-four hexadecimal digits.
impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sha256:{self}")
    }
}
