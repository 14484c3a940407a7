//! Waiting for time to pass: [`Alarm`], and the futures built on it alone.

use super::Context;
use crate::timer::queue::TimerKey;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

/// A point in time at which the process wants to be woken; armed when it first has to wait, and taken
/// back on drop.
#[derive(Debug)]
pub(super) struct Alarm<'a> {
    context: &'a Context,
    due: Duration,
    armed: Option<TimerKey>,
}

impl<'a> Alarm<'a> {
    pub(super) fn new(context: &'a Context, after: Duration) -> Self {
        let due = context.process.kernel.clock.now().saturating_add(after);
        Self {
            context,
            due,
            armed: None,
        }
    }

    /// Whether the time has come; arms the alarm if not.
    pub(super) fn is_due(&mut self) -> bool {
        let kernel = &self.context.process.kernel;
        if kernel.clock.now() >= self.due {
            return true;
        }
        if self.armed.is_none() {
            self.armed = Some(kernel.timers.arm_wake(self.due, self.context.pid()));
        }
        false
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.armed.take() {
            self.context.process.kernel.timers.cancel_wake(key);
        }
    }
}

/// Ready once the time has passed.
#[derive(Debug)]
pub(super) struct Sleep<'a>(Alarm<'a>);

impl<'a> Sleep<'a> {
    pub(super) fn new(context: &'a Context, duration: Duration) -> Self {
        Self(Alarm::new(context, duration))
    }
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _task: &mut TaskContext<'_>) -> Poll<()> {
        // A fatal signal wins over the time (OTP statement 029).
        let is_over = !self.0.context.process.is_doomed() && self.0.is_due();
        if is_over {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// Ready the second time it is asked.
#[derive(Debug, Default)]
pub(super) struct Yield {
    has_yielded: bool,
}

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.has_yielded, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}
