//! A request and its reply.
//!
//! The request itself watches the callee: its end answers the caller. Whoever takes the reference out of
//! the node's pending calls may reply, so there is at most one reply, and one to a caller that gave up
//! finds nothing. Dropping the future gives up.

use super::sleep::Alarm;
use super::{Context, Destination};
use crate::error::CallError;
use crate::id::{Pid, Ref};
use crate::inbox::Refused;
use crate::message::{CallRequest, Payload};
use crate::process::PendingCall;
use crate::reason::ExitReason;
use crate::signal::{Envelope, Signal};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Call<'a> {
    context: &'a Context,
    state: State<'a>,
}

#[derive(Debug)]
enum State<'a> {
    /// It failed before anything was sent.
    Failed(CallError),
    Waiting {
        id: Ref,
        callee: Pid,
        alarm: Option<Alarm<'a>>,
    },
    Done,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        context: &'a Context,
        to: Destination,
        tag: u64,
        payload: Payload,
        timeout: Option<Duration>,
    ) -> Self {
        let state = match ask(context, &to, tag, payload) {
            Err(error) => State::Failed(error),
            Ok((id, callee)) => {
                let alarm = timeout.map(|timeout| Alarm::new(context, timeout));
                State::Waiting { id, callee, alarm }
            }
        };
        Self { context, state }
    }

    /// The answer, if it is there.
    fn answer(&self, id: Ref, callee: Pid) -> Option<Result<Payload, CallError>> {
        self.context.process.settle_if_woken();
        let (from, result) = {
            let mut owner = self.context.process.owner.lock();
            if owner.doom.is_some() {
                return None;
            }
            match owner.calls.remove(&id)? {
                waiting @ PendingCall::Waiting { .. } => {
                    owner.calls.insert(id, waiting);
                    return None;
                }
                PendingCall::Answered { from, result } => (from, result),
            }
        };
        if from.is_none() {
            // Who replied has taken the entry out.
            self.context.process.kernel.calls.remove(id);
        }
        if from.is_some_and(|from| from != callee) {
            // Somebody else answered: the callee need not watch for this caller any more.
            self.context
                .tell(callee, Envelope::Signal(Signal::Demonitor { id }));
        }
        Some(result.map_err(CallError::Exited))
    }
}

/// Sends the request.
fn ask(
    context: &Context,
    to: &Destination,
    tag: u64,
    payload: Payload,
) -> Result<(Ref, Pid), CallError> {
    let receiver = context.find(to).ok_or(CallError::NoName)?;
    let receiver = receiver.ok_or(CallError::Exited(ExitReason::NoProcess))?;
    let callee = receiver.pid;
    if callee == context.pid() {
        return Err(CallError::SelfCall);
    }
    let kernel = &context.process.kernel;
    let from = context.pid();
    let id = kernel.refs.next();
    kernel.calls.insert(id, from);
    context
        .process
        .owner
        .lock()
        .calls
        .insert(id, PendingCall::Waiting { callee });
    let request = CallRequest {
        id,
        from,
        tag,
        payload,
    };
    receiver
        .deliver(kernel, Envelope::Request(request))
        .map_err(|refused| {
            forget(context, id);
            match refused {
                Refused::Closed => CallError::Exited(ExitReason::NoProcess),
                Refused::Full => CallError::MailboxFull,
            }
        })?;
    Ok((id, callee))
}

fn forget(context: &Context, id: Ref) {
    context.process.kernel.calls.remove(id);
    context.process.owner.lock().calls.remove(&id);
}

impl Future for Call<'_> {
    type Output = Result<Payload, CallError>;

    fn poll(mut self: Pin<&mut Self>, _task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        if let State::Waiting { id, callee, .. } = self.state {
            if let Some(answer) = self.answer(id, callee) {
                self.state = State::Done;
                return Poll::Ready(answer);
            }
            if self.context.is_doomed() {
                return Poll::Pending;
            }
        }
        let is_late = match &mut self.state {
            State::Failed(error) => return Poll::Ready(Err(error.clone())),
            State::Waiting { alarm, .. } => alarm.as_mut().is_some_and(Alarm::is_due),
            State::Done => false,
        };
        // Dropping the future gives the request up.
        if is_late {
            Poll::Ready(Err(CallError::Timeout))
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let State::Waiting { id, callee, .. } = self.state {
            forget(self.context, id);
            self.context
                .tell(callee, Envelope::Signal(Signal::Demonitor { id }));
        }
    }
}
