//! The typed plan: what a manifest means, with every name resolved.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusm_caps::Profile;

use crate::{Diagnostic, Digest, Origins};

/// A whole application.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Manifest {
    /// The name of the app.
    pub app: String,
    /// How the node runs.
    pub node: NodeDecl,
    /// Every component, by name.
    pub components: BTreeMap<String, ComponentDecl>,
    /// Every profile of the file, by name. The built-in ones are not repeated here;
    /// [`Manifest::profile`] finds both.
    pub profiles: BTreeMap<String, Arc<Profile>>,
    /// Every declared supervisor, by name.
    pub supervisors: BTreeMap<String, SupervisorDecl>,
    /// The root supervisor: one-for-one, with the components that have `restart` and the supervisors
    /// that are nobody's child, in the order of the file. Such a supervisor is permanent, unless its
    /// own `restart` says otherwise.
    pub root: SupervisorDecl,
    /// What can be run, but probably is not what was meant. `rusm check` fails on these.
    pub warnings: Vec<Diagnostic>,
    /// Where its profiles and components were written.
    pub origins: Origins,
}

impl Manifest {
    /// The profile of that name, declared or built in.
    pub fn profile(&self, name: &str) -> Option<Arc<Profile>> {
        self.profiles
            .get(name)
            .cloned()
            .or_else(|| Profile::built_in(name).map(Arc::new))
    }

    /// The component that a child runs; none if it is a supervisor.
    pub fn component_of(&self, child: &ChildDecl) -> Option<&ComponentDecl> {
        match &child.target {
            ChildTarget::Component(name) => self.components.get(name),
            ChildTarget::Supervisor(_) => None,
        }
    }

    /// The supervisor that a child is; none if it is a component.
    pub fn supervisor_of(&self, child: &ChildDecl) -> Option<&SupervisorDecl> {
        match &child.target {
            ChildTarget::Supervisor(name) => self.supervisors.get(name),
            ChildTarget::Component(_) => None,
        }
    }
}

/// How the node runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeDecl {
    /// Scheduler threads; 0 is one per core.
    pub workers: usize,
    /// The durable key-value store; none for no store.
    pub store: Option<StoreDecl>,
    /// The folder of the audit log, relative to the manifest; none for no log.
    pub audit: Option<PathBuf>,
    /// The control socket, relative to the manifest; none for no socket.
    pub control: Option<PathBuf>,
    /// Whether the node confines itself with what the kernel offers.
    pub harden: HardenDecl,
    /// What all processes together may use.
    pub ceilings: CeilingsDecl,
}

/// The file of the durable key-value store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreDecl {
    /// Where it lies, relative to the manifest.
    pub path: PathBuf,
    /// How large the file may become, in bytes.
    pub max_bytes: u64,
}

impl StoreDecl {
    /// How large the file may become where the manifest does not say: a gibibyte.
    pub const MAX_BYTES_DEFAULT: u64 = 1 << 30;
}

/// Whether the node confines itself with what the kernel offers (on Linux: Landlock, seccomp).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HardenDecl {
    /// As far as this kernel can.
    #[default]
    Auto,
    /// In full, or the node does not start.
    Require,
    /// Not at all.
    Off,
}

/// What all processes of the node together may use. `None` is bounded by the machine alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CeilingsDecl {
    /// Linear memory, in bytes.
    pub max_memory_bytes: Option<u64>,
    /// Live processes.
    pub max_processes: Option<u32>,
    /// Files, sockets and streams open at once.
    pub max_handles: Option<u32>,
    /// Messages that wait, in bytes.
    pub max_mailbox_bytes: Option<u64>,
}

/// Where the code of a component comes from. Paths are as typed, relative to the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeSource {
    /// A Cargo package that is built.
    Package(PathBuf),
    /// A file of WebAssembly.
    Wasm(PathBuf),
}

/// How the code of a component is placed in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Placement {
    /// Guarded while there is a place, densely beyond.
    #[default]
    Auto,
    /// For the fastest code: memory with guard pages, of which there are as many as the kernel grants mappings for. A start beyond them
    /// is refused.
    Guarded,
    /// For many processes: they take no mappings, and accesses to memory are bounds-checked. Leaves the guarded places to others.
    Dense,
}

/// One component.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ComponentDecl {
    /// Its name.
    pub name: String,
    /// Where its code comes from.
    pub code: CodeSource,
    /// What it may do.
    pub profile: Arc<Profile>,
    /// The profile that was asked for and does not exist; it runs sandboxed then.
    pub unknown_profile: Option<String>,
    /// Whether it is started at boot under the root supervisor, and then how it is restarted.
    pub restart: Option<RestartDecl>,
    /// Its arguments.
    pub args: Vec<String>,
    /// What its file must be.
    pub digest: Option<Digest>,
    /// The profiles that a spawner may choose for it besides its own, by name.
    pub profiles: BTreeMap<String, Arc<Profile>>,
    /// How its code is placed in memory.
    pub placement: Placement,
}

/// When a child is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestartDecl {
    /// Always.
    #[default]
    Permanent,
    /// After a crash.
    Transient,
    /// Never.
    Temporary,
}

/// Who is restarted with a child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StrategyDecl {
    /// Nobody.
    #[default]
    OneForOne,
    /// All its siblings.
    OneForAll,
    /// The siblings that were started after it.
    RestForOne,
}

/// Whether the end of significant children ends their supervisor (OTP statement 136).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoShutdownDecl {
    /// No.
    #[default]
    Never,
    /// When one of them has ended by itself for good.
    AnySignificant,
    /// When the last of them has.
    AllSignificant,
}

/// How a child is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownDecl {
    /// It is killed at once.
    BrutalKill,
    /// It is asked, and killed when the time is over.
    Timeout(Duration),
    /// It is asked, and waited for.
    Infinity,
}

/// A supervisor and its children, in the order they start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SupervisorDecl {
    /// Its name; that of the root is [`SupervisorDecl::ROOT`].
    pub name: String,
    /// Who is restarted with a child.
    pub strategy: StrategyDecl,
    /// How many restarts within the period it makes before it gives up.
    pub max_restarts: u32,
    /// The period; never zero.
    pub period: Duration,
    /// Whether the end of significant children ends it. Without a significant child it never does.
    pub auto_shutdown: AutoShutdownDecl,
    /// Its children, in the order they start.
    pub children: Vec<ChildDecl>,
}

impl SupervisorDecl {
    /// The name of the root supervisor, which no manifest can declare.
    pub const ROOT: &'static str = "root";
    /// OTP's default.
    pub const MAX_RESTARTS_DEFAULT: u32 = 1;
    /// OTP's default.
    pub const PERIOD_DEFAULT: Duration = Duration::from_secs(5);
    /// OTP's default for a worker.
    pub const SHUTDOWN_DEFAULT: Duration = Duration::from_secs(5);
}

/// What a child is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildTarget {
    /// Processes that run the component of that name.
    Component(String),
    /// The supervisor of that name.
    Supervisor(String),
}

/// One entry of a supervisor's children.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildDecl {
    /// What it is.
    pub target: ChildTarget,
    /// How many of it are started; 1 for a supervisor.
    pub count: u32,
    /// When it is started again.
    pub restart: RestartDecl,
    /// How it is stopped.
    pub shutdown: ShutdownDecl,
    /// Whether its end counts for its supervisor's automatic shutdown; each of several counts. Never
    /// set for a permanent child, nor where automatic shutdown is never (OTP statement 138).
    pub significant: bool,
}
