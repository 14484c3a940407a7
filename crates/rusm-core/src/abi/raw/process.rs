//! `self`, `parent`, `exit`, `trap-exits`, links, monitors and signals.

use super::{Call, host, short};
use crate::guest::GuestState;
use crate::host::Host;
use rusm_abi::{MODULE, Reason};
use rusm_actor::Pid;
use wasmtime::{Caller, Linker};

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker
        .func_wrap(MODULE, "self", own_pid)?
        .func_wrap(MODULE, "parent", parent)?
        .func_wrap(MODULE, "exit", exit)?
        .func_wrap(MODULE, "trap-exits", trap_exits)?
        .func_wrap(MODULE, "link", link)?
        .func_wrap(MODULE, "unlink", unlink)?
        .func_wrap(MODULE, "monitor", monitor)?
        .func_wrap(MODULE, "demonitor", demonitor)?
        .func_wrap(MODULE, "signal", signal)?;
    Ok(())
}

fn own_pid(mut caller: Caller<'_, GuestState>) -> i64 {
    host(&mut caller).own_pid().as_u64().cast_signed()
}

fn parent(mut caller: Caller<'_, GuestState>) -> i64 {
    host(&mut caller)
        .parent()
        .map_or(0, Pid::as_u64)
        .cast_signed()
}

fn exit(mut caller: Caller<'_, GuestState>, reason: i32, length: i32) -> wasmtime::Result<()> {
    let call = Call::enter(&mut caller)?;
    let reason = call.memory.record("reason", reason, length)?;
    Err(Host::new(call.state)
        .exit(reason.unwrap_or(Reason::Normal))
        .into())
}

fn trap_exits(mut caller: Caller<'_, GuestState>, on: i32) -> wasmtime::Result<i32> {
    let before = host(&mut caller).trap_exits(on != 0)?;
    Ok(i32::from(before))
}

fn link(mut caller: Caller<'_, GuestState>, to: i64) -> wasmtime::Result<i32> {
    let linked = host(&mut caller).link(to.cast_unsigned())?;
    Ok(short(
        caller.data_mut(),
        linked.map(|()| 0).map_err(Into::into),
    ))
}

fn unlink(mut caller: Caller<'_, GuestState>, to: i64) -> wasmtime::Result<()> {
    Ok(host(&mut caller).unlink(to.cast_unsigned())?)
}

fn monitor(mut caller: Caller<'_, GuestState>, to: i64) -> wasmtime::Result<i64> {
    let monitor = host(&mut caller).monitor(to.cast_unsigned())?;
    Ok(monitor.as_u64().cast_signed())
}

fn demonitor(mut caller: Caller<'_, GuestState>, monitor: i64) {
    host(&mut caller).demonitor(monitor.cast_unsigned());
}

fn signal(
    mut caller: Caller<'_, GuestState>,
    to: i64,
    reason: i32,
    length: i32,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let reason = call
        .memory
        .record("reason", reason, length)?
        .unwrap_or(Reason::Normal);
    let signalled = Host::new(call.state).signal(to.cast_unsigned(), reason)?;
    Ok(short(call.state, signalled.map(|()| 0).map_err(Into::into)))
}
