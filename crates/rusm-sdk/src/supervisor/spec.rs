//! What a supervisor is told to do: [`Spec`], and one [`ChildSpec`] for each child.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use rusm_abi::limits::{MAX_ARGS, MAX_ARGS_BYTES, MAX_NAME, MAX_REVOKE};
use rusm_plan::{
    AutoShutdown, ChildKind, ChildPolicy, Intensity, Restart, Rules, Shutdown, Strategy,
};

use super::Report;
use crate::server::{self, StartError};
use crate::spawner::{Spawn, Spawned};
use crate::{ExitReason, Pid, process};

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

/// Why a supervisor does not start, or does not take a child: nothing was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// An id is 1 to 255 bytes of text without control characters.
    BadId(String),
    /// Two children have this id.
    DuplicateId(String),
    /// A permanent child never ends for good, so its significance would never count.
    SignificantPermanent(String),
    /// Nothing would heed the significance: the supervisor's auto shutdown is never.
    SignificantUnheeded(String),
    /// The names or the arguments to spawn it with are more, or longer, than the node takes.
    Unspawnable(String),
    /// A dynamic supervisor has one-for-one, no auto shutdown, and no children to begin with.
    NotDynamic,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadId(id) => write!(
                f,
                "child id {id:?} is unusable: an id is 1 to {MAX_NAME} bytes of text without control characters"
            ),
            Self::DuplicateId(id) => write!(f, "two children have the id {id:?}"),
            Self::SignificantPermanent(id) => write!(
                f,
                "child {id:?} is significant but permanent, so its end never counts: make it transient or temporary"
            ),
            Self::SignificantUnheeded(id) => write!(
                f,
                "child {id:?} is significant, but its supervisor's auto shutdown is never"
            ),
            Self::Unspawnable(id) => write!(
                f,
                "child {id:?} cannot be spawned: a name or its arguments are longer than the node takes"
            ),
            Self::NotDynamic => f.write_str(
                "a dynamic supervisor has one-for-one, no auto shutdown, and no children to begin with",
            ),
        }
    }
}

impl std::error::Error for SpecError {}

/// A supervisor: how it reacts, and its children in start order.
#[must_use]
pub struct Spec {
    pub(super) strategy: Strategy,
    pub(super) intensity: Intensity,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) children: Vec<ChildSpec>,
    /// Of a dynamic supervisor: what all its children are.
    pub(super) template: Option<ChildSpec>,
    pub(super) admits: Box<dyn Fn(Pid) -> bool>,
    pub(super) report: Box<dyn FnMut(&Report)>,
}

impl Default for Spec {
    fn default() -> Self {
        Self::new()
    }
}

impl Spec {
    /// One-for-one, one restart in five seconds, no auto shutdown, no children.
    pub fn new() -> Self {
        Self {
            strategy: Strategy::default(),
            intensity: Intensity::default(),
            auto_shutdown: AutoShutdown::default(),
            children: Vec::new(),
            template: None,
            admits: Box::new(|who| process::parent() == Some(who)),
            report: Box::new(|_| ()),
        }
    }

    /// A supervisor of one spec and many children: it starts without any, and
    /// [`start_child_with`](super::start_child_with) adds one by its arguments. OTP calls it `simple_one_for_one`.
    pub fn dynamic(template: ChildSpec) -> Self {
        Self {
            template: Some(template),
            ..Self::new()
        }
    }

    /// Who is restarted together.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// How many restarts are too many.
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.intensity = intensity;
        self
    }

    /// Whether the end of significant children ends the supervisor.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.auto_shutdown = auto_shutdown;
        self
    }

    /// One more child, started after those before it.
    pub fn child(mut self, child: ChildSpec) -> Self {
        self.children.push(child);
        self
    }

    /// Who may administer the supervisor; unless it is said here, its parent.
    pub fn admits(mut self, admits: impl Fn(Pid) -> bool + 'static) -> Self {
        self.admits = Box::new(admits);
        self
    }

    /// What is done with each report, in the order of what happened. Unless it is said here, nothing.
    pub fn reports(mut self, report: impl FnMut(&Report) + 'static) -> Self {
        self.report = Box::new(report);
        self
    }

    pub(super) fn rules(&self) -> Rules {
        Rules {
            strategy: self.strategy,
            auto_shutdown: self.auto_shutdown,
            is_dynamic: self.template.is_some(),
            ..Rules::default()
        }
    }

    /// Whether the children fit the supervisor (OTP statements 112, 138).
    pub(super) fn check(&self) -> Result<(), SpecError> {
        let mut ids = BTreeSet::new();
        for child in &self.children {
            child.check(self.auto_shutdown)?;
            if !ids.insert(&child.id) {
                return Err(SpecError::DuplicateId(child.id.clone()));
            }
        }
        let Some(template) = &self.template else {
            return Ok(());
        };
        let is_dynamic = self.children.is_empty()
            && self.strategy == Strategy::OneForOne
            && self.auto_shutdown == AutoShutdown::Never;
        if is_dynamic {
            template.check(self.auto_shutdown)
        } else {
            Err(SpecError::NotDynamic)
        }
    }
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spec")
            .field("strategy", &self.strategy)
            .field("intensity", &self.intensity)
            .field("auto_shutdown", &self.auto_shutdown)
            .field("children", &self.children)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(id: &str) -> ChildSpec {
        ChildSpec::worker(id, Spawn::new("c"))
    }

    #[track_caller]
    fn refused(spec: &Spec, expected: &SpecError) {
        assert_eq!(spec.check().as_ref(), Err(expected));
    }

    /// OTP statement 113.
    #[test]
    fn sup_defaults() {
        let spec = Spec::new();
        assert_eq!(spec.strategy, Strategy::OneForOne);
        assert_eq!(spec.intensity, Intensity::default());
        assert_eq!(spec.auto_shutdown, AutoShutdown::Never);
        let worker = child("a");
        assert_eq!(worker.restart, Restart::Permanent);
        assert_eq!(worker.shutdown, Shutdown::Timeout(Duration::from_secs(5)));
        assert_eq!(
            (worker.kind, worker.is_significant),
            (ChildKind::Worker, false)
        );
        let supervisor = ChildSpec::supervisor("s", Spawn::new("c"));
        assert_eq!(supervisor.shutdown, Shutdown::Infinity);
        assert_eq!(supervisor.kind, ChildKind::Supervisor);
    }

    /// OTP statement 112.
    #[test]
    fn sup_bad_spec() {
        let twice = Spec::new()
            .child(child("a"))
            .child(child("b"))
            .child(child("a"));
        refused(&twice, &SpecError::DuplicateId("a".into()));
        for id in ["", "a\nb", &"x".repeat(256)] {
            refused(&Spec::new().child(child(id)), &SpecError::BadId(id.into()));
        }
        let many = (0..=MAX_ARGS).fold(Spawn::new("c"), |spawn, _| spawn.arg(""));
        let long = Spawn::new("c").arg("x".repeat(MAX_ARGS_BYTES + 1));
        let spawns = [many, long, Spawn::new(""), Spawn::new("c").name("a\nb")];
        for spawn in spawns {
            let spec = Spec::new().child(ChildSpec::worker("a", spawn));
            refused(&spec, &SpecError::Unspawnable("a".into()));
        }
        let dynamic = || Spec::dynamic(child("a"));
        assert_eq!(dynamic().check(), Ok(()));
        refused(&dynamic().child(child("b")), &SpecError::NotDynamic);
        refused(
            &dynamic().strategy(Strategy::OneForAll),
            &SpecError::NotDynamic,
        );
    }

    /// OTP statement 138.
    #[test]
    fn auto_bad() {
        let any = || Spec::new().auto_shutdown(AutoShutdown::AnySignificant);
        let permanent = child("a").significant();
        refused(
            &any().child(permanent),
            &SpecError::SignificantPermanent("a".into()),
        );
        let transient = child("a").significant().restart(Restart::Transient);
        assert_eq!(any().child(transient.clone()).check(), Ok(()));
        refused(
            &Spec::new().child(transient.clone()),
            &SpecError::SignificantUnheeded("a".into()),
        );
        let dynamic = Spec::dynamic(child("a")).auto_shutdown(AutoShutdown::AnySignificant);
        refused(&dynamic, &SpecError::NotDynamic);
        refused(
            &Spec::dynamic(transient),
            &SpecError::SignificantUnheeded("a".into()),
        );
    }
}
