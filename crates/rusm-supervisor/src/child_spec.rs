//! What a supervisor knows of a child: [`ChildSpec`], how it is started, restarted and stopped.
//!
//! A spec is immutable and cheap to clone. Whether specs fit together is checked by
//! [`SupervisorSpec`](crate::SupervisorSpec), before any child starts.

use rusm_actor::{Context, ExitReason, SpawnOptions, Spawned};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// When a child that ended is started again (OTP statement 119).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// After any end.
    #[default]
    Permanent,
    /// After an end that was neither `normal` nor `shutdown`.
    Transient,
    /// Never; its spec is forgotten when it ends.
    Temporary,
}

impl Restart {
    /// Whether a child of this type that ended for this reason is started again.
    pub fn applies_to(self, reason: &ExitReason) -> bool {
        match self {
            Self::Permanent => true,
            Self::Transient => !reason.is_orderly(),
            Self::Temporary => false,
        }
    }
}

/// How a child is stopped (OTP statements 115, 116).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It is killed at once.
    BrutalKill,
    /// It gets an exit signal `shutdown`, and is killed if it has not ended after this time.
    Timeout(Duration),
    /// It gets an exit signal `shutdown` and is waited for as long as it takes.
    Infinity,
}

/// What a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildKind {
    /// It does the work.
    Worker,
    /// It supervises children of its own.
    Supervisor,
}

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
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) kind: ChildKind,
    pub(crate) is_significant: bool,
}

/// How long a worker has to stop, unless its spec says otherwise (OTP statement 113).
const WORKER_SHUTDOWN: Duration = Duration::from_secs(5);

impl ChildSpec {
    /// A permanent worker with five seconds to stop (OTP statement 113).
    pub fn new(id: impl Into<Arc<str>>, start: StartChild) -> Self {
        Self {
            id: id.into(),
            start,
            restart: Restart::default(),
            shutdown: Shutdown::Timeout(WORKER_SHUTDOWN),
            kind: ChildKind::Worker,
            is_significant: false,
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
    pub(crate) fn supervisor(mut self) -> Self {
        self.kind = ChildKind::Supervisor;
        self.shutdown = Shutdown::Infinity;
        self
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

    /// Marks it as one whose end can end the supervisor; see [`AutoShutdown`](crate::AutoShutdown).
    pub fn significant(mut self) -> Self {
        self.is_significant = true;
        self
    }

    /// Whether the child is started again after it ended by itself for this reason.
    ///
    /// A supervisor ends with `normal` only when it is done ([`WhenEmpty::End`](crate::WhenEmpty)): it stays
    /// ended, whatever its type. One that gave up ends with `shutdown`, and its type decides.
    pub fn is_restarted_after(&self, reason: &ExitReason) -> bool {
        let is_done = self.kind == ChildKind::Supervisor && reason.is_normal();
        !is_done && self.restart.applies_to(reason)
    }

    /// What it is called among its siblings.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Worker or supervisor.
    pub fn kind(&self) -> ChildKind {
        self.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OTP statement 113.
    #[test]
    fn sup_defaults_child() {
        let worker = ChildSpec::native("a", |_| async { ExitReason::Normal });
        assert_eq!(worker.restart, Restart::Permanent);
        assert_eq!(worker.shutdown, Shutdown::Timeout(Duration::from_secs(5)));
        assert_eq!(
            (worker.kind(), worker.is_significant),
            (ChildKind::Worker, false)
        );
        let supervisor = worker.supervisor();
        assert_eq!(supervisor.shutdown, Shutdown::Infinity);
        assert_eq!(supervisor.kind(), ChildKind::Supervisor);
    }

    /// OTP statement 119, as a table: all types times all reasons.
    #[test]
    fn restart_types_table() {
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
        for reason in orderly.iter().chain(&abnormal) {
            assert!(Restart::Permanent.applies_to(reason), "{reason}");
            assert!(!Restart::Temporary.applies_to(reason), "{reason}");
            assert_eq!(
                Restart::Transient.applies_to(reason),
                abnormal.contains(reason),
                "{reason}"
            );
        }
    }
}
