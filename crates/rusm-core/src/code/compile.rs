//! Bytes to linked code for one engine class: through the cache if there is one, else through the compiler.
//!
//! The compiler runs one code at a time, on a stack of its own: it uses every core for one anyhow, deeply nested code needs more stack
//! than a guest's host call has, and a panic in it ends that thread and becomes an error.

use super::cache::{CacheWarning, CodeCache};
use super::error::{CodeError, chain};
use super::link::{Compiled, Linked, Linkers, Links};
use super::shape::{Kind, Shape};
use super::{CodeEvent, Digest, EngineClass, Engines, Footprint, Guest};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::component::Component;
use wasmtime::{Engine, Module, ResourcesRequired};

/// Stack of the compiling thread. Code may nest blocks as deep as its functions are long.
const COMPILER_STACK_BYTES: usize = 64 << 20;

/// Told of each step.
pub(crate) type OnEvent = Arc<dyn Fn(&CodeEvent<'_>) + Send + Sync>;

/// What building needs, shared by all code.
pub(super) struct Workshop<T: 'static> {
    engines: Arc<Engines>,
    linkers: Linkers<T>,
    cache: Option<CodeCache>,
    on_event: OnEvent,
    compiler: Mutex<()>,
}

impl<T: Guest> Workshop<T> {
    pub(super) fn new(
        engines: Arc<Engines>,
        links: Links<T>,
        cache: Option<CodeCache>,
        on_event: OnEvent,
    ) -> Workshop<T> {
        Workshop {
            engines,
            linkers: Linkers::new(links),
            cache,
            on_event,
            compiler: Mutex::new(()),
        }
    }

    /// Compiles (or finds) and links. Blocks for as long as the compiler takes.
    pub(super) fn build(
        &self,
        class: EngineClass,
        name: &str,
        wasm: &[u8],
        digest: Digest,
        shape: &Shape,
    ) -> Result<(Linked<T>, Footprint), CodeError> {
        let engine = self.engines.engine(class)?;
        let compiled = match self.find(engine, class, name, digest, shape.kind) {
            Some(compiled) => compiled?,
            None => self.compile(engine, class, name, wasm, digest, shape.kind)?,
        };
        let footprint = footprint(&compiled);
        Ok((self.linkers.link(class, shape, &compiled)?, footprint))
    }

    /// From the cache. What the cache holds and the engine does not take is as good as missing, unless it does not fit the pool.
    fn find(
        &self,
        engine: &Engine,
        class: EngineClass,
        name: &str,
        digest: Digest,
        kind: Kind,
    ) -> Option<Result<Compiled, CodeError>> {
        let artefact = self
            .cache
            .as_ref()?
            .get(engine, class, digest)
            .unwrap_or_else(|warning| {
                self.warn(name, &warning);
                None
            })?;
        match materialise(engine, kind, &artefact) {
            Err(CodeError::NotCompiled { cause }) if !cause.contains(POOL_MARK) => None,
            result => {
                (self.on_event)(&CodeEvent::Found { name });
                Some(result)
            }
        }
    }

    fn compile(
        &self,
        engine: &Engine,
        class: EngineClass,
        name: &str,
        wasm: &[u8],
        digest: Digest,
        kind: Kind,
    ) -> Result<Compiled, CodeError> {
        let one_at_a_time = self.compiler.lock();
        (self.on_event)(&CodeEvent::Compiling {
            name,
            n_bytes: wasm.len(),
        });
        let begin = Instant::now();
        let artefact = on_own_stack(|| match kind {
            Kind::Module => engine.precompile_module(wasm),
            Kind::Component => engine.precompile_component(wasm),
        });
        drop(one_at_a_time);
        (self.on_event)(&CodeEvent::Compiled {
            name,
            elapsed: begin.elapsed(),
        });
        let artefact = artefact?;
        if let Some(cache) = &self.cache
            && let Err(warning) = cache.put(engine, class, digest, &artefact)
        {
            self.warn(name, &warning);
        }
        materialise(engine, kind, &artefact)
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

/// Runs the compiler on a thread with a large stack; a panic is an error.
fn on_own_stack(
    compile: impl FnOnce() -> wasmtime::Result<Vec<u8>> + Send,
) -> Result<Vec<u8>, CodeError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("rusm-compile".to_owned())
            .stack_size(COMPILER_STACK_BYTES)
            .spawn_scoped(scope, compile)
            .map_err(|cause| CodeError::NotCompiled {
                cause: format!("no thread to compile on: {cause}"),
            })?;
        match thread.join() {
            Ok(Ok(artefact)) => Ok(artefact),
            Ok(Err(error)) => Err(CodeError::Invalid {
                cause: chain(&error),
            }),
            Err(_panic) => Err(CodeError::NotCompiled {
                cause: "the compiler failed on it".to_owned(),
            }),
        }
    })
}

/// Machine code to something that can be instantiated.
fn materialise(engine: &Engine, kind: Kind, artefact: &[u8]) -> Result<Compiled, CodeError> {
    #[expect(
        unsafe_code,
        reason = "compiled code can only be loaded on trust; this is the one place"
    )]
    // SAFETY: the bytes must be what `precompile_module` or `precompile_component` of a compatible engine made. They were either made by
    // this process a moment ago, or come from the cache, whose folder nobody but this user (or root) can write to, whose name carries the
    // engine's compatibility hash, and whose content matches its checksum (see `cache.rs`). Wasmtime checks version and settings again.
    let compiled = unsafe {
        match kind {
            Kind::Module => Module::deserialize(engine, artefact).map(Compiled::Module),
            Kind::Component => Component::deserialize(engine, artefact).map(Compiled::Component),
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
