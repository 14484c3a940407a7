//! Messages in and out: send, selective receive, calls and replies, timers.
//!
//! Two messages from one process to another arrive in the order they were sent, and a process's last
//! messages arrive before the news of its death. Nothing is promised across pairs.

mod event;
mod selector;
pub(crate) mod stash;

use std::fmt;
use std::time::{Duration, Instant};

pub use event::{Down, Event, Exit, Message, Request};
pub use selector::Selector;

use crate::{Denial, Destination, ExitReason, Pid, Reference, sys};

/// Why [`send`] delivered nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The profile does not allow this receiver.
    Denied(Denial),
    /// Nobody holds the name. A pid that is gone is no error: the message is swallowed.
    NoName,
    /// The receiver's mailbox is at its bound.
    MailboxFull,
    /// The payload is larger than the node accepts.
    TooLarge,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => denial.fmt(f),
            Self::NoName => f.write_str("cannot send: nobody holds the name"),
            Self::MailboxFull => f.write_str("cannot send: the receiver's mailbox is full"),
            Self::TooLarge => {
                f.write_str("cannot send: the payload is larger than the node accepts")
            }
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Denied(denial) => Some(denial),
            Self::NoName | Self::MailboxFull | Self::TooLarge => None,
        }
    }
}

/// Why [`call`] has no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The profile does not allow this receiver.
    Denied(Denial),
    /// The receiver's mailbox is at its bound.
    MailboxFull,
    /// The payload is larger than the node accepts.
    TooLarge,
    /// No reply within the time given. One that comes later is dropped.
    Timeout,
    /// The callee ended, or never existed (`no-process`), before it replied.
    Exited(ExitReason),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => denial.fmt(f),
            Self::MailboxFull => f.write_str("cannot call: the receiver's mailbox is full"),
            Self::TooLarge => {
                f.write_str("cannot call: the payload is larger than the node accepts")
            }
            Self::Timeout => f.write_str("no reply within the time given"),
            Self::Exited(reason) => write!(f, "no reply: the process called ended ({reason})"),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Denied(denial) => Some(denial),
            Self::MailboxFull | Self::TooLarge | Self::Timeout | Self::Exited(_) => None,
        }
    }
}

/// Sends without waiting for the receiver.
///
/// # Errors
/// Nothing was delivered.
pub fn send<'a>(to: impl Into<Destination<'a>>, tag: u64, payload: &[u8]) -> Result<(), SendError> {
    sys::mailbox_send(to.into(), tag, payload)
}

/// The oldest event, waiting for one if there is none.
pub fn receive() -> Event {
    expected(take(None, None))
}

/// The oldest event that matches; the others stay, in order.
pub fn receive_where(selector: &Selector) -> Event {
    expected(take(selector.if_any(), None))
}

/// The oldest event that matches, or none when the time has passed. A zero time only looks.
pub fn receive_timeout(selector: &Selector, timeout: Duration) -> Option<Event> {
    take(selector.if_any(), Some(milliseconds(timeout)))
}

/// Every message comes this way: one without a selector costs nothing for those with one.
fn take(selector: Option<&Selector>, timeout_ms: Option<u64>) -> Option<Event> {
    let event = stash::take(selector).or_else(|| sys::mailbox_receive(selector, timeout_ms))?;
    if stash::is_held(&event) {
        return take_another(event, selector, timeout_ms);
    }
    Some(event)
}

/// What is held back does not count as received, and the time goes on.
#[cold]
fn take_another(
    held: Event,
    selector: Option<&Selector>,
    timeout_ms: Option<u64>,
) -> Option<Event> {
    let begin = Instant::now();
    stash::hold(held);
    loop {
        let left = timeout_ms.map(|ms| ms.saturating_sub(elapsed_ms(begin)));
        let event = sys::mailbox_receive(selector, left)?;
        if !stash::is_held(&event) {
            return Some(event);
        }
        stash::hold(event);
    }
}

fn elapsed_ms(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Does something during which the first request of this sender with this tag is not received; then it is there, before all others.
pub(crate) fn holding<R>(sender: Option<Pid>, tag: u64, work: impl FnOnce() -> R) -> R {
    if let Some(sender) = sender {
        stash::begin_to_hold(sender, tag);
    }
    let result = work();
    stash::end_of_hold();
    result
}

fn expected(event: Option<Event>) -> Event {
    event.expect("without a time-out the host waits for an event")
}

/// Sends a request and waits for its reply, for ever if no time-out is given.
///
/// # Errors
/// There was no reply.
pub fn call<'a>(
    to: impl Into<Destination<'a>>,
    tag: u64,
    payload: &[u8],
    timeout: Option<Duration>,
) -> Result<Vec<u8>, CallError> {
    sys::mailbox_call(to.into(), tag, payload, timeout.map(milliseconds))
}

/// Answers a [`Request`] once. A second answer, or one to a caller that gave up, goes nowhere.
pub fn reply(request: Reference, payload: &[u8]) {
    sys::mailbox_reply(request, payload);
}

/// Sends after a delay. A timer to a pid vanishes when its receiver ends; one to a name, when this process does.
///
/// # Errors
/// Denied, or the payload is too large; then there is no timer.
pub fn send_after<'a>(
    delay: Duration,
    to: impl Into<Destination<'a>>,
    tag: u64,
    payload: &[u8],
) -> Result<Reference, SendError> {
    sys::mailbox_send_after(milliseconds(delay), to.into(), tag, payload)
}

/// Stops a timer: the time that was left, or none if it had fired or was unknown.
pub fn cancel_timer(timer: Reference) -> Option<Duration> {
    sys::mailbox_cancel_timer(timer).map(Duration::from_millis)
}

/// Rounds up, so that a wait is never shorter than asked for.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wait is never rounded down to no wait at all.
    #[test]
    fn part_of_a_millisecond_counts_as_one() {
        assert_eq!(milliseconds(Duration::ZERO), 0);
        assert_eq!(milliseconds(Duration::from_nanos(1)), 1);
        assert_eq!(milliseconds(Duration::from_millis(5)), 5);
        assert_eq!(milliseconds(Duration::MAX), u64::MAX);
    }
}
