//! A profile: everything that one process may do, immutable.
//!
//! It is shared as an `Arc` and never changed. A process that gives a right up gets another
//! profile; which permissions were taken from it is remembered, so that a denial does not advise
//! a manifest line that would not help.

use std::sync::Arc;

use crate::losses::Imposed;
use crate::{
    DirGrant, EnvGrant, HostFunctionGrant, KvGrant, Limits, ListenGrant, NetGrant, Permission,
    ProfileBuilder, SendGrant, SpawnGrant,
};

/// What a process may do, and how much of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub(crate) name: Arc<str>,
    pub(crate) grants: Grants,
    pub(crate) limits: Limits,
    /// Sorted, without repeats.
    pub(crate) revoked: Vec<Permission>,
    /// Bounds that a spawner set below those of the profile as it was declared.
    pub(crate) imposed: Imposed,
}

/// The rights of a profile, without its name and limits. The default is nothing at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grants {
    pub(crate) dirs: Vec<DirGrant>,
    pub(crate) env: Vec<EnvGrant>,
    pub(crate) network: NetGrant,
    pub(crate) listen: ListenGrant,
    pub(crate) spawn: SpawnGrant,
    pub(crate) process_control: bool,
    pub(crate) send: SendGrant,
    pub(crate) storage: KvGrant,
    pub(crate) load: bool,
    pub(crate) stdio: bool,
    pub(crate) host_functions: HostFunctionGrant,
}

impl Grants {
    pub(crate) fn nothing() -> Grants {
        Grants {
            dirs: Vec::new(),
            env: Vec::new(),
            network: NetGrant::Off,
            listen: ListenGrant::Off,
            spawn: SpawnGrant::Nobody,
            process_control: false,
            send: SendGrant::nobody(),
            storage: KvGrant::default(),
            load: false,
            stdio: false,
            host_functions: HostFunctionGrant::default(),
        }
    }

    /// Takes away everything that belongs to a permission.
    pub(crate) fn withhold(&mut self, permission: Permission) {
        match permission {
            Permission::Network => self.network = NetGrant::Off,
            Permission::Listen => self.listen = ListenGrant::Off,
            Permission::Spawn => self.spawn = SpawnGrant::Nobody,
            Permission::Storage => self.storage = KvGrant::default(),
            Permission::ProcessControl => self.process_control = false,
            Permission::Send => self.send = SendGrant::nobody(),
            Permission::Load => self.load = false,
            Permission::Stdio => self.stdio = false,
            Permission::Env => self.env.clear(),
            Permission::Files => self.dirs.clear(),
            Permission::HostFunctions => self.host_functions = HostFunctionGrant::default(),
        }
    }

    /// Whether anything at all of a permission is granted.
    pub(crate) fn holds(&self, permission: Permission) -> bool {
        match permission {
            Permission::Network => !self.network.is_empty(),
            Permission::Listen => !self.listen.is_empty(),
            Permission::Spawn => !self.spawn.is_empty(),
            Permission::Storage => !self.storage.is_empty(),
            Permission::ProcessControl => self.process_control,
            Permission::Send => !self.send.is_empty(),
            Permission::Load => self.load,
            Permission::Stdio => self.stdio,
            Permission::Env => !self.env.is_empty(),
            Permission::Files => !self.dirs.is_empty(),
            Permission::HostFunctions => !self.host_functions.is_empty(),
        }
    }
}

impl Profile {
    /// A profile of that name that grants nothing yet, not even sending, within the limits of
    /// [`Limits::sandboxed`].
    pub fn builder(name: impl Into<Arc<str>>) -> ProfileBuilder {
        ProfileBuilder::new(name.into(), Grants::nothing(), Limits::sandboxed())
    }

    /// A profile of another name that starts with everything this one grants.
    pub fn to_builder(&self, name: impl Into<Arc<str>>) -> ProfileBuilder {
        ProfileBuilder::new(name.into(), self.grants.clone(), self.limits.clone())
    }

    /// The name it was declared under; a narrowed profile keeps it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Folders to open for the guest.
    pub fn dirs(&self) -> &[DirGrant] {
        &self.grants.dirs
    }

    /// Environment variables it may see.
    pub fn env(&self) -> &[EnvGrant] {
        &self.grants.env
    }

    /// What of the network it may reach.
    pub fn network(&self) -> &NetGrant {
        &self.grants.network
    }

    /// Where it may listen.
    pub fn listen(&self) -> &ListenGrant {
        &self.grants.listen
    }

    /// What it may start.
    pub fn spawn(&self) -> &SpawnGrant {
        &self.grants.spawn
    }

    /// Whether it may control processes that are no relatives.
    pub fn process_control(&self) -> bool {
        self.grants.process_control
    }

    /// Whom it may address besides relatives.
    pub fn send(&self) -> &SendGrant {
        &self.grants.send
    }

    /// Which buckets it may use.
    pub fn storage(&self) -> &KvGrant {
        &self.grants.storage
    }

    /// Whether it may register code that it brings itself.
    pub fn load(&self) -> bool {
        self.grants.load
    }

    /// Whether it may use the real terminal.
    pub fn stdio(&self) -> bool {
        self.grants.stdio
    }

    /// Which functions of the embedding program it may call.
    pub fn host_functions(&self) -> &HostFunctionGrant {
        &self.grants.host_functions
    }

    /// How much it may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether anything at all of a permission is granted.
    pub fn holds(&self, permission: Permission) -> bool {
        self.grants.holds(permission)
    }

    /// The permissions that were taken from the profile after it was declared.
    pub fn revoked(&self) -> &[Permission] {
        &self.revoked
    }
}
