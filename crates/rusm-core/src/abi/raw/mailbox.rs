//! `send`, `receive`, `call`, `reply` and timers.

use super::refused::Refused;
use super::result::Long;
use super::{Call, host, short};
use crate::abi::memory::GuestMemory;
use crate::guest::GuestState;
use crate::host::mailbox::Address;
use crate::host::{Fault, Host};
use rusm_abi::{Errno, MODULE, Selector};
use wasmtime::{Caller, Linker};

/// `to`, `name`, `name-length`.
type To = (i64, i32, i32);
/// `tag`, `payload`, `payload-length`.
type Content = (i64, i32, i32);

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
                Box::new(receive(
                    caller,
                    (select, select_len),
                    timeout_ms,
                    (buffer, length),
                ))
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

async fn receive(
    mut caller: Caller<'_, GuestState>,
    select: (i32, i32),
    timeout_ms: i64,
    buffer: (i32, i32),
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    // Checked before anything is taken out of the mailbox.
    let room = call.memory.room(buffer.0, buffer.1)?;
    let select: Option<Selector<'_>> = call.memory.record("selector", select.0, select.1)?;
    let select = Host::new(call.state).selector(&select.unwrap_or_default())?;
    let event = Host::new(caller.data_mut())
        .receive(select, timeout(timeout_ms))
        .await;
    match event {
        Some(event) => Ok(Call::resume(&mut caller)?.long(room, Ok(Long::Event(event)))?),
        None => Ok(0),
    }
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
