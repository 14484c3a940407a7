//! The code that a node knows, found by content.

use super::bounds::Bounds;
use super::cache::{CacheWarning, CodeCache};
use super::compile::{Built, Job, OnEvent, Workshop, does_not_fit_the_pool};
use super::error::CodeError;
use super::link::Links;
use super::{Code, Digest, EngineClass, Engines, Guest, shape, slot::Slots};
use parking_lot::Mutex;
use rusm_manifest::Placement;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Largest code that the operator may bring: far beyond any real program, well within what the compiler survives.
pub(crate) const OPERATOR_BYTES_MAX: u64 = 256 << 20;

/// Largest machine code of what a guest brings: four times the most that it may bring.
const GUEST_COMPILED_BYTES_MAX: u64 = 64 << 20;

/// Who brings the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The manifest or the command line.
    Operator,
    /// A guest that may load code, within this many bytes.
    Guest { max_bytes: u64 },
}

impl Origin {
    fn max_bytes(self) -> u64 {
        match self {
            Origin::Operator => OPERATOR_BYTES_MAX,
            Origin::Guest { max_bytes } => max_bytes.min(OPERATOR_BYTES_MAX),
        }
    }

    /// What the code may consist of.
    pub(super) fn bounds(self) -> &'static Bounds {
        match self {
            Origin::Operator => &Bounds::OPERATOR,
            Origin::Guest { .. } => &Bounds::GUEST,
        }
    }

    /// The most that it may come to when it is compiled: machine code, and memory that is filled in advance.
    pub(super) fn max_compiled_bytes(self) -> u64 {
        match self {
            Origin::Operator => u64::MAX,
            Origin::Guest { .. } => GUEST_COMPILED_BYTES_MAX,
        }
    }
}

/// What happens while code is loaded: for progress bars and logs.
#[derive(Debug)]
pub(crate) enum CodeEvent<'a> {
    /// The compiler begins.
    Compiling {
        /// What the code is called.
        name: &'a str,
        /// Its size.
        n_bytes: usize,
    },
    /// The compiler is done, with or without success.
    Compiled {
        /// What the code is called.
        name: &'a str,
        /// How long it took.
        elapsed: Duration,
    },
    /// It was compiled before and found in the cache.
    Found {
        /// What the code is called.
        name: &'a str,
    },
    /// The cache is of no use this time; nothing else is lost.
    Cache {
        /// What the code is called.
        name: &'a str,
        /// Why.
        warning: &'a CacheWarning,
    },
}

/// The same bytes in another placement are another code.
type Known<T> = HashMap<(Digest, Placement), Weak<Code<T>>>;

/// Loads code and remembers what is in use. `T` is what stores hold.
pub(crate) struct CodeStore<T: Guest> {
    engines: Arc<Engines>,
    workshop: Arc<Workshop<T>>,
    known: Mutex<Known<T>>,
}

impl<T: Guest> CodeStore<T> {
    pub(crate) fn engines(&self) -> &Engines {
        &self.engines
    }

    pub(crate) fn new(
        engines: Arc<Engines>,
        links: Links<T>,
        cache: Option<CodeCache>,
        on_event: OnEvent,
    ) -> CodeStore<T> {
        let workshop = Arc::new(Workshop::new(Arc::clone(&engines), links, cache, on_event));
        CodeStore {
            engines,
            workshop,
            known: Mutex::new(HashMap::new()),
        }
    }

    /// Bytes to code that is placed as the node sees fit: see [`CodeStore::load_placed`].
    pub(crate) fn load(
        &self,
        name: &str,
        wasm: &[u8],
        origin: Origin,
    ) -> Result<Arc<Code<T>>, CodeError> {
        self.load_placed(name, wasm, origin, Placement::Auto)
    }

    /// Bytes to code: checked, compiled and linked for the engine class that suits it and its placement. The same bytes give the same code.
    ///
    /// Blocks while the compiler runs.
    pub(crate) fn load_placed(
        &self,
        name: &str,
        wasm: &[u8],
        origin: Origin,
        placement: Placement,
    ) -> Result<Arc<Code<T>>, CodeError> {
        let (n_bytes, max_bytes) = (
            u64::try_from(wasm.len()).unwrap_or(u64::MAX),
            origin.max_bytes(),
        );
        if n_bytes > max_bytes {
            return Err(CodeError::TooLarge { n_bytes, max_bytes });
        }
        let digest = Digest::of(wasm);
        let key = (digest, placement);
        if let Some(code) = self.known.lock().get(&key).and_then(Weak::upgrade) {
            return Ok(code);
        }
        let job = Job {
            name,
            wasm,
            digest,
            origin,
        };
        let code = Arc::new(self.build(&job, placement)?);
        let mut known = self.known.lock();
        known.retain(|_, code| code.strong_count() > 0);
        // Two threads may have built the same: the first is kept.
        if let Some(earlier) = known.get(&key).and_then(Weak::upgrade) {
            return Ok(earlier);
        }
        known.insert(key, Arc::downgrade(&code));
        Ok(code)
    }

    /// How many pieces of code somebody uses.
    pub(crate) fn n_used(&self) -> usize {
        let known = self.known.lock();
        known
            .values()
            .filter(|code| code.strong_count() > 0)
            .count()
    }

    fn build(&self, job: &Job<'_>, placement: Placement) -> Result<Code<T>, CodeError> {
        let shape = shape::read(job.wasm)?;
        let mut home = match placement {
            Placement::Dense if shape.is_concurrent => return Err(CodeError::NotDense),
            _ if shape.is_concurrent => EngineClass::Concurrent,
            Placement::Dense => EngineClass::Dense,
            Placement::Auto if self.engines.pool_slots() == 0 => EngineClass::Dense,
            Placement::Auto | Placement::Guarded => EngineClass::Pooled,
        };
        let mut built = self.workshop.build(home, job, &shape);
        if placement == Placement::Auto && built.as_ref().err().is_some_and(does_not_fit_the_pool) {
            home = EngineClass::Dense;
            built = self.workshop.build(home, job, &shape);
        }
        let Built {
            linked,
            footprint,
            n_bytes,
        } = built?;
        let slots = Slots::new(self.engines.n_pools());
        slots.of(home.into()).fill(linked);
        Ok(Code {
            name: job.name.into(),
            digest: job.digest,
            shape,
            footprint,
            home,
            placement,
            origin: job.origin,
            compiled_bytes: n_bytes,
            wasm: job.wasm.into(),
            engines: Arc::clone(&self.engines),
            workshop: Arc::clone(&self.workshop),
            slots,
        })
    }
}

impl<T: Guest> std::fmt::Debug for CodeStore<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeStore")
            .field("known", &self.known.lock().len())
            .finish_non_exhaustive()
    }
}
