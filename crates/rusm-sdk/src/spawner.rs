//! New processes. Needs the `spawn` permission for the component.

use std::fmt;
use std::time::Duration;

use crate::{Denial, Pid, Reference, sys};

/// Why a process was not made, or code not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// The profile does not grant it.
    Denied(Denial),
    /// Neither the manifest nor [`load`] knows the component.
    UnknownComponent,
    /// The profile asked for is not one the manifest offers, or is wider than allowed.
    Escalation(String),
    /// Another process holds the name.
    NameTaken,
    /// The node, or the profile of the spawner, has no room for another process.
    TooMany,
    /// [`load`] only: not a valid component or module, or over the node's size bound.
    InvalidCode(String),
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => denial.fmt(f),
            Self::UnknownComponent => f.write_str("cannot spawn: no such component"),
            Self::Escalation(text) => write!(f, "cannot spawn with that profile: {text}"),
            Self::NameTaken => f.write_str("cannot spawn: the name is taken"),
            Self::TooMany => {
                f.write_str("cannot spawn: no room for another process or piece of code")
            }
            Self::InvalidCode(text) => write!(f, "cannot load the code: {text}"),
        }
    }
}

impl std::error::Error for SpawnError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Denied(denial) => Some(denial),
            Self::UnknownComponent
            | Self::Escalation(_)
            | Self::NameTaken
            | Self::TooMany
            | Self::InvalidCode(_) => None,
        }
    }
}

/// Bounds that only narrow what the new process would have had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// Permissions to take away, by their manifest names, such as `network` or `storage`.
    pub revoke: Vec<String>,
    /// Linear memory.
    pub max_memory_mb: Option<u32>,
    /// CPU time of its life.
    pub max_cpu: Option<Duration>,
    /// Wall time of its life.
    pub timeout: Option<Duration>,
}

/// A process that [`Spawn::start`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spawned {
    /// Its pid.
    pub process: Pid,
    /// The monitor, if one was asked for.
    pub monitor: Option<Reference>,
}

/// What to spawn, and how.
///
/// ```no_run
/// use rusm_sdk::spawner::Spawn;
/// let worker = Spawn::new("worker").arg("--fast").monitor().start()?;
/// # Ok::<(), rusm_sdk::spawner::SpawnError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is spawned before `start`"]
pub struct Spawn {
    pub(crate) component: String,
    pub(crate) name: Option<String>,
    pub(crate) args: Vec<String>,
    pub(crate) link: bool,
    pub(crate) monitor: bool,
    pub(crate) profile: Option<String>,
    pub(crate) restrict: Option<Restrictions>,
}

impl Spawn {
    /// A process of this component, neither linked nor monitored, with its declared profile.
    pub fn new(component: impl Into<String>) -> Self {
        Self {
            component: component.into(),
            name: None,
            args: Vec::new(),
            link: false,
            monitor: false,
            profile: None,
            restrict: None,
        }
    }

    /// Registers the new process under a name before anyone can see it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds one argument; the component's name stands before them all.
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Links the new process and this one, with no moment between spawn and link.
    pub fn link(mut self) -> Self {
        self.link = true;
        self
    }

    /// Monitors the new process, with no moment between spawn and monitor.
    pub fn monitor(mut self) -> Self {
        self.monitor = true;
        self
    }

    /// A profile that the component's manifest entry offers.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Narrows the profile for this one process.
    pub fn restrict(mut self, restrictions: Restrictions) -> Self {
        self.restrict = Some(restrictions);
        self
    }

    /// Makes the process. It runs from now on; its start may still fail, which is an exit of reason `not-started`.
    ///
    /// # Errors
    /// Denied, unknown, or no room; then there is no new process.
    pub fn start(&self) -> Result<Spawned, SpawnError> {
        sys::spawner_spawn(self)
    }
}

/// Registers code under a name of this process's own, for it and its descendants to spawn.
/// What runs it has the profile of this process.
///
/// # Errors
/// Denied, or the code is not valid.
pub fn load(name: &str, code: &[u8]) -> Result<(), SpawnError> {
    sys::spawner_load(name, code)
}
