//! `processes`, `inspect` and `kill`.

use super::refused::Refused;
use super::result::Long;
use super::{Call, host, short};
use crate::guest::GuestState;
use crate::host::Host;
use crate::host::control::Inspected;
use rusm_abi::{Errno, Info, List, MODULE};
use rusm_actor::{Name, Pid};
use wasmtime::{Caller, Linker};

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker
        .func_wrap(MODULE, "processes", processes)?
        .func_wrap(MODULE, "inspect", inspect)?
        .func_wrap(MODULE, "kill", kill)?;
    Ok(())
}

fn processes(
    mut caller: Caller<'_, GuestState>,
    buffer: i32,
    length: i32,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let room = call.memory.room(buffer, length)?;
    let processes = Host::new(call.state).processes();
    let list = processes.map_err(Refused::from).map(|processes| {
        let infos: Vec<Info<'_>> = processes.iter().map(info).collect();
        Long::record(&List::Slice(&infos))
    });
    Ok(call.long(room, list)?)
}

fn inspect(
    mut caller: Caller<'_, GuestState>,
    process: i64,
    buffer: i32,
    length: i32,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let room = call.memory.room(buffer, length)?;
    let inspected = Host::new(call.state).inspect(process.cast_unsigned())?;
    let inspected = inspected
        .map_err(Refused::from)
        .and_then(|known| known.ok_or(Errno::NotFound.into()));
    Ok(call.long(room, inspected.map(|known| Long::record(&info(&known))))?)
}

fn kill(mut caller: Caller<'_, GuestState>, process: i64) -> wasmtime::Result<i32> {
    let killed = host(&mut caller).kill(process.cast_unsigned())?;
    Ok(short(
        caller.data_mut(),
        killed.map(|()| 0).map_err(Into::into),
    ))
}

fn info(inspected: &Inspected) -> Info<'_> {
    Info {
        process: inspected.process.as_u64(),
        parent: inspected.parent.map(Pid::as_u64),
        component: &inspected.component,
        name: inspected.name.as_ref().map(Name::as_str),
        profile: &inspected.profile,
        state: inspected.state,
        mailbox_length: inspected.mailbox_length,
        memory_bytes: inspected.memory_bytes,
        cpu_time_us: inspected.cpu_time_us,
        restarts: inspected.restarts,
    }
}
