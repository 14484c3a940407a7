//! What a supervisor is told to do: [`Supervisor`].

use std::collections::BTreeSet;
use std::fmt;

use rusm_abi::limits::MAX_NAME;
use rusm_plan::{AutoShutdown, Intensity, Rules, Strategy};

use super::{ChildSpec, Report};
use crate::{Pid, process, server};

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

/// A supervisor: how it reacts, and its children in start order. Nothing happens before it [runs](Self::run).
#[must_use]
pub struct Supervisor {
    pub(super) strategy: Strategy,
    pub(super) intensity: Intensity,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) children: Vec<ChildSpec>,
    /// Of a dynamic supervisor: what all its children are.
    pub(super) template: Option<ChildSpec>,
    pub(super) admits: Box<dyn Fn(Pid) -> bool>,
    pub(super) report: Box<dyn FnMut(&Report)>,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new()
    }
}

impl Supervisor {
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

    /// Makes the supervisor the life of this process; to be the last thing in a component's `main`.
    ///
    /// Starts the children in order. If one of them does not fit, or does not start, those that did are stopped and the
    /// process ends with `not-started` and a text that says which child and why (OTP statements 111, 112). Returns when the
    /// supervisor has ended with `normal`.
    pub fn run(self) {
        server::run(|_| super::process::begin(self));
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

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
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
    use crate::spawner::Spawn;
    use rusm_abi::limits::{MAX_ARGS, MAX_ARGS_BYTES};
    use rusm_plan::{ChildKind, Restart, Shutdown};
    use std::time::Duration;

    fn child(id: &str) -> ChildSpec {
        ChildSpec::worker(id, Spawn::new("c"))
    }

    #[track_caller]
    fn refused(spec: &Supervisor, expected: &SpecError) {
        assert_eq!(spec.check().as_ref(), Err(expected));
    }

    /// OTP statement 113.
    #[test]
    fn sup_defaults() {
        let spec = Supervisor::new();
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
        let twice = Supervisor::new()
            .child(child("a"))
            .child(child("b"))
            .child(child("a"));
        refused(&twice, &SpecError::DuplicateId("a".into()));
        for id in ["", "a\nb", &"x".repeat(256)] {
            refused(
                &Supervisor::new().child(child(id)),
                &SpecError::BadId(id.into()),
            );
        }
        let many = (0..=MAX_ARGS).fold(Spawn::new("c"), |spawn, _| spawn.arg(""));
        let long = Spawn::new("c").arg("x".repeat(MAX_ARGS_BYTES + 1));
        let spawns = [many, long, Spawn::new(""), Spawn::new("c").name("a\nb")];
        for spawn in spawns {
            let spec = Supervisor::new().child(ChildSpec::worker("a", spawn));
            refused(&spec, &SpecError::Unspawnable("a".into()));
        }
        let dynamic = || Supervisor::dynamic(child("a"));
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
        let any = || Supervisor::new().auto_shutdown(AutoShutdown::AnySignificant);
        let permanent = child("a").significant();
        refused(
            &any().child(permanent),
            &SpecError::SignificantPermanent("a".into()),
        );
        let transient = child("a").significant().restart(Restart::Transient);
        assert_eq!(any().child(transient.clone()).check(), Ok(()));
        refused(
            &Supervisor::new().child(transient.clone()),
            &SpecError::SignificantUnheeded("a".into()),
        );
        let dynamic = Supervisor::dynamic(child("a")).auto_shutdown(AutoShutdown::AnySignificant);
        refused(&dynamic, &SpecError::NotDynamic);
        refused(
            &Supervisor::dynamic(transient),
            &SpecError::SignificantUnheeded("a".into()),
        );
    }
}
