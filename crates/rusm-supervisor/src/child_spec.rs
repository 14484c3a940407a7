//! What a supervisor knows of a child: [`ChildSpec`], how it is started, restarted and stopped.
//!
//! A spec is immutable and cheap to clone. Whether specs fit together is checked by
//! [`SupervisorSpec`](crate::SupervisorSpec), before any child starts.

use rusm_actor::{Context, ExitReason, SpawnOptions, Spawned};
use rusm_plan::{ChildKind, ChildPolicy, EndKind, Restart, Shutdown, WhenEmpty};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// What starting a child gives: the child, or why there is none.
pub type StartFuture<'a> = Pin<Box<dyn Future<Output = Result<Spawned, ExitReason>> + Send + 'a>>;

type StartFn = dyn for<'a> Fn(&'a Context) -> StartFuture<'a> + Send + Sync;

/// How a child is started, in a slice of its supervisor; called again for every restart.
///
/// It must spawn the child **linked and monitored** ([`SpawnOptions::link`], [`SpawnOptions::monitor`]):
/// only a tie made in the same step as the process itself sees the true reason of a child that ends at
/// once. A missing tie is made up for after the start, too late for such a child.
#[derive(Clone)]
pub struct StartChild(Arc<StartFn>);

impl StartChild {
    /// A start that needs no waiting: the child initialises itself later, on its own time.
    pub fn immediate<F>(start: F) -> Self
    where
        F: Fn(&Context) -> Result<Spawned, ExitReason> + Send + Sync + 'static,
    {
        Self(Arc::new(move |context| {
            let started = start(context);
            Box::pin(std::future::ready(started))
        }))
    }

    /// A start that waits until the child is ready; the next sibling starts after it. Meanwhile the
    /// supervisor can be killed, but does nothing else.
    pub fn awaited<F>(start: F) -> Self
    where
        F: for<'a> Fn(&'a Context) -> StartFuture<'a> + Send + Sync + 'static,
    {
        Self(Arc::new(start))
    }

    pub(crate) fn start<'a>(&self, context: &'a Context) -> StartFuture<'a> {
        (self.0)(context)
    }
}

impl fmt::Debug for StartChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StartChild")
    }
}

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
        let (id, body): (Arc<str>, _) = (id.into(), Arc::new(body));
        let label = Arc::clone(&id);
        let start = StartChild::immediate(move |context| {
            let options = SpawnOptions::new(Arc::clone(&label)).link().monitor();
            let body = Arc::clone(&body);
            context
                .spawn(options, move |context| body(context))
                .map_err(|error| ExitReason::not_started(error.to_string()))
        });
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
