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
        self.context.process.settle_if_waiting();
        if self.context.process.is_doomed() {
            return None;
        }
        let (from, result) = {
            let mut owner = self.context.process.owner.lock();
            let is_answered = matches!(owner.calls.get(id), Some(PendingCall::Answered { .. }));
            match is_answered.then(|| owner.calls.remove(id)).flatten() {
                Some(PendingCall::Answered { from, result }) => (from, result),
                Some(PendingCall::Waiting { .. }) | None => return None,
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
    context.process.owner.lock().calls.remove(id);
}

impl Future for Call<'_> {
    type Output = Result<Payload, CallError>;

    fn poll(mut self: Pin<&mut Self>, _task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        if let State::Waiting { id, callee, .. } = self.state {
            if let Some(answer) = self.answer(id, callee) {
                self.state = State::Done;
                return Poll::Ready(answer);
            }
            if self.context.process.is_doomed() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Event;
    use crate::sim::Simulator;
    use crate::spawn::SpawnOptions;
    use crate::{MailboxBounds, Selector};
    use std::sync::mpsc;

    const CALLS: u64 = 100;
    const WAITING: u64 = if cfg!(miri) { 100 } else { 100_000 };

    /// How many events were compared with a selector by a process that calls a server, with so many unrelated
    /// messages waiting.
    fn compared(n_waiting: u64) -> usize {
        let simulator = Simulator::new(1);
        let (says, said) = mpsc::channel();
        let bounds = MailboxBounds {
            messages: usize::MAX,
            bytes: usize::MAX,
        };
        let caller = move |me: Context| async move {
            for tag in 0..n_waiting {
                me.send(me.pid(), tag, "unrelated").unwrap();
            }
            let server = me.spawn(SpawnOptions::new("server"), |me| async move {
                loop {
                    if let Event::Request(request) = me.receive(Selector::any()).await {
                        me.reply(request.id, request.payload);
                    }
                }
            });
            let server = server.unwrap().pid;
            for n in 0..CALLS {
                let reply = me.call(server, 0, n.to_le_bytes(), None).await.unwrap();
                assert_eq!(reply.as_slice(), n.to_le_bytes());
            }
            let mailbox = &me.process.owner.lock().mailbox;
            says.send((mailbox.n_compared, mailbox.len())).unwrap();
            ExitReason::Normal
        };
        let options = SpawnOptions::new("caller").bounds(bounds);
        simulator.node().spawn(options, caller).unwrap();
        simulator.run();
        let (n_compared, n_left) = said.recv().unwrap();
        assert_eq!(u64::try_from(n_left).unwrap(), n_waiting);
        n_compared
    }

    /// Work is counted, not timed: a reply does not pass through the mailbox.
    #[test]
    fn fresh_ref_cheap() {
        assert_eq!((compared(0), compared(WAITING)), (0, 0));
    }
}
