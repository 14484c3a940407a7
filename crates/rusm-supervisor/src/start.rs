//! How a supervisor comes to be, at the top or below another, and how it is stopped from outside.
//!
//! # Order
//! [`start_link`] answers once all children have started, so a nested supervisor has its whole tree up
//! before its next sibling starts (OTP statement 110). The caller spawns the supervisor and asks whether it has
//! started, in one slice; the supervisor answers before it serves. If it ends first, its end is the answer.

use crate::child_spec::{ChildSpec, StartChild};
use crate::spec::SupervisorSpec;
use crate::supervisor::{self, Starter};
use rusm_actor::{
    CallError, Context, ExitReason, Node, Pid, Selector, SpawnError, SpawnOptions, Spawned,
};
use std::sync::Arc;

/// Starts a top supervisor, whose parent is the node itself: [`stop`] stops it.
///
/// Answers before its children have started; if one of them does not, the supervisor reports it and ends.
///
/// # Errors
/// [`SpawnError`]: name taken, no room, or shutting down.
pub fn start(node: &Node, spec: SupervisorSpec) -> Result<Pid, SpawnError> {
    node.spawn(options(&spec), move |context| {
        supervisor::run(context, spec, Starter::Node)
    })
}

/// Starts a supervisor linked to and monitored by the calling process, and waits until its children have
/// started. It ends when the caller does.
///
/// A caller that outlives a supervisor which failed, or gave up, traps exits; it may then also find the exit
/// notice of one that did not start.
///
/// # Errors
/// Why there is no supervisor; nothing of it is left running (OTP statement 111).
pub async fn start_link(context: &Context, spec: SupervisorSpec) -> Result<Spawned, ExitReason> {
    start_below(context, spec).await
}

/// Asks a supervisor, from outside any process, to stop its children in order and end with `shutdown`.
///
/// Returns at once; monitor the supervisor to see it end.
pub fn stop(node: &Node, supervisor: Pid) {
    node.exit_signal(supervisor, ExitReason::Shutdown);
}

impl SupervisorSpec {
    /// This supervisor as a child of another: permanent, with as long as it takes to stop (OTP statement 113).
    pub fn into_child(mut self, id: impl Into<Arc<str>>) -> ChildSpec {
        let id = id.into();
        self.label = Arc::clone(&id);
        let when_empty = self.when_empty;
        // The original list, from which every restart begins (OTP statement 128).
        let start =
            StartChild::awaited(move |context| Box::pin(start_below(context, self.clone())));
        ChildSpec::new(id, start).supervisor(when_empty)
    }
}

fn options(spec: &SupervisorSpec) -> SpawnOptions {
    let options = SpawnOptions::new(Arc::clone(&spec.label));
    match &spec.name {
        Some(name) => options.name(name.clone()),
        None => options,
    }
}

async fn start_below(context: &Context, spec: SupervisorSpec) -> Result<Spawned, ExitReason> {
    let options = options(&spec).link().monitor();
    let parent = context.pid();
    let spawned = context
        .spawn(options, move |context| {
            supervisor::run(context, spec, Starter::Process(parent))
        })
        .map_err(|error| ExitReason::not_started(error.to_string()))?;
    let answer = context
        .call(spawned.pid, supervisor::HAS_STARTED, [], None)
        .await;
    let Err(error) = answer else {
        return Ok(spawned);
    };
    match error {
        // The caller hears of this end by the answer, not by a notice.
        CallError::Exited(reason) => {
            discard(context, spawned);
            Err(reason)
        }
        CallError::NoName | CallError::MailboxFull | CallError::Timeout | CallError::SelfCall => {
            context.kill(spawned.pid);
            if let Some(monitor) = spawned.monitor {
                context.receive(Selector::down(monitor)).await;
            }
            discard(context, spawned);
            Err(ExitReason::not_started(format!(
                "the supervisor could not be asked: {error}"
            )))
        }
    }
}

/// Unties a supervisor that has ended. Its link may have left an exit notice with a caller that traps.
fn discard(context: &Context, spawned: Spawned) {
    if let Some(monitor) = spawned.monitor {
        context.demonitor(monitor);
    }
    context.unlink(spawned.pid);
}
