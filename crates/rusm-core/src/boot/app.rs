//! A running app: waiting for its end, and stopping it in order.

use super::BootError;
use super::tree::Tree;
use crate::event::{CrashReport, Reporter};
use crate::runtime::RuntimeShared;
use parking_lot::Mutex;
use rusm_actor::{Context, Event, ExitReason, Node, Pid, Selector, SpawnOptions};
use rusm_manifest::{Manifest, SupervisorDecl};
use rusm_supervisor::{
    SupervisorEvent, SupervisorObserver, SupervisorReport, SupervisorSpec, start_link,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

/// How an app ended.
#[derive(Clone, Debug)]
pub enum AppEnd {
    /// Every process ended for good.
    Finished,
    /// It was asked to stop, and did.
    Stopped,
    /// The root supervisor gave up, or ended after a supervisor below it had given up for good; the last
    /// crashes, oldest first.
    GaveUp(Vec<CrashReport>),
    /// The root supervisor ended for another reason; it was killed, for instance.
    Failed(ExitReason),
}

/// An app that runs.
#[derive(Debug)]
pub struct App {
    node: Node,
    root: Pid,
    reporter: Arc<Reporter>,
    observed: Arc<TreeObserver>,
    is_stopping: AtomicBool,
    ended: Mutex<Watch>,
}

#[derive(Debug)]
enum Watch {
    Running(Receiver<ExitReason>),
    Ended(ExitReason),
}

/// Notes which supervisors have given up and were not started again, and hands every report on.
#[derive(Debug)]
struct TreeObserver {
    reporter: Arc<Reporter>,
    gave_up: Mutex<BTreeSet<Arc<str>>>,
}

impl SupervisorObserver for TreeObserver {
    fn report(&self, report: &SupervisorReport) {
        if let SupervisorEvent::GaveUp { .. } = report.event {
            self.gave_up.lock().insert(Arc::clone(&report.label));
        } else if report.event == SupervisorEvent::Started {
            self.gave_up.lock().remove(&report.label);
        }
        SupervisorObserver::report(&*self.reporter, report);
    }
}

impl App {
    /// The root supervisor.
    pub fn root(&self) -> Pid {
        self.root
    }

    /// Waits on the calling thread until the app has ended. Not for worker threads.
    pub fn wait(&self) -> AppEnd {
        let reason = {
            let mut watch = self.ended.lock();
            let reason = match &*watch {
                Watch::Ended(reason) => reason.clone(),
                Watch::Running(ended) => ended.recv().unwrap_or(ExitReason::Killed),
            };
            *watch = Watch::Ended(reason.clone());
            reason
        };
        self.end(reason)
    }

    fn end(&self, reason: ExitReason) -> AppEnd {
        let gave_up = self.observed.gave_up.lock().clone();
        if reason.is_normal() && gave_up.is_empty() {
            AppEnd::Finished
        } else if reason.is_normal() || gave_up.contains(SupervisorDecl::ROOT) {
            AppEnd::GaveUp(self.reporter.crashes())
        } else if self.is_stopping.load(Ordering::Acquire) && reason.is_orderly() {
            AppEnd::Stopped
        } else {
            AppEnd::Failed(reason)
        }
    }

    /// Stops the tree in reverse start order, within the children's shutdown times. Returns at once.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
        rusm_supervisor::stop(&self.node, self.root);
    }
}

pub(super) fn start(shared: &Arc<RuntimeShared>, manifest: &Manifest) -> Result<App, BootError> {
    let observed = Arc::new(TreeObserver {
        reporter: Arc::clone(&shared.reporter),
        gave_up: Mutex::default(),
    });
    let tree = Tree {
        shared,
        manifest,
        observer: Arc::clone(&observed) as Arc<dyn SupervisorObserver>,
    };
    let spec = tree
        .root()
        .map_err(|error| BootError::Tree(ExitReason::error(error.to_string())))?;
    let (started, has_started) = sync_channel(1);
    let (ended, has_ended) = sync_channel(1);
    let watcher = SpawnOptions::new("app");
    let watching = shared.node().spawn(watcher, |context| async move {
        let tell = |outcome| {
            let _sent = started.send(outcome); // The booting thread waits for exactly this.
        };
        let reason = watch(&context, spec, tell).await;
        let _sent = ended.send(reason); // Nobody listens when the app was let go.
        ExitReason::Normal
    });
    watching.map_err(BootError::Node)?;
    let stopped = |_| BootError::Node(rusm_actor::SpawnError::ShuttingDown);
    let root = has_started
        .recv()
        .map_err(stopped)?
        .map_err(BootError::Tree)?;
    Ok(App {
        node: shared.node().clone(),
        root,
        reporter: Arc::clone(&shared.reporter),
        observed,
        is_stopping: AtomicBool::new(false),
        ended: Mutex::new(Watch::Running(has_ended)),
    })
}

/// Starts the root and waits for its end.
async fn watch(
    context: &Context,
    spec: SupervisorSpec,
    tell: impl Fn(Result<Pid, ExitReason>) + Send,
) -> ExitReason {
    context.trap_exits(true);
    let spawned = match start_link(context, spec).await {
        Ok(spawned) => spawned,
        Err(reason) => {
            tell(Err(reason.clone()));
            return reason;
        }
    };
    tell(Ok(spawned.pid));
    let down = spawned.monitor.map_or_else(Selector::any, Selector::down);
    loop {
        if let Event::Down { reason, .. } = context.receive(down.clone()).await {
            return reason;
        }
    }
}
