//! How a runtime is set up.

use super::{Runtime, RuntimeShared};
use crate::abi;
use crate::code::{CacheWarning, CodeCache, CodeEvent, CodeStore};
use crate::engine::{EngineError, EnginePlan, Engines};
use crate::event::{Reporter, RuntimeEvent, RuntimeObserver};
use crate::guest::GuestState;
use crate::ticker::{SchedulerHooks, Ticker};
use parking_lot::{Mutex, RwLock};
use rusm_actor::Node;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The machine did not give what a runtime needs.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A thread or the reactor could not be started.
    #[error("cannot start the runtime's threads: {0}")]
    Threads(#[from] std::io::Error),
    /// An engine could not be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What a runtime is to be made of.
#[derive(Clone, Default)]
pub struct RuntimeBuilder {
    workers: usize,
    cache_folder: Option<PathBuf>,
    env: BTreeMap<String, String>,
    observer: Option<Arc<dyn RuntimeObserver>>,
    max_processes: Option<usize>,
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

    /// Makes the engines and starts the threads.
    ///
    /// # Errors
    /// [`BuildError`] when the machine gives no threads or lacks what an engine needs.
    pub fn build(self) -> Result<Runtime, BuildError> {
        let io = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("rusm-io")
            .enable_all()
            .build()?;
        let engines = Arc::new(Engines::new(&EnginePlan::default())?);
        let ticker = Arc::new(Ticker::default());
        let hooks = SchedulerHooks {
            ticker: Arc::clone(&ticker),
            engines: Arc::downgrade(&engines),
            io: io.handle().clone(),
        };
        let reporter = Arc::new(Reporter::new(self.observer));
        let code = code_store(
            Arc::clone(&engines),
            self.cache_folder.as_deref(),
            &reporter,
        );
        let mut node = Node::builder()
            .workers(self.workers)
            .observer(Arc::clone(&reporter) as Arc<dyn rusm_actor::Observer>)
            .hooks(Arc::new(hooks));
        if let Some(max_processes) = self.max_processes {
            node = node.max_processes(max_processes);
        }
        let node = node.build()?;
        let thread = ticker.start(Arc::clone(&engines), node.clone())?;
        let shared = Arc::new(RuntimeShared {
            node: OnceLock::from(node),
            code,
            reporter,
            env: Arc::new(self.env),
            components: RwLock::default(),
            ticker,
            ticker_thread: Mutex::new(Some(thread)),
            io: Mutex::new(Some(io)),
        });
        shared.reporter.attach(&shared);
        Ok(Runtime(shared))
    }
}

/// The code store; what it has to say goes to the embedder's observer.
fn code_store(
    engines: Arc<Engines>,
    cache_folder: Option<&Path>,
    reporter: &Arc<Reporter>,
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
    CodeStore::new(engines, abi::links(), cache, Arc::new(on_event))
}

impl fmt::Debug for RuntimeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeBuilder")
            .field("workers", &self.workers)
            .field("cache_folder", &self.cache_folder)
            .finish_non_exhaustive()
    }
}
