//! `send`, `receive`, `call`, `reply` and timers.

use super::refused::Refused;
use super::result::Long;
use super::{Call, host, short};
use crate::abi::memory::{GuestMemory, Room};
use crate::guest::GuestState;
use crate::host::mailbox::Address;
use crate::host::{Fault, Host};
use rusm_abi::{Errno, MODULE, Selector};
use rusm_actor::Event;
use wasmtime::{Caller, Linker};

/// `to`, `name`, `name-length`.
type To = (i64, i32, i32);
/// `tag`, `payload`, `payload-length`.
type Content = (i64, i32, i32);

/// What an import that may wait answers.
type Answer<'a> = Box<dyn Future<Output = wasmtime::Result<i32>> + Send + 'a>;

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker
        .func_wrap(
            MODULE,
            "send",
            |caller: Caller<'_, GuestState>, to, name, name_len, tag, payload, len| {
                send(caller, (to, name, name_len), (tag, payload, len))
            },
        )?
        .func_wrap_async(
            MODULE,
            "receive",
            |caller, (select, select_len, timeout_ms, buffer, length)| {
                let (select, buffer) = ((select, select_len), (buffer, length));
                receive(caller, select, timeout(timeout_ms), buffer)
            },
        )?
        .func_wrap_async(
            MODULE,
            "call",
            |caller, (to, name, name_len, tag, payload, len, timeout_ms, buffer, length)| {
                Box::new(call(
                    caller,
                    (to, name, name_len),
                    (tag, payload, len),
                    timeout_ms,
                    (buffer, length),
                ))
            },
        )?
        .func_wrap(MODULE, "reply", reply)?
        .func_wrap(
            MODULE,
            "send-after",
            |caller: Caller<'_, GuestState>,
             delay_ms,
             to,
             name,
             name_len,
             tag,
             payload,
             len,
             buffer,
             length| {
                send_after(
                    caller,
                    delay_ms,
                    (to, name, name_len),
                    (tag, payload, len),
                    (buffer, length),
                )
            },
        )?
        .func_wrap(MODULE, "cancel-timer", cancel_timer)?;
    Ok(())
}

fn send(mut caller: Caller<'_, GuestState>, to: To, content: Content) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let (tag, payload, length) = content;
    let to = address(&call.memory, to)?;
    let payload = call.memory.bytes(payload, length)?;
    let sent = Host::new(call.state).send(to, tag.cast_unsigned(), payload)?;
    Ok(short(call.state, sent.map(|()| 0).map_err(Into::into)))
}

/// What is asked for is looked at before there is a future, which is the smaller for it: every receive makes one.
fn receive<'a>(
    mut caller: Caller<'a, GuestState>,
    select: (i32, i32),
    timeout_ms: Option<u64>,
    buffer: (i32, i32),
) -> Answer<'a> {
    match (asked(&mut caller, select, buffer), timeout_ms) {
        (Err(fault), _) => Box::new(std::future::ready(Err(fault.into()))),
        (Ok((room, select)), None) => Box::new(async move {
            let event = Host::new(caller.data_mut()).receive(select).await;
            received(&mut caller, room, event)
        }),
        (Ok((room, select)), Some(ms)) => Box::new(async move {
            match Host::new(caller.data_mut())
                .receive_timeout(select, ms)
                .await
            {
                Some(event) => received(&mut caller, room, event),
                None => Ok(0),
            }
        }),
    }
}

/// All of it is checked before anything is taken out of the mailbox.
fn asked(
    caller: &mut Caller<'_, GuestState>,
    select: (i32, i32),
    buffer: (i32, i32),
) -> Result<(Room, rusm_actor::Selector), Fault> {
    let call = Call::enter(caller)?;
    let room = call.memory.room(buffer.0, buffer.1)?;
    let select: Option<Selector<'_>> = call.memory.record("selector", select.0, select.1)?;
    let select = match select {
        Some(select) => Host::new(call.state).selector(&select)?,
        None => rusm_actor::Selector::any(),
    };
    Ok((room, select))
}

fn received(
    caller: &mut Caller<'_, GuestState>,
    room: Room,
    event: Event,
) -> wasmtime::Result<i32> {
    Ok(Call::resume(caller)?.long(room, Ok(Long::Event(event)))?)
}

async fn call(
    mut caller: Caller<'_, GuestState>,
    to: To,
    content: Content,
    timeout_ms: i64,
    buffer: (i32, i32),
) -> wasmtime::Result<i32> {
    let (tag, payload, length) = content;
    let call = Call::enter(&mut caller)?;
    let room = call.memory.room(buffer.0, buffer.1)?;
    let to = address(&call.memory, to)?;
    let payload = call.memory.bytes(payload, length)?;
    let host = &mut Host::new(call.state);
    let reply = host
        .call(to, tag.cast_unsigned(), payload, timeout(timeout_ms))
        .await?;
    let reply = reply.map(Long::Payload).map_err(Refused::from);
    Ok(Call::resume(&mut caller)?.long(room, reply)?)
}

fn reply(
    mut caller: Caller<'_, GuestState>,
    request: i64,
    payload: i32,
    length: i32,
) -> wasmtime::Result<()> {
    let call = Call::enter(&mut caller)?;
    let payload = call.memory.bytes(payload, length)?;
    Ok(Host::new(call.state).reply(request.cast_unsigned(), payload)?)
}

fn send_after(
    mut caller: Caller<'_, GuestState>,
    delay_ms: i64,
    to: To,
    content: Content,
    buffer: (i32, i32),
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let (tag, payload, length) = content;
    let room = call.memory.room(buffer.0, buffer.1)?;
    let to = address(&call.memory, to)?;
    let payload = call.memory.bytes(payload, length)?;
    let timer = Host::new(call.state).send_after(
        delay_ms.cast_unsigned(),
        to,
        tag.cast_unsigned(),
        payload,
    )?;
    let timer = timer
        .map(|timer| Long::record(&timer.as_u64()))
        .map_err(Refused::from);
    Ok(call.long(room, timer)?)
}

fn cancel_timer(mut caller: Caller<'_, GuestState>, timer: i64) -> i64 {
    match host(&mut caller).cancel_timer(timer.cast_unsigned()) {
        Some(left_ms) => i64::try_from(left_ms).unwrap_or(i64::MAX),
        None => Errno::NotFound.as_i32().into(),
    }
}

fn address<'a>(memory: &'a GuestMemory<'_>, to: To) -> Result<Address<'a>, Fault> {
    match to {
        (0, name, length) => memory.text(name, length).map(Address::Name),
        (pid, _, _) => Ok(Address::Pid(pid.cast_unsigned())),
    }
}

/// A negative timeout is none.
fn timeout(ms: i64) -> Option<u64> {
    u64::try_from(ms).ok()
}
