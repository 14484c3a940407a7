//! How a supervisor comes to be, at the top or below another, and how it is stopped from outside.
//!
//! # Order
//! [`start_link`] answers once all children have started, so a nested supervisor has its whole tree up
//! before its next sibling starts (OTP statement 110). The caller spawns the supervisor and asks whether it has
//! started, in one slice; the supervisor answers before it serves. If it ends first, its end is the answer.

use crate::child_spec::ChildSpec;
use crate::desk::Desk;
use crate::spec::SupervisorSpec;
use crate::start_child::{StartChild, Started};
use crate::supervisor::{self, IGNORES, Starter};
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
    let (options, desk) = options(&spec);
    node.spawn(options, move |context| {
        supervisor::run(context, spec, desk, Starter::Node)
    })
}

/// Starts a supervisor linked to and monitored by the calling process, and waits until its children have
/// started. It ends when the caller does.
///
/// A caller that outlives a supervisor which failed, or gave up, traps exits. Of one that did not start, no
/// notice is left with it (OTP statement 099).
///
/// # Errors
/// Why there is no supervisor; nothing of it is left running (OTP statement 111). `normal` when its own
/// initialisation answered ignore ([`Init::Ignore`](crate::Init::Ignore)).
pub async fn start_link(context: &Context, spec: SupervisorSpec) -> Result<Spawned, ExitReason> {
    match start_below(context, spec).await? {
        Started::Child(spawned) | Started::ChildWithInfo(spawned, _) => Ok(spawned),
        Started::Ignore => Err(ExitReason::Normal),
    }
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

/// The kernel keeps the desk with the process, where clients find it.
fn options(spec: &SupervisorSpec) -> (SpawnOptions, Arc<Desk>) {
    let template = spec.template.as_ref();
    let desk = Arc::new(Desk::new(
        template.map(|template| Arc::clone(&template.start)),
    ));
    let options = SpawnOptions::new(Arc::clone(&spec.label))
        .system()
        .extension(Arc::clone(&desk) as _);
    match &spec.name {
        Some(name) => (options.name(name.clone()), desk),
        None => (options, desk),
    }
}

async fn start_below(context: &Context, spec: SupervisorSpec) -> Result<Started, ExitReason> {
    let (options, desk) = options(&spec);
    let parent = context.pid();
    let spawned = context
        .spawn(options.link().monitor(), move |context| {
            supervisor::run(context, spec, desk, Starter::Process(parent))
        })
        .map_err(|error| ExitReason::not_started(error.to_string()))?;
    let answer = context
        .call(spawned.pid, supervisor::HAS_STARTED, [], None)
        .await;
    match answer {
        Ok(answer) if answer.as_slice() == IGNORES => {
            ended(context, spawned).await;
            Ok(Started::Ignore)
        }
        Ok(_) => Ok(Started::Child(spawned)),
        Err(CallError::Exited(reason)) => {
            ended(context, spawned).await;
            Err(reason)
        }
        Err(
            error @ (CallError::NoName
            | CallError::MailboxFull
            | CallError::Timeout
            | CallError::SelfCall),
        ) => {
            context.kill(spawned.pid);
            ended(context, spawned).await;
            let reason = format!("the supervisor could not be asked: {error}");
            Err(ExitReason::not_started(reason))
        }
    }
}

/// Waits until a supervisor that did not start has ended, and removes every trace of it: the caller has heard of
/// that end by the answer, and not by a notice.
async fn ended(context: &Context, spawned: Spawned) {
    if let Some(monitor) = spawned.monitor {
        context.receive(Selector::down(monitor)).await;
    }
    context.unlink(spawned.pid);
    // No exit notice comes after the unlink; one that came before is all that this process ever sent.
    let _notice = context.try_receive(&Selector {
        sender: Some(spawned.pid),
        ..Selector::any()
    });
}
