//! How a runtime is set up.

use super::load::Desk;
use super::{Runtime, RuntimeShared};
use crate::abi;
use crate::ceiling::{Ceiling, Ceilings};
use crate::code::{CacheWarning, CodeCache, CodeEvent, CodeStore};
use crate::engine::{EngineError, EnginePlan, Engines};
use crate::event::{Reporter, RuntimeEvent, RuntimeObserver};
use crate::guest::GuestState;
use crate::host_function::{HostInterface, HostInterfaces};
use crate::ticker::{SchedulerHooks, Ticker};
use crate::wasi::{
    PrivatePlaces, Reach, Resolver, Surroundings, SystemResolver, TlsClient, TlsError,
};
use parking_lot::{Mutex, RwLock};
use rusm_actor::Node;
use rusm_caps::{Decision, Permission, Policy, Question};
use rusm_kv::Store;
use rusm_manifest::{CodeSource, Manifest};
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The machine did not give what a runtime needs.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A thread or the reactor could not be started.
    #[error("cannot start the runtime's threads: {0}")]
    Threads(#[from] std::io::Error),
    /// An engine could not be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A root certificate that was added is none.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// What a runtime is to be made of.
#[derive(Clone, Default)]
pub struct RuntimeBuilder {
    workers: usize,
    cache_folder: Option<PathBuf>,
    env: BTreeMap<String, String>,
    observer: Option<Arc<dyn RuntimeObserver>>,
    max_processes: Option<usize>,
    max_memory_bytes: Option<u64>,
    max_handles: Option<u64>,
    max_mailbox_bytes: Option<usize>,
    private_places: PrivatePlaces,
    resolver: Option<Arc<dyn Resolver>>,
    trusted_roots: Vec<Vec<u8>>,
    policy: Policy,
    host_interfaces: HostInterfaces,
    load_budget: Option<Duration>,
    store: Option<Store>,
    guarded_places: Option<u32>,
}

impl RuntimeBuilder {
    /// Worker threads; 0 for one per core.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Keeps compiled code in this folder, which only its owner may write to.
    pub fn cache_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_folder = Some(folder.into());
        self
    }

    /// What environment grants are looked up in. Nothing is taken from the process by itself.
    pub fn env(mut self, env: BTreeMap<String, String>) -> Self {
        self.env = env;
        self
    }

    /// Who is told what happens.
    pub fn observer(mut self, observer: Arc<dyn RuntimeObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The largest number of processes alive at once; otherwise only the machine bounds it.
    pub fn max_processes(mut self, max_processes: usize) -> Self {
        self.max_processes = Some(max_processes);
        self
    }

    /// The most memory that all processes may have together, in bytes: linear memories, tables, and code that
    /// they load. A process that would exceed it ends or does not start as if its own bound had been met.
    /// Otherwise only the profiles and the machine bound it.
    pub fn max_memory_bytes(mut self, max_memory_bytes: u64) -> Self {
        self.max_memory_bytes = Some(max_memory_bytes);
        self
    }

    /// The most files, sockets and streams that all processes may have open together. A process that would
    /// exceed it is answered as if its own bound had been met. Otherwise only the profiles bound it.
    pub fn max_handles(mut self, max_handles: u64) -> Self {
        self.max_handles = Some(max_handles);
        self
    }

    /// The most bytes that may wait in the mailboxes of all processes together. A message that would exceed it is
    /// refused as if its receiver's mailbox were full. Otherwise only the profiles bound it.
    pub fn max_mailbox_bytes(mut self, max_mailbox_bytes: usize) -> Self {
        self.max_mailbox_bytes = Some(max_mailbox_bytes);
        self
    }

    /// What a manifest says of the whole node: its ceilings, and the places that belong to it: the manifest itself,
    /// which lies at `file`, the `.env` file beside it, the store, the audit log, the control socket, and the code of its components.
    pub fn manifest(mut self, manifest: &Manifest, file: &Path) -> Self {
        let ceilings = manifest.node.ceilings;
        self.max_memory_bytes = ceilings.max_memory_bytes.or(self.max_memory_bytes);
        self.max_handles = ceilings.max_handles.map(u64::from).or(self.max_handles);
        let to_usize = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let mailbox_bytes = ceilings.max_mailbox_bytes.map(to_usize);
        self.max_mailbox_bytes = mailbox_bytes.or(self.max_mailbox_bytes);
        let processes = ceilings.max_processes.map(|n| to_usize(u64::from(n)));
        self.max_processes = processes.or(self.max_processes);
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut private = |what, path: PathBuf| self.private_places.add(what, path);
        private("the manifest", file.to_owned());
        private("the file of variables", folder.join(".env"));
        if let Some(audit) = &manifest.node.audit {
            private("the audit log", folder.join(audit));
        }
        if let Some(control) = &manifest.node.control {
            private("the control socket", folder.join(control));
        }
        for component in manifest.components.values() {
            if let CodeSource::Wasm(path) = &component.code {
                private("the code of a component", folder.join(path));
            }
        }
        if let Some(store) = &manifest.node.store {
            let file = folder.join(&store.path);
            self.private_places.add_secret("the store", file);
        }
        self
    }

    /// The durable key-value store of its processes; otherwise they have the one that the manifest of their app
    /// names, or none. Its file is to be a [`private_place`](Self::private_place).
    pub fn store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// How many processes may have guarded memory at once; otherwise as many as suit the machine, which gives fewer than were asked for if
    /// it must. With none, all that may be placed densely is, and what must be guarded is refused.
    pub fn guarded_places(mut self, guarded_places: u32) -> Self {
        self.guarded_places = Some(guarded_places);
        self
    }

    /// How long a process that brings code waits for the compiler; 20 s unless said otherwise.
    pub fn load_budget(mut self, load_budget: Duration) -> Self {
        self.load_budget = Some(load_budget);
        self
    }

    /// A file or folder of the node's own, such as its audit log or its manifest: no folder that a guest may
    /// write to may contain it, or lie in it. `what` names it to people. The cache folder is one already.
    ///
    /// It need not exist yet.
    pub fn private_place(mut self, what: &'static str, path: impl Into<PathBuf>) -> Self {
        self.private_places.add(what, path.into());
        self
    }

    /// Who turns names into addresses for guests; otherwise the system does.
    pub fn resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// Trusts this certificate authority (X.509, DER) in `https`, besides those of Mozilla's list.
    pub fn trusted_root(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.trusted_roots.push(certificate.into());
        self
    }

    /// Asks `function` about every request of this permission that a profile allows; it can refuse and never
    /// widen. Of several functions for one permission all must allow. See [`Policy::decide`].
    pub fn decide(
        mut self,
        permission: Permission,
        function: impl Fn(&Question<'_>) -> Decision + Send + Sync + 'static,
    ) -> Self {
        self.policy = self.policy.decide(permission, function);
        self
    }

    /// Provides functions of this program to the guests whose profiles grant them by `host-functions`. The last
    /// interface of a name counts.
    pub fn host_interface(mut self, interface: HostInterface) -> Self {
        self.host_interfaces.add(interface);
        self
    }

    /// Makes the engines and starts the threads.
    ///
    /// # Errors
    /// [`BuildError`] when the machine gives no threads or lacks what an engine needs, or a root certificate is none.
    pub fn build(mut self) -> Result<Runtime, BuildError> {
        try_a_thread()?;
        let io = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("rusm-io")
            .enable_all()
            .build()?;
        let engines = Arc::new(Engines::new(&EnginePlan {
            pool_slots: self.guarded_places,
            workers: match self.workers {
                0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
                workers => workers,
            },
        })?);
        let ticker = Arc::new(Ticker::default());
        let hooks = SchedulerHooks {
            ticker: Arc::clone(&ticker),
            engines: Arc::downgrade(&engines),
            io: io.handle().clone(),
        };
        let reach = Reach {
            resolver: self
                .resolver
                .unwrap_or_else(|| Arc::new(SystemResolver::default())),
            tls: Arc::new(TlsClient::new(&self.trusted_roots)?),
        };
        let reporter = Arc::new(Reporter::new(self.observer));
        let host_interfaces = Arc::new(self.host_interfaces);
        let code = code_store(
            Arc::clone(&engines),
            self.cache_folder.as_deref(),
            &reporter,
            &host_interfaces,
        );
        if let Some(folder) = self.cache_folder.take() {
            self.private_places
                .add("the cache of compiled code", folder);
        }
        let ceilings = Ceilings {
            memory: self.max_memory_bytes.map(Ceiling::new),
            handles: self.max_handles.map(Ceiling::new),
        };
        let surroundings = Arc::new(Surroundings {
            private_places: self.private_places,
            handles: ceilings.handles.clone(),
            dotenv: self.env,
            lines: Arc::clone(&reporter) as _,
            reach,
        });
        let mut node = Node::builder()
            .workers(self.workers)
            .observer(Arc::clone(&reporter) as Arc<dyn rusm_actor::Observer>)
            .hooks(Arc::new(hooks));
        if let Some(max_processes) = self.max_processes {
            node = node.max_processes(max_processes);
        }
        if let Some(bytes) = self.max_mailbox_bytes {
            node = node.max_mailbox_bytes(bytes);
        }
        let node = node.build()?;
        let thread = ticker.start(Arc::clone(&engines), node.clone())?;
        let shared = Arc::new(RuntimeShared {
            node: OnceLock::from(node),
            code,
            reporter,
            ceilings,
            desk: Desk::new(self.load_budget),
            surroundings,
            policy: Arc::new(self.policy),
            host_interfaces,
            components: RwLock::default(),
            store: Arc::default(),
            control: Mutex::default(),
            ticker,
            ticker_thread: Mutex::new(Some(thread)),
            io: Mutex::new(Some(io)),
        });
        if let Some(store) = self.store {
            shared.set_store(store);
        }
        shared.reporter.attach(&shared);
        Ok(Runtime(shared))
    }
}

/// Whether the system gives one at all: Tokio panics where it does not.
fn try_a_thread() -> std::io::Result<()> {
    let thread = std::thread::Builder::new().spawn(|| ())?;
    // It does nothing that could panic.
    thread
        .join()
        .map_err(|_panic| std::io::Error::other("a thread could not end"))
}

/// The code store; what it has to say goes to the embedder's observer.
fn code_store(
    engines: Arc<Engines>,
    cache_folder: Option<&Path>,
    reporter: &Arc<Reporter>,
    host_interfaces: &Arc<HostInterfaces>,
) -> CodeStore<GuestState> {
    let cache = cache_folder.and_then(|folder| {
        let warn =
            |warning: &CacheWarning| reporter.report(&RuntimeEvent::Warning(warning.to_string()));
        CodeCache::open(folder).inspect_err(warn).ok()
    });
    let reporter = Arc::clone(reporter);
    let on_event = move |event: &CodeEvent<'_>| match event {
        CodeEvent::Cache { name, warning } => {
            reporter.report(&RuntimeEvent::Warning(format!("{name}: {warning}")));
        }
        CodeEvent::Compiling { name, n_bytes } => {
            let (component, n_bytes) = ((*name).into(), *n_bytes);
            reporter.report(&RuntimeEvent::CompileStarted { component, n_bytes });
        }
        CodeEvent::Compiled { name, elapsed } => {
            let (component, elapsed) = ((*name).into(), *elapsed);
            reporter.report(&RuntimeEvent::CompileEnded { component, elapsed });
        }
        CodeEvent::Found { name } => {
            let component = (*name).into();
            reporter.report(&RuntimeEvent::FoundInCache { component });
        }
    };
    CodeStore::new(
        engines,
        abi::links(host_interfaces),
        cache,
        Arc::new(on_event),
    )
}

impl fmt::Debug for RuntimeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeBuilder")
            .field("workers", &self.workers)
            .field("cache_folder", &self.cache_folder)
            .finish_non_exhaustive()
    }
}
