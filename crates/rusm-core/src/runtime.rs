//! The runtime that one embeds: [`Runtime`], [`RuntimeBuilder`], [`Spawn`].
//!
//! A runtime owns a node, its engines, its code and the components that may be spawned by name. Handles
//! are clones; [`Runtime::shutdown`] ends it.

mod builder;
mod handle;
mod launch;
mod load;

pub use builder::{BuildError, RuntimeBuilder};
pub use handle::ProcessHandle;
pub(crate) use launch::{Launch, SpawnRequest, Spawner};

use crate::ceiling::Ceilings;
use crate::code::{CodeError, CodeStore, Origin};
use crate::event::{Reporter, RuntimeEvent};
use crate::guest::GuestState;
use crate::host_function::HostInterfaces;
use crate::program::{Component, Program};
use crate::ticker::Ticker;
use crate::wasi::Surroundings;
use parking_lot::{Mutex, RwLock};
use rusm_actor::{Name, Node};
use rusm_caps::{Denied, DirGrant, Policy, Profile};
use rusm_control::Server;
use rusm_kv::Store;
use rusm_manifest::Placement;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

/// Why a process was not started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpawnFailure {
    /// The spawner's profile does not allow it.
    #[error("{0}")]
    Denied(Denied),
    /// No component of this name is declared or loaded.
    #[error("no component is called '{0}'")]
    UnknownComponent(String),
    /// The profile asked for is not offered, or a restriction would widen.
    #[error("{0}")]
    Escalation(String),
    /// Another process holds the name.
    #[error("the name is taken")]
    NameTaken,
    /// The node, or the profile of an ancestor, has no room for another process.
    #[error("{0}")]
    TooMany(String),
    /// Not a component or module that can run here.
    #[error("{0}")]
    InvalidCode(String),
}

/// A component that may be spawned by its name.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) component: Arc<Component>,
    pub(crate) profile: Arc<Profile>,
    /// Profiles that a spawner may choose instead, by name.
    pub(crate) offered: BTreeMap<String, Arc<Profile>>,
    pub(crate) args: Vec<String>,
}

/// What all processes of a runtime share.
pub(crate) struct RuntimeShared {
    node: OnceLock<Node>,
    pub(crate) code: CodeStore<GuestState>,
    pub(crate) reporter: Arc<Reporter>,
    /// What all processes may have together.
    pub(crate) ceilings: Ceilings,
    /// Where guests bring code.
    desk: load::Desk,
    /// What guests see of the host, as far as their profiles let them.
    pub(crate) surroundings: Arc<Surroundings>,
    /// What the embedder's functions have to say on what profiles allow.
    pub(crate) policy: Arc<Policy>,
    pub(crate) host_interfaces: Arc<HostInterfaces>,
    components: RwLock<BTreeMap<String, Arc<Declared>>>,
    /// A process takes a handle of it when it first uses it.
    pub(crate) store: Arc<Mutex<Option<Store>>>,
    pub(crate) control: Mutex<Option<Server>>,
    ticker: Arc<Ticker>,
    ticker_thread: Mutex<Option<JoinHandle<()>>>,
    /// The reactor that WASI's files, sockets and clocks wait on; dropped last.
    pub(crate) io: Mutex<Option<tokio::runtime::Runtime>>,
}

impl RuntimeShared {
    pub(crate) fn node(&self) -> &Node {
        self.node
            .get()
            .expect("the builder sets the node before it hands the runtime out")
    }

    pub(crate) fn declare(&self, declared: Declared) {
        let (name, declared) = (declared.component.name.to_string(), Arc::new(declared));
        let before = self.components.write().insert(name, Arc::clone(&declared));
        // An app is declared once to be checked and once to be started.
        if before.is_none_or(|before| {
            before.profile != declared.profile || before.offered != declared.offered
        }) {
            self.report_grants(&declared);
        }
    }

    fn report_grants(&self, declared: &Declared) {
        let report = |profile: &Arc<Profile>, is_offered| {
            self.reporter.report(&RuntimeEvent::Granted {
                component: Arc::clone(&declared.component.name),
                profile: Arc::clone(profile),
                is_offered,
            });
        };
        report(&declared.profile, false);
        declared
            .offered
            .values()
            .for_each(|profile| report(profile, true));
    }

    pub(crate) fn declared(&self, name: &str) -> Option<Arc<Declared>> {
        self.components.read().get(name).cloned()
    }

    pub(crate) fn store(&self) -> Option<Store> {
        self.store.lock().clone()
    }

    /// Processes have this store from now on. Those in one commit are woken together.
    pub(crate) fn set_store(&self, store: Store) {
        store.answer_within(|answer| rusm_actor::wake_together(answer));
        let reporter = Arc::clone(&self.reporter);
        store.on_poison(Box::new(move |reason| {
            reporter.report(&RuntimeEvent::Warning(format!(
                "the store takes no more writes until the node is started again: {reason}"
            )));
        }));
        *self.store.lock() = Some(store);
    }

    pub(crate) fn report_loading(&self, component: &str, done: usize, total: usize) {
        let component = component.into();
        self.reporter.report(&RuntimeEvent::Loading {
            component,
            done,
            total,
        });
    }
}

impl fmt::Debug for RuntimeShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeShared")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

/// A process to start from outside: code, a profile, arguments.
///
/// The profile is `sandboxed` unless another is given: code has no rights of its own.
#[derive(Clone, Debug)]
pub struct Spawn {
    component: Arc<str>,
    program: Program,
    profile: Arc<Profile>,
    args: Vec<String>,
    name: Option<Name>,
}

impl Spawn {
    /// Runs this code, labelled `component`, without any right.
    pub fn new(component: &str, program: &Program) -> Self {
        Self {
            component: component.into(),
            program: program.clone(),
            profile: Arc::new(Profile::sandboxed()),
            args: Vec::new(),
            name: None,
        }
    }

    /// Runs it under this profile.
    pub fn profile(mut self, profile: impl Into<Arc<Profile>>) -> Self {
        self.profile = profile.into();
        self
    }

    /// Gives it these arguments, after its own name.
    pub fn args<T: Into<String>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// Registers it under a name before it runs.
    pub fn name(mut self, name: Name) -> Self {
        self.name = Some(name);
        self
    }
}

/// What bounds the number of guest processes besides memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capacity {
    /// Processes that the pool of guarded memory holds; those beyond it are placed densely.
    pub pool_slots: u32,
    /// Mappings that a densely placed process takes: none where the kernel guards stacks without one (`MADV_GUARD_INSTALL`).
    pub dense_mappings_each: u32,
    /// Memory of the machine, or of the node's control group if that is less, in bytes; none where the kernel does not say.
    pub memory_bytes: Option<u64>,
    /// Memory mappings that the node has.
    pub mappings_in_use: u64,
    /// The most that the kernel allows; none when it does not say.
    pub mappings_max: Option<u64>,
    /// Whether the kernel tells which pages were touched (`PAGEMAP_SCAN`), so that only those are reset.
    pub pagemap_scan: bool,
}

/// The runtime. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Runtime(pub(crate) Arc<RuntimeShared>);

impl Runtime {
    /// A builder with a worker per core, no code cache, nothing but the process's environment, and no observer.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::default()
    }

    /// Compiles code, or takes it from the cache. `name` appears in reports.
    ///
    /// # Errors
    /// [`CodeError`]: not Wasm, over a bound, an import that nobody provides, or no entry.
    pub fn load(&self, name: &str, wasm: &[u8]) -> Result<Program, CodeError> {
        self.load_placed(name, wasm, Placement::Auto)
    }

    /// The same, and says how its processes are placed in memory.
    ///
    /// # Errors
    /// [`CodeError`], also when code that is to be guarded does not fit the pool, or a component of WASI 0.3 is to be dense.
    pub fn load_placed(
        &self,
        name: &str,
        wasm: &[u8],
        placement: Placement,
    ) -> Result<Program, CodeError> {
        let code = &self.0.code;
        code.load_placed(name, wasm, Origin::Operator, placement)
            .map(Program)
    }

    /// Lets processes spawn this code by name, under this profile, if their own profile says so.
    pub fn declare(&self, name: &str, program: &Program, profile: impl Into<Arc<Profile>>) {
        self.0.declare(Declared {
            component: Arc::new(program.component(name.into(), Path::new("."))),
            profile: profile.into(),
            offered: BTreeMap::new(),
            args: Vec::new(),
        });
    }

    /// Starts a process that has no parent.
    ///
    /// # Errors
    /// [`SpawnFailure`]: name taken, no room. What the code itself or a grant makes impossible is the
    /// process's exit reason, `not-started`.
    pub fn spawn(&self, spawn: Spawn) -> Result<ProcessHandle, SpawnFailure> {
        handle::spawn(&self.0, spawn)
    }

    /// Why a process with this grant would not start, as the folder and the node's own places are now; none if it would. A
    /// relative path of the grant is taken from `own_folder`. The policy is not asked.
    pub fn why_not_given(&self, own_folder: &Path, grant: &DirGrant) -> Option<String> {
        let examined = self.0.surroundings.examine_folder(own_folder, grant);
        examined.err().map(|why| why.to_string())
    }

    /// What this machine can hold of guest processes.
    pub fn capacity(&self) -> Capacity {
        let engines = self.0.code.engines();
        let (mappings_in_use, mappings_max) = engines.mappings();
        Capacity {
            pool_slots: engines.pool_slots(),
            dense_mappings_each: engines.dense_mappings_each(),
            memory_bytes: engines.memory_bytes(),
            mappings_in_use,
            mappings_max,
            pagemap_scan: engines.pagemap_scan(),
        }
    }

    /// The full names of the host functions that it provides, such as `acme:billing/charge@1.2.0#pay`: what a
    /// profile may grant by `host-functions`.
    pub fn host_functions(&self) -> Vec<String> {
        self.0.host_interfaces.function_names()
    }

    /// The node that its processes live on.
    pub fn node(&self) -> &Node {
        self.0.node()
    }

    /// The durable key-value store of its processes: the one it was built with, or the one that the manifest of its
    /// app names; none after [`Runtime::shutdown`]. Whoever holds on to it keeps its file open.
    pub fn store(&self) -> Option<Store> {
        self.0.store()
    }

    /// Kills every process, waits for the last to end, closes the control socket, and stops all threads. What the store has accepted is
    /// committed, and its file closed. Not for worker threads.
    pub fn shutdown(&self) {
        self.0.node().shutdown();
        let control = self.0.control.lock().take();
        drop(control);
        // Its last handle, unless an embedder has one.
        drop(self.0.store.lock().take());
        self.0.ticker.stop();
        if let Some(thread) = self.0.ticker_thread.lock().take() {
            // A ticker that panicked has said so already.
            let _panicked = thread.join();
        }
        let io = self.0.io.lock().take();
        if let Some(io) = io {
            io.shutdown_background();
        }
    }
}
