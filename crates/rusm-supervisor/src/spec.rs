//! What a supervisor is told to do: [`SupervisorSpec`].
//!
//! A spec that exists is valid: ids are usable and unique, and what its children say fits its own rules
//! (OTP statements 112, 138). It is immutable, and a restarted supervisor starts from it again.

use crate::child_spec::ChildSpec;
use crate::report::SupervisorObserver;
use rusm_actor::Name;
use rusm_plan::{AutoShutdown, Intensity, Restart, Strategy, WhenEmpty};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The children do not fit the supervisor; nothing was started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// An id is a name, so that it can be shown on one line.
    #[error("child id {id:?} is unusable: an id is 1 to {max} bytes of text without control characters", max = Name::MAX_BYTES)]
    BadId {
        /// As given.
        id: Arc<str>,
    },
    /// Two children have one id.
    #[error("two children have the id {id:?}: rename one of them")]
    DuplicateId {
        /// Of both.
        id: Arc<str>,
    },
    /// A permanent child never ends for good.
    #[error(
        "child {id:?} is significant but permanent, so its end never counts: make it transient or temporary"
    )]
    SignificantPermanent {
        /// Whose.
        id: Arc<str>,
    },
    /// Nothing would heed the significance.
    #[error(
        "child {id:?} is significant, but its supervisor's auto shutdown is never: set any-significant or all-significant"
    )]
    SignificantUnheeded {
        /// Whose.
        id: Arc<str>,
    },
}

/// A supervisor: how it reacts, and its children in start order.
#[derive(Clone)]
pub struct SupervisorSpec {
    pub(crate) label: Arc<str>,
    pub(crate) name: Option<Name>,
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Intensity,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) when_empty: WhenEmpty,
    pub(crate) observer: Option<Arc<dyn SupervisorObserver>>,
    pub(crate) children: Vec<ChildSpec>,
}

impl SupervisorSpec {
    /// One-for-one, one restart in five seconds, no name, no children (OTP statement 113).
    pub fn builder() -> SupervisorSpecBuilder {
        SupervisorSpecBuilder(Self {
            label: "supervisor".into(),
            name: None,
            strategy: Strategy::default(),
            intensity: Intensity::default(),
            auto_shutdown: AutoShutdown::default(),
            when_empty: WhenEmpty::default(),
            observer: None,
            children: Vec::new(),
        })
    }

    /// The children, in start order.
    pub fn children(&self) -> &[ChildSpec] {
        &self.children
    }

    fn check(&self) -> Result<(), SpecError> {
        let mut ids = BTreeSet::new();
        for child in &self.children {
            let id = || Arc::clone(&child.id);
            if Name::new(&child.id).is_err() {
                return Err(SpecError::BadId { id: id() });
            }
            if !ids.insert(&child.id) {
                return Err(SpecError::DuplicateId { id: id() });
            }
            if child.policy.is_significant && child.policy.restart == Restart::Permanent {
                return Err(SpecError::SignificantPermanent { id: id() });
            }
            if child.policy.is_significant && self.auto_shutdown == AutoShutdown::Never {
                return Err(SpecError::SignificantUnheeded { id: id() });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SupervisorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorSpec")
            .field("label", &self.label)
            .field("name", &self.name)
            .field("strategy", &self.strategy)
            .field("intensity", &self.intensity)
            .field("auto_shutdown", &self.auto_shutdown)
            .field("when_empty", &self.when_empty)
            .field("children", &self.children)
            .finish_non_exhaustive()
    }
}

/// Collects a [`SupervisorSpec`]; [`build`](Self::build) checks it.
#[derive(Clone, Debug)]
#[must_use]
pub struct SupervisorSpecBuilder(SupervisorSpec);

impl SupervisorSpecBuilder {
    /// What the process is labelled, for people.
    pub fn label(mut self, label: impl Into<Arc<str>>) -> Self {
        self.0.label = label.into();
        self
    }

    /// Registers the supervisor under this name.
    pub fn name(mut self, name: Name) -> Self {
        self.0.name = Some(name);
        self
    }

    /// Who is restarted together.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.0.strategy = strategy;
        self
    }

    /// How many restarts are too many.
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.0.intensity = intensity;
        self
    }

    /// Whether the end of significant children ends the supervisor.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.0.auto_shutdown = auto_shutdown;
        self
    }

    /// What to do when no child is left.
    pub fn when_empty(mut self, when_empty: WhenEmpty) -> Self {
        self.0.when_empty = when_empty;
        self
    }

    /// Who is told what the supervisor does. Nested supervisors have their own.
    pub fn observer(mut self, observer: Arc<dyn SupervisorObserver>) -> Self {
        self.0.observer = Some(observer);
        self
    }

    /// One more child, started after those before it.
    pub fn child(mut self, child: ChildSpec) -> Self {
        self.0.children.push(child);
        self
    }

    /// More children, in this order.
    pub fn children(mut self, children: impl IntoIterator<Item = ChildSpec>) -> Self {
        self.0.children.extend(children);
        self
    }

    /// The spec.
    ///
    /// # Errors
    /// [`SpecError`] for the first child that does not fit.
    pub fn build(self) -> Result<SupervisorSpec, SpecError> {
        self.0.check()?;
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusm_actor::ExitReason;

    fn child(id: &str) -> ChildSpec {
        ChildSpec::native(id, |_| async { ExitReason::Normal })
    }

    #[track_caller]
    fn refused(builder: SupervisorSpecBuilder) -> String {
        builder
            .build()
            .map(|spec| format!("{spec:?}"))
            .unwrap_err()
            .to_string()
    }

    /// OTP statement 112: refused before anything starts, with a reason that names the fault.
    #[test]
    fn sup_bad_spec() {
        let base = SupervisorSpec::builder;
        let twice = base().child(child("a")).child(child("b")).child(child("a"));
        assert_eq!(
            refused(twice),
            "two children have the id \"a\": rename one of them"
        );
        for id in ["", "a\nb", &"x".repeat(256)] {
            assert!(
                refused(base().child(child(id))).contains("unusable"),
                "{id:?}"
            );
        }
    }

    /// OTP statement 138.
    #[test]
    fn auto_bad() {
        let any = || SupervisorSpec::builder().auto_shutdown(AutoShutdown::AnySignificant);
        let permanent = child("a").significant();
        assert!(refused(any().child(permanent)).contains("permanent"));
        let transient = child("a").significant().restart(Restart::Transient);
        assert!(any().child(transient.clone()).build().is_ok());
        assert!(refused(SupervisorSpec::builder().child(transient)).contains("never"));
    }

    /// OTP statement 113.
    #[test]
    fn sup_defaults() {
        let spec = SupervisorSpec::builder().build().unwrap();
        assert_eq!(spec.strategy, Strategy::OneForOne);
        assert_eq!(spec.auto_shutdown, AutoShutdown::Never);
        assert_eq!(spec.when_empty, WhenEmpty::Stay);
        assert!(spec.children().is_empty());
    }
}
