//! Waiting for an event.
//!
//! Each poll compares only events that this receive has not seen. Once a fatal signal is met nothing is
//! handed out any more: the future stays pending, and the slice ends the process (OTP statement 037).
//! A slice hands out a bounded number of events, so a process that is sent messages faster than it handles
//! them does not keep its worker to itself (OTP statement 087).

use super::Context;
use super::sleep::Alarm;
use crate::mailbox::{Cursor, Selector};
use crate::message::Event;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Receive<'a> {
    context: &'a Context,
    select: Selector,
    cursor: Cursor,
}

impl<'a> Receive<'a> {
    pub(super) fn new(context: &'a Context, select: Selector) -> Self {
        Self {
            context,
            select,
            cursor: Cursor::default(),
        }
    }

    fn poll_take(&mut self, task: &TaskContext<'_>) -> Poll<Event> {
        let process = &self.context.process;
        if process.pace.is_spent() {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        match process.take(&self.select, &mut self.cursor) {
            Some(event) => {
                process.pace.spend();
                Poll::Ready(event)
            }
            None => Poll::Pending,
        }
    }
}

impl Future for Receive<'_> {
    type Output = Event;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Event> {
        self.poll_take(task)
    }
}

#[derive(Debug)]
pub(super) struct ReceiveTimeout<'a> {
    receive: Receive<'a>,
    alarm: Alarm<'a>,
}

impl<'a> ReceiveTimeout<'a> {
    pub(super) fn new(context: &'a Context, select: Selector, timeout: Duration) -> Self {
        Self {
            receive: Receive::new(context, select),
            alarm: Alarm::new(context, timeout),
        }
    }
}

impl Future for ReceiveTimeout<'_> {
    type Output = Option<Event>;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Event>> {
        let is_spent = self.receive.context.process.pace.is_spent();
        if let Poll::Ready(event) = self.receive.poll_take(task) {
            return Poll::Ready(Some(event));
        }
        if is_spent {
            return Poll::Pending; // The mailbox was not looked through.
        }
        // A fatal signal wins over an expiring timeout (OTP statement 029).
        let is_over = !self.receive.context.process.is_doomed() && self.alarm.is_due();
        if is_over {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }
}
