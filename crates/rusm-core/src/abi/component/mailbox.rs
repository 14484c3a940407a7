//! `mailbox`: messages, calls and timers.

use super::wit::mailbox::{
    CallError, DownEvent, Event, ExitEvent, Message, Request, Selector, SendError,
};
use super::wit::types::Destination;
use super::{View, denial, exit_reason, wit};
use crate::guest::GuestState;
use crate::host::Host;
use crate::host::mailbox::{Address, CallRefused, SendRefused};
use rusm_abi::List;
use rusm_actor::{Payload, Ref};
use wasmtime::component::{Linker, WasmList};
use wasmtime::{Result, StoreContextMut};

/// The functions whose payload goes straight from the guest's memory into its message: bound by themselves, as the bindings know a
/// list only as a vector, which is copied piece by piece, and for a short one allocated for nothing.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> Result<()> {
    linker.allow_shadowing(true);
    let mut mailbox = linker.instance(INTERFACE)?;
    mailbox.func_wrap("send", |mut store, (to, tag, payload): Sent| {
        let payload = taken(&store, &payload);
        let sent = Host::new(store.data_mut()).send(address(&to), tag, payload)?;
        Ok((sent.map_err(send_error),))
    })?;
    mailbox.func_wrap("reply", |mut store, (request, payload): Replied| {
        let payload = taken(&store, &payload);
        Host::new(store.data_mut()).reply(request, payload)?;
        Ok(())
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

const INTERFACE: &str = "rusm:actor/mailbox@0.1.0";

type Sent = (Destination, u64, WasmList<u8>);
type Replied = (u64, WasmList<u8>);

/// A payload, out of the guest's memory. What one call may hand in is bounded when the list is lifted.
fn taken(store: &StoreContextMut<'_, GuestState>, list: &WasmList<u8>) -> Payload {
    Payload::from(list.as_le_slice(store))
}

impl wit::mailbox::Host for View<'_> {
    // This one and `reply` are shadowed.
    fn send(
        &mut self,
        to: Destination,
        tag: u64,
        payload: Vec<u8>,
    ) -> Result<Result<(), SendError>> {
        Ok(self.0.send(address(&to), tag, payload)?.map_err(send_error))
    }

    async fn receive(
        &mut self,
        select: Option<Selector>,
        timeout_ms: Option<u64>,
    ) -> Result<Option<Event>> {
        let select = select.as_ref().map(selector).unwrap_or_default();
        let select = self.0.selector(&select)?;
        let received = match timeout_ms {
            None => Some(self.0.receive(select).await),
            Some(ms) => self.0.receive_timeout(select, ms).await,
        };
        Ok(received.map(event))
    }

    async fn call(
        &mut self,
        to: Destination,
        tag: u64,
        payload: Vec<u8>,
        timeout_ms: Option<u64>,
    ) -> Result<Result<Vec<u8>, CallError>> {
        let reply = self.0.call(address(&to), tag, payload, timeout_ms).await?;
        Ok(reply.map(Payload::into_vec).map_err(call_error))
    }

    fn reply(&mut self, request: u64, payload: Vec<u8>) -> Result<()> {
        Ok(self.0.reply(request, payload)?)
    }

    fn send_after(
        &mut self,
        delay_ms: u64,
        to: Destination,
        tag: u64,
        payload: Vec<u8>,
    ) -> Result<Result<u64, SendError>> {
        let timer = self.0.send_after(delay_ms, address(&to), tag, payload)?;
        Ok(timer.map(Ref::as_u64).map_err(send_error))
    }

    fn cancel_timer(&mut self, timer: u64) -> Result<Option<u64>> {
        Ok(self.0.cancel_timer(timer))
    }
}

fn address(to: &Destination) -> Address<'_> {
    match to {
        Destination::Pid(pid) => Address::Pid(*pid),
        Destination::Name(name) => Address::Name(name),
    }
}

fn selector(select: &Selector) -> rusm_abi::Selector<'_> {
    rusm_abi::Selector {
        tags: select.tags.as_deref().map(List::Slice),
        sender: select.sender,
        monitor: select.monitor,
    }
}

fn event(event: rusm_actor::Event) -> Event {
    match event {
        rusm_actor::Event::Message(message) => Event::Message(Message {
            sender: message.from.as_u64(),
            tag: message.tag,
            payload: message.payload.into_vec(),
        }),
        rusm_actor::Event::Request(request) => Event::Request(Request {
            id: request.id.as_u64(),
            sender: request.from.as_u64(),
            tag: request.tag,
            payload: request.payload.into_vec(),
        }),
        rusm_actor::Event::Exit { from, reason } => Event::Exit(ExitEvent {
            sender: from.as_u64(),
            reason: exit_reason(&reason),
        }),
        rusm_actor::Event::Down {
            monitor,
            pid,
            reason,
        } => Event::Down(DownEvent {
            monitor: monitor.as_u64(),
            process: pid.as_u64(),
            reason: exit_reason(&reason),
        }),
    }
}

fn send_error(refused: SendRefused) -> SendError {
    match refused {
        SendRefused::Denied(denied) => SendError::Denied(denial(denied)),
        SendRefused::NoName => SendError::NoName,
        SendRefused::MailboxFull => SendError::MailboxFull,
        SendRefused::TooLarge => SendError::TooLarge,
    }
}

fn call_error(refused: CallRefused) -> CallError {
    match refused {
        CallRefused::Denied(denied) => CallError::Denied(denial(denied)),
        CallRefused::MailboxFull => CallError::MailboxFull,
        CallRefused::TooLarge => CallError::TooLarge,
        CallRefused::Timeout => CallError::Timeout,
        CallRefused::Exited(why) => CallError::Exited(exit_reason(&why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::Engine;

    /// A name that is not the interface's would bind nothing, and say nothing.
    #[test]
    fn what_is_bound_by_hand_takes_the_place_of_what_the_bindings_bound() {
        let mut linker = Linker::<GuestState>::new(&Engine::default());
        super::super::add_to_linker(&mut linker).unwrap();
        let mut mailbox = linker.instance(INTERFACE).unwrap();
        for name in ["send", "reply"] {
            let again = mailbox.func_wrap(name, |_, (): ()| Ok(()));
            let refused = again.unwrap_err().to_string();
            assert!(refused.contains("defined twice"), "{name}: {refused}");
        }
    }
}
