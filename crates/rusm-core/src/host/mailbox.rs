//! Messages in and out, calls and timers.
//!
//! Answering a request asks no grant: its reference cannot be guessed, and whoever holds it was asked.

use super::peer::stranger;
use super::process::reference;
use super::{Fault, Host, Misuse, pid, within};
use rusm_abi::limits::{MAX_PAYLOAD, MAX_SELECTOR_TAGS};
use rusm_actor::{CallError, Destination, Event, ExitReason, Name, Payload, Pid, Ref, SendError};
use rusm_caps::{Denied, Permit, Request};
use std::time::Duration;

/// The longest wait: what is longer counts as this. A hundred years, far from every overflow.
const WAIT_MS_MAX: u64 = 100 * 365 * 24 * 60 * 60 * 1000;

/// Where a guest sends to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Address<'a> {
    Pid(u64),
    Name(&'a str),
}

/// Nothing was sent.
#[derive(Debug)]
pub(crate) enum SendRefused {
    Denied(Denied),
    NoName,
    MailboxFull,
    TooLarge,
}

/// No reply came.
#[derive(Debug)]
pub(crate) enum CallRefused {
    Denied(Denied),
    MailboxFull,
    TooLarge,
    Timeout,
    Exited(ExitReason),
}

impl From<SendRefused> for CallRefused {
    fn from(refused: SendRefused) -> Self {
        match refused {
            SendRefused::Denied(denied) => Self::Denied(denied),
            SendRefused::NoName => Self::Exited(ExitReason::NoProcess),
            SendRefused::MailboxFull => Self::MailboxFull,
            SendRefused::TooLarge => Self::TooLarge,
        }
    }
}

impl From<SendError> for SendRefused {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NoName => Self::NoName,
            SendError::MailboxFull => Self::MailboxFull,
        }
    }
}

impl Host<'_> {
    pub(crate) fn send<P>(
        &mut self,
        to: Address<'_>,
        tag: u64,
        payload: P,
    ) -> Result<Result<(), SendRefused>, Fault>
    where
        P: AsRef<[u8]> + Into<Payload>,
    {
        Ok(self.receiver(to, payload.as_ref())?.and_then(|to| {
            self.state.context().send(to, tag, payload)?;
            Ok(())
        }))
    }

    /// Waits for the oldest matching event.
    pub(crate) fn receive(
        &mut self,
        select: rusm_actor::Selector,
    ) -> impl Future<Output = Event> + Send {
        self.state.context().receive(select)
    }

    /// The same; none once the timeout has passed.
    pub(crate) fn receive_timeout(
        &mut self,
        select: rusm_actor::Selector,
        timeout_ms: u64,
    ) -> impl Future<Output = Option<Event>> + Send {
        self.state
            .context()
            .receive_timeout(select, wait(timeout_ms))
    }

    pub(crate) async fn call<P>(
        &mut self,
        to: Address<'_>,
        tag: u64,
        payload: P,
        timeout_ms: Option<u64>,
    ) -> Result<Result<Payload, CallRefused>, Fault>
    where
        P: AsRef<[u8]> + Into<Payload>,
    {
        let to = match self.receiver(to, payload.as_ref())? {
            Ok(to) => to,
            Err(refused) => return Ok(Err(refused.into())),
        };
        let reply = self
            .state
            .context()
            .call(to, tag, payload, timeout_ms.map(wait))
            .await;
        Ok(reply.map_err(|error| match error {
            CallError::NoName => CallRefused::Exited(ExitReason::NoProcess),
            CallError::MailboxFull => CallRefused::MailboxFull,
            CallError::Timeout => CallRefused::Timeout,
            CallError::Exited(reason) => CallRefused::Exited(reason),
            CallError::SelfCall => CallRefused::Exited(ExitReason::error(error.to_string())),
        }))
    }

    pub(crate) fn reply<P>(&mut self, request: u64, payload: P) -> Result<(), Fault>
    where
        P: AsRef<[u8]> + Into<Payload>,
    {
        payload_fits(payload.as_ref())?;
        if let Some(request) = Ref::from_u64(request) {
            self.state.context().reply(request, payload);
        }
        Ok(())
    }

    /// The pending message holds room in its receiver's mailbox, so timers are bounded as messages are; besides, the
    /// caller's own are bounded by `max-timers`, and both have the same answer.
    pub(crate) fn send_after<P>(
        &mut self,
        delay_ms: u64,
        to: Address<'_>,
        tag: u64,
        payload: P,
    ) -> Result<Result<Ref, SendRefused>, Fault>
    where
        P: AsRef<[u8]> + Into<Payload>,
    {
        let to = match to {
            Address::Pid(_) => self.receiver(to, payload.as_ref())?.map(Destination::Pid),
            Address::Name(name) => self
                .later_receiver(name, payload.as_ref())
                .map(Destination::Name),
        };
        let context = &self.state.context();
        Ok(to.and_then(|to| {
            if context.n_timers() >= self.state.max_timers {
                return Err(SendRefused::MailboxFull);
            }
            Ok(context.send_after(wait(delay_ms), to, tag, payload)?)
        }))
    }

    /// The milliseconds that were left.
    pub(crate) fn cancel_timer(&mut self, timer: u64) -> Option<u64> {
        let timer = Ref::from_u64(timer)?;
        let left = self.state.context().cancel_timer(timer)?;
        Some(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }

    /// A selector that a guest gave, of bounded length.
    pub(crate) fn selector(
        &self,
        select: &rusm_abi::Selector<'_>,
    ) -> Result<rusm_actor::Selector, Fault> {
        if let Some(tags) = &select.tags {
            within("tags in a selector", tags.count(), MAX_SELECTOR_TAGS)?;
        }
        Ok(rusm_actor::Selector {
            tags: select.tags.map(|tags| tags.iter().collect()),
            sender: select.sender.map(pid).transpose()?,
            monitor: select.monitor.map(reference).transpose()?,
        })
    }

    /// Who gets a message that is sent now, if the caller may send to them. A name is looked up once: the
    /// process that was asked about is the one that is sent to.
    fn receiver(&self, to: Address<'_>, payload: &[u8]) -> Result<Result<Pid, SendRefused>, Fault> {
        let (to, name) = match to {
            Address::Pid(raw) => (pid(raw)?, None),
            Address::Name(name) => match self.state.context().whereis(name) {
                Some(holder) => (holder, Some(name)),
                None => return Ok(Err(SendRefused::NoName)),
            },
        };
        if payload.len() > MAX_PAYLOAD {
            return Ok(Err(SendRefused::TooLarge));
        }
        Ok(self.permit_send(to, name).map_err(SendRefused::Denied))
    }

    /// The receiver itself, if the caller may send to it.
    pub(super) fn permit_send(&self, to: Pid, name: Option<&str>) -> Result<Pid, Denied> {
        let asked = |to_peer| {
            self.state
                .guard
                .check(Request::Send { to: to_peer }, to)
                .map(Permit::into_inner)
        };
        if self.may_send_to_anyone() {
            return asked(stranger(to.as_u64(), name));
        }
        match self.known(to) {
            None => Ok(to),
            Some(known) => asked(known.peer(name)),
        }
    }

    /// A name that will be looked up when a timer fires. Whoever holds it then was not asked about, so only
    /// the name itself counts.
    fn later_receiver(&self, name: &str, payload: &[u8]) -> Result<Name, SendRefused> {
        let to = Name::new(name).map_err(|_| SendRefused::NoName)?;
        if payload.len() > MAX_PAYLOAD {
            return Err(SendRefused::TooLarge);
        }
        let request = Request::Send {
            to: stranger(0, Some(name)),
        };
        self.state
            .guard
            .check(request, to)
            .map(Permit::into_inner)
            .map_err(SendRefused::Denied)
    }
}

fn wait(ms: u64) -> Duration {
    Duration::from_millis(ms.min(WAIT_MS_MAX))
}

/// For operations that have no answer for a payload over the bound.
pub(super) fn payload_fits(payload: &[u8]) -> Result<(), Fault> {
    if payload.len() <= MAX_PAYLOAD {
        return Ok(());
    }
    Err(Misuse::TooMany {
        what: "bytes in a payload",
        most: MAX_PAYLOAD,
    }
    .into())
}
