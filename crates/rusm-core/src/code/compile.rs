//! Bytes to linked code for one engine class: through the cache if there is one, else through the compiler.
//!
//! The compiler runs as many codes of the operator's at a time as there are cores: it shares out one among all of them, but reads and writes
//! it with one. What a guest brings is compiled beside it, one code at a time and by one thread alone, so it holds up neither the
//! operator's code nor the cores; and it is not kept in the cache, whose room it would use up.

use super::cache::{Artefact, CacheWarning, CodeCache};
use super::error::{CodeError, chain};
use super::link::{Compiled, Linked, Linkers, Links};
use super::shape::{Kind, Shape};
use super::{CodeEvent, Digest, EngineClass, Engines, Footprint, Guest, Origin, Site, bounds};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;
use threads::{Threads, Turns, on_own_stack};
use wasmtime::component::Component;
use wasmtime::{Engine, Module, ResourcesRequired};

mod threads;

/// Told of each step.
pub(crate) type OnEvent = Arc<dyn Fn(&CodeEvent<'_>) + Send + Sync>;

/// What building needs, shared by all code.
pub(super) struct Workshop<T: 'static> {
    engines: Arc<Engines>,
    linkers: Linkers<T>,
    cache: Option<CodeCache>,
    on_event: OnEvent,
    /// Taken while code of the operator's is compiled.
    for_operator: Turns,
    /// Taken while code that a guest brought is compiled.
    for_guests: Turns,
}

/// Code to be built, and who brings it.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    /// For reports.
    pub(super) name: &'a str,
    pub(super) wasm: &'a [u8],
    pub(super) digest: Digest,
    pub(super) origin: Origin,
}

/// Code for one engine class.
pub(super) struct Built<T: 'static> {
    pub(super) linked: Linked<T>,
    pub(super) footprint: Footprint,
    /// Of its compiled form.
    pub(super) n_bytes: u64,
}

impl<T: Guest> Workshop<T> {
    pub(super) fn new(
        engines: Arc<Engines>,
        links: Links<T>,
        cache: Option<CodeCache>,
        on_event: OnEvent,
    ) -> Workshop<T> {
        Workshop {
            linkers: Linkers::new(links, engines.n_pools()),
            engines,
            cache,
            on_event,
            for_operator: Turns::new(
                std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            ),
            for_guests: Turns::new(1),
        }
    }

    /// Compiles (or finds) and links. Blocks for as long as the compiler takes.
    pub(super) fn build(
        &self,
        class: EngineClass,
        job: &Job<'_>,
        shape: &Shape,
    ) -> Result<Built<T>, CodeError> {
        let engine = self.engines.engine(class)?;
        let (compiled, n_bytes) = match self.find(engine, class, job, shape.kind) {
            Some(found) => found?,
            None => self.compile(engine, class, job, shape.kind)?,
        };
        Ok(Built {
            linked: self.linkers.link(class.into(), shape, &compiled)?,
            footprint: footprint(&compiled),
            n_bytes,
        })
    }

    /// The same code for another engine of the same class.
    pub(super) fn copy(
        &self,
        linked: &Linked<T>,
        site: Site,
        shape: &Shape,
    ) -> Result<Linked<T>, CodeError> {
        let artefact = match linked.compiled() {
            Compiled::Module(module) => module.serialize(),
            Compiled::Component(component) => component.serialize(),
        };
        let artefact = artefact.map_err(|error| CodeError::NotCompiled {
            cause: chain(&error),
        })?;
        let engine = self.engines.engine(site)?;
        let compiled = materialise(engine, shape.kind, &Artefact::Bytes(artefact))?;
        self.linkers.link(site, shape, &compiled)
    }

    /// From the cache. What the cache holds and the engine does not take is as good as missing, unless it does not fit the pool.
    fn find(
        &self,
        engine: &Engine,
        class: EngineClass,
        job: &Job<'_>,
        kind: Kind,
    ) -> Option<Result<(Compiled, u64), CodeError>> {
        let artefact = self
            .cache
            .as_ref()?
            .get(engine, class, job.digest)
            .unwrap_or_else(|warning| {
                self.warn(job.name, &warning);
                None
            })?;
        match materialise(engine, kind, &artefact) {
            Err(CodeError::NotCompiled { cause }) if !cause.contains(POOL_MARK) => None,
            result => {
                (self.on_event)(&CodeEvent::Found { name: job.name });
                Some(result.map(|compiled| (compiled, artefact.n_bytes())))
            }
        }
    }

    fn compile(
        &self,
        engine: &Engine,
        class: EngineClass,
        job: &Job<'_>,
        kind: Kind,
    ) -> Result<(Compiled, u64), CodeError> {
        bounds::check(job.wasm, job.origin.bounds())?;
        let artefact = self.run_compiler(engine, job, kind)?;
        let n_bytes = u64::try_from(artefact.len()).unwrap_or(u64::MAX);
        let most = job.origin.max_compiled_bytes();
        if n_bytes > most {
            return Err(CodeError::TooMuch {
                what: "bytes when compiled",
                found: n_bytes,
                most,
            });
        }
        if let (Some(cache), Origin::Operator) = (&self.cache, job.origin)
            && let Err(warning) = cache.put(engine, class, job.digest, &artefact)
        {
            self.warn(job.name, &warning);
        }
        let artefact = Artefact::Bytes(artefact);
        materialise(engine, kind, &artefact).map(|compiled| (compiled, n_bytes))
    }

    fn run_compiler(
        &self,
        engine: &Engine,
        job: &Job<'_>,
        kind: Kind,
    ) -> Result<Vec<u8>, CodeError> {
        let (turn, threads) = match job.origin {
            Origin::Operator => (self.for_operator.take(), Threads::All),
            Origin::Guest { .. } => (self.for_guests.take(), Threads::One),
        };
        let (name, n_bytes) = (job.name, job.wasm.len());
        (self.on_event)(&CodeEvent::Compiling { name, n_bytes });
        let begin = Instant::now();
        let artefact = on_own_stack(threads, || match kind {
            Kind::Module => engine.precompile_module(job.wasm),
            Kind::Component => engine.precompile_component(job.wasm),
        });
        drop(turn);
        let elapsed = begin.elapsed();
        (self.on_event)(&CodeEvent::Compiled { name, elapsed });
        artefact
    }

    fn warn(&self, name: &str, warning: &CacheWarning) {
        (self.on_event)(&CodeEvent::Cache { name, warning });
    }
}

/// In the text of every refusal by the pool.
const POOL_MARK: &str = "pooling allocator";

/// Whether the code is sound and only too large for a pool slot.
pub(super) fn does_not_fit_the_pool(error: &CodeError) -> bool {
    matches!(error, CodeError::NotCompiled { cause } if cause.contains(POOL_MARK))
}

/// Machine code to something that can be instantiated.
fn materialise(engine: &Engine, kind: Kind, artefact: &Artefact) -> Result<Compiled, CodeError> {
    #[expect(
        unsafe_code,
        reason = "compiled code can only be loaded on trust; this is the one place that does it"
    )]
    // SAFETY: the bytes must be what `precompile_module` or `precompile_component` of a compatible engine made. They were either made by
    // this process a moment ago, or come from the cache, whose folder nobody but this user (or root) can write to, whose name carries the
    // engine's compatibility hash, and whose content matches its checksum (see `cache.rs`). Wasmtime checks version and settings again.
    // A file that is mapped must not change while it is: this one is sealed, and was checked after that (see `cache/artefact.rs`).
    let compiled = unsafe {
        match (kind, artefact) {
            (Kind::Module, Artefact::Bytes(bytes)) => {
                Module::deserialize(engine, bytes).map(Compiled::Module)
            }
            (Kind::Module, Artefact::Sealed(file)) => {
                Module::deserialize_file(engine, file.path()).map(Compiled::Module)
            }
            (Kind::Component, Artefact::Bytes(bytes)) => {
                Component::deserialize(engine, bytes).map(Compiled::Component)
            }
            (Kind::Component, Artefact::Sealed(file)) => {
                Component::deserialize_file(engine, file.path()).map(Compiled::Component)
            }
        }
    };
    compiled.map_err(|error| CodeError::NotCompiled {
        cause: chain(&error),
    })
}

fn footprint(compiled: &Compiled) -> Footprint {
    let required = match compiled {
        Compiled::Module(module) => Some(module.resources_required()),
        // Unknown only for a component that imports modules, which nothing here provides.
        Compiled::Component(component) => component.resources_required(),
    };
    required.map_or(
        Footprint {
            memories: 1,
            tables: 1,
            memory_bytes: 0,
        },
        |required| from_required(&required),
    )
}

fn from_required(required: &ResourcesRequired) -> Footprint {
    const WASM_PAGE_BYTES: u64 = 65_536;
    // The largest memory counts for each; a component rarely has a second one of any size.
    let pages = required.max_initial_memory_size.unwrap_or(0);
    let memory_bytes = pages
        .saturating_mul(WASM_PAGE_BYTES)
        .saturating_mul(u64::from(required.num_memories));
    Footprint {
        memories: required.num_memories,
        tables: required.num_tables,
        memory_bytes,
    }
}
