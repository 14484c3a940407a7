//! The side that asks: [`call`], [`cast`], [`stop`].

use std::time::Duration;

use super::{CallError, StopError, protocol};
use crate::wire::{self, Wire};
use crate::{Destination, ExitReason, mailbox, process, registry, tags};

/// How long [`call`] waits: five seconds, as in OTP.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks a server, and waits up to [`CALL_TIMEOUT`] for its reply.
///
/// # Errors
/// There was no reply, or none of this type. A server that ends, or does not exist, is noticed at once.
pub fn call<'a, Q: Wire, R: Wire>(
    to: impl Into<Destination<'a>>,
    request: &Q,
) -> Result<R, CallError> {
    call_timeout(to, request, Some(CALL_TIMEOUT))
}

/// The same with another time to wait; for ever if none is given.
///
/// # Errors
/// As [`call`].
pub fn call_timeout<'a, Q: Wire, R: Wire>(
    to: impl Into<Destination<'a>>,
    request: &Q,
    timeout: Option<Duration>,
) -> Result<R, CallError> {
    ask(to.into(), tags::CALL, request, timeout)
}

/// Tells a server, without waiting and without hearing whether anybody listens.
///
/// Whoever wants to hear what the sender can know (a name that nobody holds, a full mailbox) sends the encoded message
/// with the tag [`tags::CAST`] instead.
pub fn cast<'a>(to: impl Into<Destination<'a>>, message: &impl Wire) {
    // A cast never fails (OTP statement 098).
    let _lost = mailbox::send(to, tags::CAST, &wire::encode(message));
}

/// Asks a server to end with this reason, and waits until it has; for ever if no time-out is given.
///
/// # Errors
/// It does not exist, refuses (see [`Server::may_stop`](super::Server::may_stop)), or ended otherwise.
pub fn stop<'a>(
    to: impl Into<Destination<'a>>,
    reason: &ExitReason,
    timeout: Option<Duration>,
) -> Result<(), StopError> {
    // As the node would cut it, so that the end can be told for this one.
    let reason = &reason.cut();
    let answer: Result<(), CallError> = ask(to.into(), tags::STOP, reason, timeout);
    match answer {
        Err(CallError::Exited(ended)) if ended == *reason => Ok(()),
        Err(CallError::Exited(ExitReason::NoProcess)) => Err(StopError::NoProcess),
        Err(CallError::Exited(ended)) => Err(StopError::Exited(ended)),
        Err(error) => Err(StopError::Call(error)),
        // A server ends and does not reply.
        Ok(()) => Err(StopError::Call(CallError::BadReply)),
    }
}

/// Makes a request of the SDK's own.
pub(super) fn ask<R: Wire>(
    to: Destination<'_>,
    tag: u64,
    request: &impl Wire,
    timeout: Option<Duration>,
) -> Result<R, CallError> {
    match mailbox::call(to, tag, &wire::encode(request), timeout) {
        Ok(reply) => Ok(protocol::read(&reply)?),
        // The host says so with a text.
        Err(mailbox::CallError::Exited(ExitReason::Error(_))) if is_me(to) => {
            Err(CallError::CallsItself)
        }
        Err(error) => Err(error.into()),
    }
}

fn is_me(to: Destination<'_>) -> bool {
    let pid = match to {
        Destination::Pid(pid) => Some(pid),
        Destination::Name(name) => registry::whereis(name),
    };
    pid == Some(process::me())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OTP statement 094.
    #[test]
    fn a_call_waits_five_seconds() {
        assert_eq!(CALL_TIMEOUT, Duration::from_secs(5));
    }
}
