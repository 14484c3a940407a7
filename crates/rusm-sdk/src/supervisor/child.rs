//! One child of a supervisor: what it runs, how it is restarted and stopped, and how it is started.

use std::time::Duration;

use rusm_abi::limits::{MAX_ARGS, MAX_ARGS_BYTES, MAX_NAME, MAX_REVOKE};
use rusm_plan::{AutoShutdown, ChildKind, ChildPolicy, Restart, Shutdown};

use super::SpecError;
use crate::ExitReason;
use crate::server::{self, StartError};
use crate::spawner::{Spawn, Spawned};

/// When a child counts as started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// When it has been spawned.
    Spawned,
    /// When it has initialised, for which it may have this time.
    Initialised(Option<Duration>),
}

/// One child: what it runs, and how it is restarted and stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ChildSpec {
    pub(super) id: String,
    pub(super) spawn: Spawn,
    pub(super) ready: Ready,
    pub(super) restart: Restart,
    pub(super) shutdown: Shutdown,
    pub(super) kind: ChildKind,
    pub(super) is_significant: bool,
}

impl ChildSpec {
    /// A permanent child with five seconds to stop, that has started when it has been spawned.
    pub fn worker(id: impl Into<String>, spawn: Spawn) -> Self {
        Self {
            id: id.into(),
            spawn,
            ready: Ready::Spawned,
            restart: Restart::default(),
            shutdown: Shutdown::default_of(ChildKind::Worker),
            kind: ChildKind::Worker,
            is_significant: false,
        }
    }

    /// The same for a [server](crate::server), which has started when it has initialised. Meanwhile its supervisor does
    /// nothing else.
    pub fn server(id: impl Into<String>, spawn: Spawn) -> Self {
        Self {
            ready: Ready::Initialised(None),
            ..Self::worker(id, spawn)
        }
    }

    /// A supervisor in its turn: it has started when its children have, and takes as long as it needs to stop them.
    pub fn supervisor(id: impl Into<String>, spawn: Spawn) -> Self {
        Self {
            kind: ChildKind::Supervisor,
            shutdown: Shutdown::default_of(ChildKind::Supervisor),
            ..Self::server(id, spawn)
        }
    }

    /// When it is started again.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How it is stopped.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Marks it as one whose end can end the supervisor; see [`AutoShutdown`].
    pub fn significant(mut self) -> Self {
        self.is_significant = true;
        self
    }

    /// How long its initialisation may take before it is killed; makes a worker one that is waited for.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.ready = Ready::Initialised(Some(timeout));
        self
    }

    /// A child of a dynamic supervisor, with these arguments behind those of the spec.
    pub(super) fn with_args(&self, args: Vec<String>) -> Self {
        let mut child = self.clone();
        child.spawn.args.extend(args);
        child
    }

    pub(super) fn policy(&self) -> ChildPolicy {
        ChildPolicy {
            restart: self.restart,
            kind: self.kind,
            is_significant: self.is_significant,
            is_done_when_normal: false,
        }
    }

    /// Starts it, linked and monitored; none if it chose to be ignored.
    pub(super) fn start(&self) -> Result<Option<Spawned>, ExitReason> {
        let spawn = self.spawn.clone().link().monitor();
        let started = match self.ready {
            Ready::Spawned => spawn.start().map_err(StartError::Spawn),
            Ready::Initialised(timeout) => server::start(&spawn, timeout),
        };
        match started {
            Ok(spawned) => Ok(Some(spawned)),
            Err(StartError::Ignored) => Ok(None),
            Err(StartError::Failed(reason)) => Err(reason),
            Err(other) => Err(ExitReason::NotStarted(other.to_string())),
        }
    }

    /// What would end a supervisor if it tried to spawn this is refused before.
    pub(super) fn check(&self, auto_shutdown: AutoShutdown) -> Result<(), SpecError> {
        let id = || self.id.clone();
        if !is_name(&self.id) {
            return Err(SpecError::BadId(id()));
        }
        if self.is_significant && self.restart == Restart::Permanent {
            return Err(SpecError::SignificantPermanent(id()));
        }
        if self.is_significant && auto_shutdown == AutoShutdown::Never {
            return Err(SpecError::SignificantUnheeded(id()));
        }
        let Spawn {
            component,
            name,
            args,
            profile,
            restrict,
            ..
        } = &self.spawn;
        let n_args_bytes = args.iter().map(String::len).fold(0, usize::saturating_add);
        let n_revoked = restrict.as_ref().map_or(0, |r| r.revoke.len());
        let names = [Some(component), name.as_ref(), profile.as_ref()];
        if names.into_iter().flatten().all(|name| is_name(name))
            && args.len() <= MAX_ARGS
            && n_args_bytes <= MAX_ARGS_BYTES
            && n_revoked <= MAX_REVOKE
        {
            Ok(())
        } else {
            Err(SpecError::Unspawnable(id()))
        }
    }
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}
