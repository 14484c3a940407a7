//! Linking: which imports exist, and code tied to them once per engine class.
//!
//! The linkers are built once per class. What is in them is all that a guest can ever call: WASI, and what the `abi` modules add.

use super::error::{CodeError, chain, shown};
use super::shape::{Entry, Shape};
use super::{EngineClass, Guest, Site};
use crate::wasi::{add_http_p2, add_http_p3};
use crate::wasi::{shadow_handles_p2, shadow_handles_p3, shadow_p1, shadow_p2, shadow_p3};
use crate::wasi::{shadow_paths_p1, shadow_paths_p2, shadow_paths_p3};
use std::sync::OnceLock;
use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{Engine, Linker, Module};
use wasmtime_wasi::{p1, p2, p3};

mod known;

pub(crate) use known::{check as check_import, known_names};

/// Adds imports to a linker of components.
pub(crate) type LinkComponent<T> =
    Box<dyn Fn(&mut ComponentLinker<T>) -> wasmtime::Result<()> + Send + Sync>;
/// A linker of its own for a component that takes an import in another form than others do; none for most.
pub(crate) type FitComponent<T> = Box<
    dyn Fn(&ComponentLinker<T>, &Component) -> wasmtime::Result<Option<ComponentLinker<T>>>
        + Send
        + Sync,
>;
/// Adds imports to a linker of core modules.
pub(crate) type LinkModule<T> = Box<dyn Fn(&mut Linker<T>) -> wasmtime::Result<()> + Send + Sync>;

/// What is linked besides what Wasmtime has of WASI.
pub(crate) struct Links<T: 'static> {
    pub(crate) component: LinkComponent<T>,
    pub(crate) fitted: FitComponent<T>,
    pub(crate) module: LinkModule<T>,
    /// The names that these two add.
    pub(crate) names: ImportNames,
}

/// What can be imported, as it is called at load.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImportNames {
    /// Functions of core modules: `rusm/send`.
    pub(crate) functions: Vec<String>,
    /// Interfaces of components, without versions: `rusm:actor/process`.
    pub(crate) interfaces: Vec<String>,
}

impl<T> std::fmt::Debug for Links<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// Compiled, not yet linked.
pub(super) enum Compiled {
    Module(Module),
    Component(Component),
}

/// Ready to be instantiated, and its entry is known to exist with the right type.
pub(super) enum Linked<T: 'static> {
    Module(wasmtime::InstancePre<T>),
    Command(p2::bindings::CommandPre<T>),
    Concurrent(
        wasmtime::component::InstancePre<T>,
        p3::bindings::CommandIndices,
    ),
}

impl<T> Linked<T> {
    /// As it was compiled, without its imports.
    pub(super) fn compiled(&self) -> Compiled {
        match self {
            Linked::Module(pre) => Compiled::Module(pre.module().clone()),
            Linked::Command(pre) => Compiled::Component(pre.instance_pre().component().clone()),
            Linked::Concurrent(pre, _) => Compiled::Component(pre.component().clone()),
        }
    }
}

/// The linkers of one engine.
struct ClassLinkers<T: 'static> {
    component: OnceLock<ComponentLinker<T>>,
    module: OnceLock<Linker<T>>,
}

impl<T> ClassLinkers<T> {
    fn new() -> ClassLinkers<T> {
        ClassLinkers {
            component: OnceLock::new(),
            module: OnceLock::new(),
        }
    }
}

/// All linkers of a node.
pub(super) struct Linkers<T: 'static> {
    links: Links<T>,
    /// One for each pool, and at least one.
    pooled: Vec<ClassLinkers<T>>,
    dense: ClassLinkers<T>,
    concurrent: ClassLinkers<T>,
}

impl<T: Guest> Linkers<T> {
    pub(super) fn new(links: Links<T>, n_pools: usize) -> Linkers<T> {
        Linkers {
            links,
            pooled: (0..n_pools.max(1)).map(|_| ClassLinkers::new()).collect(),
            dense: ClassLinkers::new(),
            concurrent: ClassLinkers::new(),
        }
    }

    /// Ties compiled code to its imports.
    pub(super) fn link(
        &self,
        site: Site,
        shape: &Shape,
        compiled: &Compiled,
    ) -> Result<Linked<T>, CodeError> {
        for import in &shape.imports {
            known::check(shape.kind, import, &self.links.names)?;
        }
        match compiled {
            Compiled::Module(module) => self.link_module(site, shape, module),
            Compiled::Component(component) => self.link_component(site, shape, component),
        }
    }

    fn link_module(
        &self,
        site: Site,
        shape: &Shape,
        module: &Module,
    ) -> Result<Linked<T>, CodeError> {
        let linker = get_or_try_init(&self.of(site).module, || {
            let mut linker = Linker::new(module.engine());
            p1::add_to_linker_async(&mut linker, |state: &mut T| state.wasi().preview1())?;
            shadow_p1(&mut linker)?;
            shadow_paths_p1(&mut linker)?;
            (self.links.module)(&mut linker)?;
            Ok(linker)
        })?;
        let pre = linker
            .instantiate_pre(module)
            .map_err(|error| incompatible(shape, &error))?;
        let is_entry = module.get_export("_start").is_some_and(|entry| {
            entry
                .func()
                .is_some_and(|ty| ty.params().len() == 0 && ty.results().len() == 0)
        });
        if !is_entry {
            let exports = "a _start of another type".to_owned();
            return Err(CodeError::NoEntry {
                expected: "_start is a function without parameters and results",
                exports,
            });
        }
        Ok(Linked::Module(pre))
    }

    fn link_component(
        &self,
        site: Site,
        shape: &Shape,
        component: &Component,
    ) -> Result<Linked<T>, CodeError> {
        let linker = get_or_try_init(&self.of(site).component, || {
            self.component_linker(site.class, component.engine())
        })?;
        let fitted = (self.links.fitted)(linker, component).map_err(cannot_link)?;
        let pre = fitted
            .as_ref()
            .unwrap_or(linker)
            .instantiate_pre(component)
            .map_err(|error| incompatible(shape, &error))?;
        let no_entry = |error: wasmtime::Error| CodeError::NoEntry {
            expected: "wasi:cli/run is an interface with the function run",
            exports: chain(&error),
        };
        match shape.entry {
            Entry::Start | Entry::Run => Ok(Linked::Command(
                p2::bindings::CommandPre::new(pre).map_err(no_entry)?,
            )),
            Entry::RunConcurrent => {
                let indices = p3::bindings::CommandIndices::new(&pre).map_err(no_entry)?;
                Ok(Linked::Concurrent(pre, indices))
            }
        }
    }

    fn component_linker(
        &self,
        class: EngineClass,
        engine: &Engine,
    ) -> wasmtime::Result<ComponentLinker<T>> {
        let mut linker = ComponentLinker::new(engine);
        p2::add_to_linker_async(&mut linker)?;
        shadow_handles_p2(&mut linker)?;
        shadow_paths_p2(&mut linker)?;
        shadow_p2(&mut linker)?;
        add_http_p2(&mut linker)?;
        match class {
            EngineClass::Pooled | EngineClass::Dense => {}
            EngineClass::Concurrent => {
                p3::add_to_linker(&mut linker)?;
                shadow_handles_p3(&mut linker)?;
                shadow_paths_p3(&mut linker)?;
                shadow_p3(&mut linker)?;
                add_http_p3(&mut linker)?;
            }
        }
        (self.links.component)(&mut linker)?;
        Ok(linker)
    }

    fn of(&self, site: Site) -> &ClassLinkers<T> {
        match site.class {
            EngineClass::Pooled => self
                .pooled
                .get(site.pool)
                .expect("a site is one of the engines that there are"),
            EngineClass::Dense => &self.dense,
            EngineClass::Concurrent => &self.concurrent,
        }
    }
}

/// Two threads may build one each: the first is kept.
fn get_or_try_init<L>(
    cell: &OnceLock<L>,
    build: impl FnOnce() -> wasmtime::Result<L>,
) -> Result<&L, CodeError> {
    if let Some(linker) = cell.get() {
        return Ok(linker);
    }
    let linker = build().map_err(cannot_link)?;
    Ok(cell.get_or_init(|| linker))
}

fn cannot_link(error: wasmtime::Error) -> CodeError {
    CodeError::Engine(format!("cannot link the host functions: {error:#}"))
}

/// The imports are known by name, so this one differs in type. Wasmtime's text names it; which it is, is found again by that name.
fn incompatible(shape: &Shape, error: &wasmtime::Error) -> CodeError {
    let cause = chain(error);
    let quoted = |import: &&String| {
        // A core module's import is `module/field`, and a module may have slashes in its own name.
        let parts = import.rsplit_once('/');
        let in_wasmtime = parts.map_or(String::new(), |(module, field)| {
            format!("{module}::{field}")
        });
        cause.contains(&format!("`{import}`")) || cause.contains(&format!("`{in_wasmtime}`"))
    };
    match shape.imports.iter().find(quoted) {
        Some(import) => CodeError::IncompatibleImport {
            import: shown(import),
            cause,
        },
        None => CodeError::Invalid { cause },
    }
}
