//! The path of one spawn: who may, under which profile, with what bounds.
//!
//! A declared component runs under the profile declared for it, or one that its declaration offers; code
//! that a process loaded runs under its loader's as it is now, without what was taken from whoever spawns it.
//! Whoever spawns can only narrow that.

use super::{RuntimeShared, SpawnFailure};
use crate::guest::GuestState;
use crate::guest::body::{self, Start};
use crate::identity::{Identity, Usage};
use crate::lineage::Lineage;
use crate::program::Component;
use rusm_actor::{Context, MailboxBounds, Name, SpawnError, SpawnOptions, Spawned};
use rusm_caps::{Origin, Profile, Request, Restrictions};
use std::sync::Arc;

/// Who starts a process.
#[derive(Clone, Copy)]
pub(crate) enum Spawner<'a> {
    /// A supervisor, or another native process of the node.
    Native(&'a Context),
    Guest(&'a GuestState),
}

/// A process about to be started; everything about it is decided.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) component: Arc<Component>,
    pub(crate) profile: Arc<Profile>,
    pub(crate) args: Vec<String>,
    pub(crate) name: Option<Name>,
    pub(crate) link: bool,
    pub(crate) monitor: bool,
    pub(crate) restarts: u32,
    /// What it says on the terminal is logged as well.
    pub(crate) logs_terminal: bool,
}

/// What a guest asks for.
#[derive(Debug)]
pub(crate) struct SpawnRequest<'a> {
    pub(crate) component: &'a str,
    pub(crate) name: Option<Name>,
    pub(crate) args: Vec<String>,
    pub(crate) link: bool,
    pub(crate) monitor: bool,
    /// A profile that the component's declaration offers.
    pub(crate) profile: Option<&'a str>,
    pub(crate) restrict: Option<Restrictions>,
}

/// What a name stands for when it is spawned.
struct Resolved {
    component: Arc<Component>,
    profile: Arc<Profile>,
    args: Vec<String>,
}

impl RuntimeShared {
    /// Starts a process for a guest.
    pub(crate) fn spawn_guest(
        self: &Arc<Self>,
        parent: &GuestState,
        request: SpawnRequest<'_>,
    ) -> Result<Spawned, SpawnFailure> {
        let asked = Request::Spawn {
            component: request.component,
        };
        let permit = parent
            .guard
            .check(asked, request.component)
            .map_err(SpawnFailure::Denied)?;
        let resolved = self.resolve(parent, permit.into_inner(), &request)?;
        let args = if request.args.is_empty() {
            resolved.args
        } else {
            request.args
        };
        let launch = Launch {
            component: resolved.component,
            profile: resolved.profile,
            args,
            name: request.name,
            link: request.link,
            monitor: request.monitor,
            restarts: 0,
            logs_terminal: parent.identity().logs_terminal,
        };
        self.launch(Spawner::Guest(parent), launch)
    }

    fn resolve(
        &self,
        parent: &GuestState,
        component: &str,
        request: &SpawnRequest<'_>,
    ) -> Result<Resolved, SpawnFailure> {
        let attenuate = |origin: Origin<'_>| {
            let profile = origin.attenuate(request.profile, request.restrict.as_ref());
            profile.map_err(|error| SpawnFailure::Escalation(error.to_string()))
        };
        if let Some(declared) = self.declared(component) {
            let profile = attenuate(Origin::Declared {
                component,
                profile: &declared.profile,
                offered: &declared.offered,
            })?;
            return Ok(Resolved {
                component: Arc::clone(&declared.component),
                profile,
                args: declared.args.clone(),
            });
        }
        let unknown =
            || SpawnFailure::UnknownComponent(rusm_caps::printable(component).to_string());
        let loaded = parent
            .identity()
            .lineage
            .find_loaded(component)
            .ok_or_else(unknown)?;
        let profile = attenuate(Origin::Loaded {
            profile: &loaded.loader.profile(),
            spawner: &parent.guard.profile(),
        })?;
        Ok(Resolved {
            component: Arc::new(Component {
                name: component.into(),
                code: loaded.code,
                is_loaded: true,
                folder: Arc::clone(&parent.identity().component.folder),
            }),
            profile,
            args: Vec::new(),
        })
    }

    /// Starts a process that is decided upon; the rest happens in its first slice.
    pub(crate) fn launch(
        self: &Arc<Self>,
        spawner: Spawner<'_>,
        launch: Launch,
    ) -> Result<Spawned, SpawnFailure> {
        let (context, family) = match spawner {
            Spawner::Native(context) => (context, None),
            Spawner::Guest(parent) => (parent.context(), Some(&parent.identity().lineage)),
        };
        let (options, start) = self.prepare(family, launch)?;
        let spawned = context.spawn(options, |context| body::run(context, start));
        spawned.map_err(SpawnFailure::of)
    }

    /// Gives it a place in the family and an identity.
    pub(super) fn prepare(
        self: &Arc<Self>,
        family: Option<&Arc<Lineage>>,
        launch: Launch,
    ) -> Result<(SpawnOptions, Start), SpawnFailure> {
        let limits = launch.profile.limits();
        let bounds = MailboxBounds {
            messages: limits.max_mailbox_messages,
            bytes: limits.max_mailbox_bytes,
        };
        let lease = Lineage::below(family, limits.max_processes).map_err(|most| {
            SpawnFailure::TooMany(format!(
                "a profile above allows {most} live descendants: raise max-processes"
            ))
        })?;
        let identity = Arc::new(Identity {
            component: launch.component,
            granted: launch.profile,
            lineage: Arc::clone(lease.lineage()),
            logs_terminal: launch.logs_terminal,
            restarts: launch.restarts,
            usage: Usage::default(),
        });
        let mut options = SpawnOptions::new(Arc::clone(&identity.component.name)).bounds(bounds);
        options = options.extension(Arc::clone(&identity) as Arc<_>);
        options = if launch.link { options.link() } else { options };
        options = if launch.monitor {
            options.monitor()
        } else {
            options
        };
        options = match launch.name {
            Some(name) => options.name(name),
            None => options,
        };
        let start = Start {
            runtime: Arc::clone(self),
            args: launch.args.into(),
            identity,
            lease,
        };
        Ok((options, start))
    }
}

impl SpawnFailure {
    pub(super) fn of(error: SpawnError) -> Self {
        match error {
            SpawnError::NameTaken => Self::NameTaken,
            SpawnError::TooMany => Self::TooMany(format!("{error}: raise [node] max-processes")),
            SpawnError::ShuttingDown => Self::TooMany(error.to_string()),
        }
    }
}
