//! Names and groups.

use super::result::Long;
use super::{Call, short};
use crate::guest::GuestState;
use crate::host::Host;
use rusm_abi::MODULE;
use rusm_actor::Pid;
use wasmtime::{Caller, Linker};

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker
        .func_wrap(MODULE, "register", register)?
        .func_wrap(MODULE, "unregister", unregister)?
        .func_wrap(MODULE, "whereis", whereis)?
        .func_wrap(MODULE, "join", join)?
        .func_wrap(MODULE, "leave", leave)?
        .func_wrap(MODULE, "members", members)?
        .func_wrap(MODULE, "broadcast", broadcast)?;
    Ok(())
}

fn register(mut caller: Caller<'_, GuestState>, name: i32, length: i32) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let name = call.memory.text(name, length)?;
    let registered = Host::new(call.state).register(name);
    Ok(short(
        call.state,
        registered.map(|()| 0).map_err(Into::into),
    ))
}

fn unregister(mut caller: Caller<'_, GuestState>, name: i32, length: i32) -> wasmtime::Result<()> {
    let call = Call::enter(&mut caller)?;
    let name = call.memory.text(name, length)?;
    Host::new(call.state).unregister(name);
    Ok(())
}

fn whereis(mut caller: Caller<'_, GuestState>, name: i32, length: i32) -> wasmtime::Result<i64> {
    let call = Call::enter(&mut caller)?;
    let name = call.memory.text(name, length)?;
    let holder = Host::new(call.state).whereis(name);
    Ok(holder.map_or(0, Pid::as_u64).cast_signed())
}

fn join(mut caller: Caller<'_, GuestState>, group: i32, length: i32) -> wasmtime::Result<()> {
    let call = Call::enter(&mut caller)?;
    let group = call.memory.text(group, length)?;
    Ok(Host::new(call.state).join(group)?)
}

fn leave(mut caller: Caller<'_, GuestState>, group: i32, length: i32) -> wasmtime::Result<()> {
    let call = Call::enter(&mut caller)?;
    let group = call.memory.text(group, length)?;
    Host::new(call.state).leave(group);
    Ok(())
}

fn members(
    mut caller: Caller<'_, GuestState>,
    group: i32,
    group_length: i32,
    buffer: i32,
    length: i32,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let room = call.memory.room(buffer, length)?;
    let group = call.memory.text(group, group_length)?;
    let members = Host::new(call.state).members(group);
    let pids = members
        .into_iter()
        .flat_map(|member| member.as_u64().to_le_bytes());
    Ok(call.long(room, Ok(Long::Bytes(pids.collect())))?)
}

fn broadcast(
    mut caller: Caller<'_, GuestState>,
    group: i32,
    group_length: i32,
    tag: i64,
    payload: i32,
    length: i32,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let group = call.memory.text(group, group_length)?;
    let payload = call.memory.bytes(payload, length)?;
    let n_takers = Host::new(call.state).broadcast(group, tag.cast_unsigned(), payload)?;
    Ok(i32::try_from(n_takers).unwrap_or(i32::MAX))
}
