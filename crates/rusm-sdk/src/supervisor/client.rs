//! The side that administers a supervisor. Each function waits for the answer as long as it takes: a child that is
//! being started or stopped takes its time.

use rusm_plan::Counts;

use super::request::{Done, Request};
use super::{AdminError, ChildInfo, ChildSpec};
use crate::server::{self, CallError};
use crate::{Destination, Pid};

fn ask(to: Destination<'_>, request: &Request) -> Result<Done, AdminError> {
    let answer: Result<Result<Done, AdminError>, CallError> =
        server::call_timeout(to, request, None);
    answer.map_err(AdminError::Call)?
}

fn process_of(done: Done) -> Result<Option<Pid>, AdminError> {
    match done {
        Done::Started(process) => Ok(process),
        Done::Children(_) | Done::Counts(_) | Done::Nothing => Err(bad_reply()),
    }
}

fn bad_reply() -> AdminError {
    AdminError::Call(CallError::BadReply)
}

/// All children, in start order.
///
/// # Errors
/// [`AdminError::Refused`], [`AdminError::Call`].
pub fn which_children<'a>(
    supervisor: impl Into<Destination<'a>>,
) -> Result<Vec<ChildInfo>, AdminError> {
    match ask(supervisor.into(), &Request::Which)? {
        Done::Children(children) => Ok(children),
        Done::Started(_) | Done::Counts(_) | Done::Nothing => Err(bad_reply()),
    }
}

/// How many there are.
///
/// # Errors
/// [`AdminError::Refused`], [`AdminError::Call`].
pub fn count_children<'a>(supervisor: impl Into<Destination<'a>>) -> Result<Counts, AdminError> {
    match ask(supervisor.into(), &Request::Count)? {
        Done::Counts(counts) => Ok(counts),
        Done::Started(_) | Done::Children(_) | Done::Nothing => Err(bad_reply()),
    }
}

/// Adds a child behind the others and starts it; answers its process, or none if it chose to be ignored.
///
/// # Errors
/// The id is known, the spec is unusable, the start failed, or the supervisor is dynamic. There is no new child then.
pub fn start_child<'a>(
    supervisor: impl Into<Destination<'a>>,
    child: &ChildSpec,
) -> Result<Option<Pid>, AdminError> {
    process_of(ask(
        supervisor.into(),
        &Request::Start(Box::new(child.clone())),
    )?)
}

/// Starts a child of a dynamic supervisor, with these arguments behind those of its spec.
///
/// # Errors
/// The start failed, or the supervisor is not dynamic. There is no new child then.
pub fn start_child_with<'a>(
    supervisor: impl Into<Destination<'a>>,
    args: impl IntoIterator<Item = impl Into<String>>,
) -> Result<Option<Pid>, AdminError> {
    let args = args.into_iter().map(Into::into).collect();
    process_of(ask(supervisor.into(), &Request::StartWith(args))?)
}

/// Stops a child by its shutdown rule. Its spec stays, unless it is temporary. One that is stopped already is no error.
///
/// # Errors
/// There is none of this id, or the supervisor is dynamic.
pub fn terminate_child<'a>(
    supervisor: impl Into<Destination<'a>>,
    id: &str,
) -> Result<(), AdminError> {
    ask(supervisor.into(), &Request::Terminate(id.into())).map(drop)
}

/// Stops the child of a dynamic supervisor that has this process, for good.
///
/// # Errors
/// It is no child of this supervisor, or that is not dynamic.
pub fn terminate_process<'a>(
    supervisor: impl Into<Destination<'a>>,
    process: Pid,
) -> Result<(), AdminError> {
    ask(supervisor.into(), &Request::TerminateProcess(process)).map(drop)
}

/// Starts a stopped child again; answers its process, or none if it chose to be ignored.
///
/// # Errors
/// There is none of this id, it is not stopped, its start failed, or the supervisor is dynamic.
pub fn restart_child<'a>(
    supervisor: impl Into<Destination<'a>>,
    id: &str,
) -> Result<Option<Pid>, AdminError> {
    process_of(ask(supervisor.into(), &Request::Restart(id.into()))?)
}

/// Forgets a stopped child.
///
/// # Errors
/// There is none of this id, it is not stopped, or the supervisor is dynamic.
pub fn delete_child<'a>(
    supervisor: impl Into<Destination<'a>>,
    id: &str,
) -> Result<(), AdminError> {
    ask(supervisor.into(), &Request::Delete(id.into())).map(drop)
}
