//! A process as its embedder holds it: [`ProcessHandle`].
//!
//! A small native process watches the guest from its first moment, so its exit reason is known however
//! late somebody asks.

use super::{Launch, RuntimeShared, Spawn, SpawnFailure, Spawner};
use crate::identity::{self, Identity};
use parking_lot::Mutex;
use rusm_actor::{Event, ExitReason, MailboxBounds, Node, Pid, Selector, SpawnOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// A process that was started from outside. Whoever holds it holds the code of the process as well.
#[derive(Debug)]
pub struct ProcessHandle {
    node: Node,
    pid: Pid,
    identity: Option<Arc<Identity>>,
    ended: Mutex<Watch>,
}

#[derive(Debug)]
enum Watch {
    Waiting(Receiver<ExitReason>),
    Ended(ExitReason),
}

impl ProcessHandle {
    /// Who.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits on the calling thread until it has ended. Not for worker threads.
    pub fn wait(&self) -> ExitReason {
        let mut watch = self.ended.lock();
        let reason = match &*watch {
            Watch::Ended(reason) => reason.clone(),
            // The watcher ends without a word only when the node kills everything.
            Watch::Waiting(ended) => ended.recv().unwrap_or(ExitReason::Killed),
        };
        *watch = Watch::Ended(reason.clone());
        reason
    }

    /// The code that the guest itself ended with; none while it runs, or when something else ended it.
    pub fn exit_code(&self) -> Option<i32> {
        self.identity.as_ref()?.usage.exit_code()
    }

    /// Kills it.
    pub fn kill(&self) {
        self.node.kill(self.pid);
    }

    /// Asks it to stop: an exit signal `shutdown`, which it may trap.
    pub fn stop(&self) {
        self.node.exit_signal(self.pid, ExitReason::Shutdown);
    }
}

type Started = Result<(Pid, Option<Arc<Identity>>), SpawnFailure>;

pub(super) fn spawn(
    shared: &Arc<RuntimeShared>,
    spawn: Spawn,
) -> Result<ProcessHandle, SpawnFailure> {
    assert!(
        !shared.node().is_worker(),
        "spawn waits for the start, and a worker must not"
    );
    let (started, has_started) = sync_channel(1);
    let (ended, has_ended) = sync_channel(1);
    let for_watcher = Arc::clone(shared);
    // It waits for the end alone, which no bound sheds: nobody's messages are kept in its mailbox.
    let none = MailboxBounds {
        messages: 0,
        bytes: 0,
    };
    let watcher = SpawnOptions::new("watcher").bounds(none);
    let watching = shared.node().spawn(watcher, |context| async move {
        watch(&context, &for_watcher, spawn, &started, &ended).await;
        ExitReason::Normal
    });
    watching.map_err(|error| SpawnFailure::TooMany(error.to_string()))?;
    let too_late = || SpawnFailure::TooMany("the node is shutting down".to_owned());
    let (pid, identity) = has_started.recv().map_err(|_| too_late())??;
    Ok(ProcessHandle {
        node: shared.node().clone(),
        pid,
        identity,
        ended: Mutex::new(Watch::Waiting(has_ended)),
    })
}

async fn watch(
    context: &rusm_actor::Context,
    shared: &Arc<RuntimeShared>,
    spawn: Spawn,
    started: &SyncSender<Started>,
    ended: &SyncSender<ExitReason>,
) {
    let launch = Launch {
        component: Arc::new(spawn.program.component(spawn.component, Path::new("."))),
        profile: spawn.profile,
        args: spawn.args,
        name: spawn.name,
        link: false,
        monitor: true,
        restarts: 0,
        logs_terminal: false,
    };
    let spawned = match shared.launch(Spawner::Native(context), launch) {
        Ok(spawned) => spawned,
        Err(failure) => {
            let _sent = started.send(Err(failure)); // The caller waits for exactly this.
            return;
        }
    };
    let identity = identity::of(shared.node(), spawned.pid);
    let _sent = started.send(Ok((spawned.pid, identity)));
    let Some(monitor) = spawned.monitor else {
        return;
    };
    if let Event::Down { reason, .. } = context.receive(Selector::down(monitor)).await {
        let _sent = ended.send(reason); // Nobody listens when the handle was dropped.
    }
}

#[cfg(test)]
mod tests {
    use crate::Runtime;
    use crate::runtime::Spawn;
    use rusm_actor::{Event, ExitReason, Selector, SpawnOptions};

    /// A worker that waited for a process behind itself would wait for ever: it is told so.
    #[test]
    fn a_native_process_is_told_that_it_must_not_wait_for_a_start() {
        let runtime = Runtime::builder().build().unwrap();
        let leaf = wat::parse_str("(module (func (export \"_start\")))").unwrap();
        let leaf = runtime.load("leaf", &leaf).unwrap();
        let within = runtime.clone();
        let reason = runtime.node().block_on(|context| async move {
            let child = |_: rusm_actor::Context| async move {
                let _never = within.spawn(Spawn::new("leaf", &leaf));
                ExitReason::Normal
            };
            let child = context.spawn(SpawnOptions::new("child").monitor(), child);
            let monitor = child.unwrap().monitor.unwrap();
            let down = context.receive(Selector::down(monitor)).await;
            let Event::Down { reason, .. } = down else {
                unreachable!("only its end is waited for: {down:?}");
            };
            reason.to_string()
        });
        let reason = reason.unwrap();
        assert!(reason.contains("a worker must not"), "{reason}");
        runtime.shutdown();
    }
}
