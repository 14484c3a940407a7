//! What a supervisor knows of a child: [`ChildSpec`], how it is started, restarted and stopped, and
//! [`ChildTemplate`], the one spec of a dynamic supervisor's children.
//!
//! A spec is immutable and cheap to clone. Whether specs fit together is checked by
//! [`SupervisorSpec`](crate::SupervisorSpec), before any child starts.

use crate::start_child::{StartChild, StartWith};
use rusm_actor::{Context, ExitReason};
use rusm_plan::{ChildKind, ChildPolicy, EndKind, Restart, Shutdown, WhenEmpty};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// One child of a supervisor.
#[derive(Clone, Debug)]
pub struct ChildSpec {
    pub(crate) id: Arc<str>,
    pub(crate) start: StartChild,
    pub(crate) shutdown: Shutdown,
    pub(crate) policy: ChildPolicy,
}

impl ChildSpec {
    /// A permanent worker with five seconds to stop (OTP statement 113).
    pub fn new(id: impl Into<Arc<str>>, start: StartChild) -> Self {
        Self {
            id: id.into(),
            start,
            shutdown: Shutdown::default_of(ChildKind::Worker),
            policy: ChildPolicy::default(),
        }
    }

    /// A child that is a future of the host; its id is also its label.
    pub fn native<F, Fut>(id: impl Into<Arc<str>>, body: F) -> Self
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ExitReason> + Send + 'static,
    {
        let id: Arc<str> = id.into();
        let start = StartChild::native(Arc::clone(&id), body);
        Self::new(id, start)
    }

    /// Makes it a supervisor, which may take as long as it needs to stop its own children.
    ///
    /// One that ends when it has nothing left to do is done when it ends with `normal`.
    pub(crate) fn supervisor(mut self, when_empty: WhenEmpty) -> Self {
        self.policy.kind = ChildKind::Supervisor;
        self.policy.is_done_when_normal = when_empty == WhenEmpty::End;
        self.shutdown = Shutdown::default_of(ChildKind::Supervisor);
        self
    }

    /// When it is started again.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.policy.restart = restart;
        self
    }

    /// How it is stopped.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Marks it as one whose end can end the supervisor; see [`AutoShutdown`](crate::AutoShutdown).
    pub fn significant(mut self) -> Self {
        self.policy.is_significant = true;
        self
    }

    /// Whether the child is started again after it ended by itself for this reason.
    ///
    /// A supervisor that was told to end when empty ([`WhenEmpty::End`]) and ends with `normal` is done: it
    /// stays ended, whatever its type. One that gave up ends with `shutdown`, and its type decides.
    pub fn is_restarted_after(&self, reason: &ExitReason) -> bool {
        self.policy.is_restarted_after(end_kind(reason))
    }

    /// What it is called among its siblings.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Worker or supervisor.
    pub fn kind(&self) -> ChildKind {
        self.policy.kind
    }
}

/// The one spec of a dynamic supervisor's children, which are started at run time, each with arguments of its
/// own (OTP statement 133).
#[derive(Clone)]
pub struct ChildTemplate {
    pub(crate) id: Arc<str>,
    /// A `StartWith<A>`, which is found again by who knows `A`.
    pub(crate) start: Arc<dyn Any + Send + Sync>,
    pub(crate) shutdown: Shutdown,
    pub(crate) policy: ChildPolicy,
}

impl ChildTemplate {
    /// Permanent workers with five seconds to stop. The id names them in reports; they are told apart by pid.
    pub fn new<A: Send + Sync + 'static>(id: impl Into<Arc<str>>, start: StartWith<A>) -> Self {
        Self {
            id: id.into(),
            start: Arc::new(start),
            shutdown: Shutdown::default_of(ChildKind::Worker),
            policy: ChildPolicy::default(),
        }
    }

    /// Children that are futures of the host; the id is also their label.
    pub fn native<A, F, Fut>(id: impl Into<Arc<str>>, body: F) -> Self
    where
        A: Send + Sync + 'static,
        F: Fn(Context, Arc<A>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ExitReason> + Send + 'static,
    {
        let id: Arc<str> = id.into();
        let start = StartWith::native(Arc::clone(&id), body);
        Self::new(id, start)
    }

    /// They are supervisors, which may take as long as they need to stop (OTP statement 113).
    pub fn supervisors(mut self) -> Self {
        self.policy.kind = ChildKind::Supervisor;
        self.shutdown = Shutdown::default_of(ChildKind::Supervisor);
        self
    }

    /// When they are started again.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.policy.restart = restart;
        self
    }

    /// How they are stopped. The time is a common one when the supervisor ends (OTP statement 135).
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    pub(crate) fn child(&self, start: StartChild) -> ChildSpec {
        ChildSpec {
            id: Arc::clone(&self.id),
            start,
            shutdown: self.shutdown,
            policy: self.policy,
        }
    }
}

impl fmt::Debug for ChildTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildTemplate")
            .field("id", &self.id)
            .field("shutdown", &self.shutdown)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// What an exit reason means to a supervisor.
pub(crate) fn end_kind(reason: &ExitReason) -> EndKind {
    match reason {
        ExitReason::Normal => EndKind::Normal,
        ExitReason::Shutdown => EndKind::Shutdown,
        ExitReason::Killed
        | ExitReason::NoProcess
        | ExitReason::NoConnection
        | ExitReason::Trap(_)
        | ExitReason::NotStarted(_)
        | ExitReason::Limit(_)
        | ExitReason::Error(_) => EndKind::Abnormal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// OTP statement 113.
    #[test]
    fn sup_defaults_child() {
        let worker = ChildSpec::native("a", |_| async { ExitReason::Normal });
        assert_eq!(worker.policy.restart, Restart::Permanent);
        assert_eq!(worker.shutdown, Shutdown::Timeout(Duration::from_secs(5)));
        assert_eq!(worker.kind(), ChildKind::Worker);
        assert!(!worker.policy.is_significant);
        let supervisor = worker.supervisor(WhenEmpty::Stay);
        assert_eq!(supervisor.shutdown, Shutdown::Infinity);
        assert_eq!(supervisor.kind(), ChildKind::Supervisor);
    }

    /// OTP statement 119: `normal` and `shutdown` are orderly, everything else is a failure.
    #[test]
    fn restart_types_reasons() {
        let child = ChildSpec::native("a", |_| async { ExitReason::Normal });
        let orderly = [ExitReason::Normal, ExitReason::Shutdown];
        let abnormal = [
            ExitReason::Killed,
            ExitReason::NoProcess,
            ExitReason::NoConnection,
            ExitReason::trap("t"),
            ExitReason::not_started("n"),
            ExitReason::Limit(rusm_actor::Limit::Memory),
            ExitReason::error("e"),
        ];
        let transient = child.restart(Restart::Transient);
        for reason in orderly.iter().chain(&abnormal) {
            let is_abnormal = abnormal.contains(reason);
            assert_eq!(
                transient.is_restarted_after(reason),
                is_abnormal,
                "{reason}"
            );
        }
    }
}
