//! `spawn` and `load`.

use super::refused::Refused;
use super::result::Long;
use super::{Call, short};
use crate::guest::GuestState;
use crate::host::Host;
use rusm_abi::{MODULE, SpawnOptions, Spawned};
use rusm_actor::Ref;
use wasmtime::{Caller, Linker};

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "spawn", spawn)?.func_wrap_async(
        MODULE,
        "load",
        |caller, (name, name_length, code, code_length)| {
            Box::new(load(caller, (name, name_length), (code, code_length)))
        },
    )?;
    Ok(())
}

fn spawn(
    mut caller: Caller<'_, GuestState>,
    component: i32,
    component_length: i32,
    options: i32,
    options_length: i32,
    buffer: i32,
    length: i32,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let room = call.memory.room(buffer, length)?;
    let component = call.memory.text(component, component_length)?;
    let options = call.memory.record("options", options, options_length)?;
    let spawned =
        Host::new(call.state).spawn(component, &options.unwrap_or(SpawnOptions::plain()))?;
    let spawned = spawned.map_err(Refused::from).map(|spawned| {
        Long::record(&Spawned {
            process: spawned.pid.as_u64(),
            monitor: spawned.monitor.map(Ref::as_u64),
        })
    });
    Ok(call.long(room, spawned)?)
}

async fn load(
    mut caller: Caller<'_, GuestState>,
    name: (i32, i32),
    code: (i32, i32),
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let name = call.memory.text(name.0, name.1)?.to_owned();
    let code = call.memory.bytes(code.0, code.1)?.to_vec();
    let loaded = Host::new(call.state).load(&name, code).await;
    Ok(short(
        caller.data_mut(),
        loaded.map(|()| 0).map_err(Into::into),
    ))
}
