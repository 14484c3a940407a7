//! What a supervisor is told to do: [`SupervisorSpec`].
//!
//! A spec that exists is valid: ids are usable and unique, and what its children say fits its own rules
//! (OTP statements 112, 138). It is immutable, and a restarted supervisor starts from it again.

use crate::child_spec::{ChildSpec, ChildTemplate};
use crate::report::SupervisorObserver;
use rusm_actor::{Context, ExitReason, Name};
use rusm_plan::{AutoShutdown, Intensity, Restart, Rules, Strategy, WhenEmpty};
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
    /// A dynamic supervisor starts empty, and all its children are of its template.
    #[error("a dynamic supervisor has no listed children: start them at run time")]
    DynamicChildren,
    /// The children of a dynamic supervisor have no order.
    #[error("a dynamic supervisor restarts one for one: its children have no order")]
    DynamicStrategy,
    /// No child of a dynamic supervisor is significant.
    #[error("a dynamic supervisor has no significant children, so its auto shutdown is never")]
    DynamicAutoShutdown,
}

/// What a supervisor's own initialisation comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Init {
    /// It goes on and starts its children.
    Supervise,
    /// There is nothing to supervise: it ends with `normal`, which is no failure (OTP statement 114).
    Ignore,
}

pub(crate) type InitFn = dyn Fn(&Context) -> Result<Init, ExitReason> + Send + Sync;

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
    pub(crate) init: Option<Arc<InitFn>>,
    pub(crate) children: Vec<ChildSpec>,
    /// Of a dynamic supervisor.
    pub(crate) template: Option<ChildTemplate>,
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
            init: None,
            children: Vec::new(),
            template: None,
        })
    }

    /// The children, in start order.
    pub fn children(&self) -> &[ChildSpec] {
        &self.children
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules {
            strategy: self.strategy,
            auto_shutdown: self.auto_shutdown,
            when_empty: self.when_empty,
            is_dynamic: self.template.is_some(),
        }
    }

    fn check(&self) -> Result<(), SpecError> {
        let mut ids = BTreeSet::new();
        for child in &self.children {
            self.check_child(child)?;
            if !ids.insert(&child.id) {
                let id = Arc::clone(&child.id);
                return Err(SpecError::DuplicateId { id });
            }
        }
        match &self.template {
            None => Ok(()),
            Some(template) => self.check_dynamic(template),
        }
    }

    /// Whether a child fits this supervisor, siblings aside (OTP statements 112, 138).
    pub(crate) fn check_child(&self, child: &ChildSpec) -> Result<(), SpecError> {
        check_id(&child.id)?;
        let id = || Arc::clone(&child.id);
        match (child.policy.is_significant, child.policy.restart) {
            (true, Restart::Permanent) => Err(SpecError::SignificantPermanent { id: id() }),
            (true, _) if self.auto_shutdown == AutoShutdown::Never => {
                Err(SpecError::SignificantUnheeded { id: id() })
            }
            _ => Ok(()),
        }
    }

    fn check_dynamic(&self, template: &ChildTemplate) -> Result<(), SpecError> {
        check_id(&template.id)?;
        if !self.children.is_empty() {
            return Err(SpecError::DynamicChildren);
        }
        if self.strategy != Strategy::OneForOne {
            return Err(SpecError::DynamicStrategy);
        }
        if self.auto_shutdown != AutoShutdown::Never {
            return Err(SpecError::DynamicAutoShutdown);
        }
        Ok(())
    }
}

fn check_id(id: &Arc<str>) -> Result<(), SpecError> {
    match Name::new(id) {
        Ok(_) => Ok(()),
        Err(_) => Err(SpecError::BadId { id: Arc::clone(id) }),
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
            .field("template", &self.template)
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

    /// What the supervisor's process does first, whenever it is started: it may find that there is nothing to
    /// supervise, or fail with a reason, which is then the reason that the supervisor did not start.
    pub fn init<F>(mut self, init: F) -> Self
    where
        F: Fn(&Context) -> Result<Init, ExitReason> + Send + Sync + 'static,
    {
        self.0.init = Some(Arc::new(init));
        self
    }

    /// Makes it a dynamic supervisor: it starts empty, and its children, all of this template, are started at
    /// run time by [`start_child_with`](crate::SupervisorHandle::start_child_with) (OTP statements 133 to 135).
    pub fn dynamic(mut self, template: ChildTemplate) -> Self {
        self.0.template = Some(template);
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

    /// OTP statements 133, 138: a dynamic supervisor has one spec, no order and no significant children.
    #[test]
    fn auto_bad_dynamic() {
        let template = ChildTemplate::native("c", |_, _: Arc<()>| async { ExitReason::Normal });
        let dynamic = || SupervisorSpec::builder().dynamic(template.clone());
        assert!(dynamic().build().is_ok());
        let all_significant = dynamic().auto_shutdown(AutoShutdown::AllSignificant);
        assert!(refused(all_significant).contains("auto shutdown"));
        assert!(refused(dynamic().strategy(Strategy::RestForOne)).contains("one for one"));
        assert!(refused(dynamic().child(child("a"))).contains("listed"));
        let nameless = ChildTemplate::native("", |_, _: Arc<()>| async { ExitReason::Normal });
        let nameless = SupervisorSpec::builder().dynamic(nameless);
        assert!(refused(nameless).contains("unusable"));
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
