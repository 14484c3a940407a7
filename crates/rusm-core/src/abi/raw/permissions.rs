//! `query` and `drop`.

use super::Call;
use crate::guest::GuestState;
use crate::host::Host;
use rusm_abi::MODULE;
use wasmtime::{Caller, Linker};

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker
        .func_wrap(MODULE, "query", query)?
        .func_wrap(MODULE, "drop", drop_permission)?;
    Ok(())
}

fn query(
    mut caller: Caller<'_, GuestState>,
    permission: i32,
    permission_length: i32,
    target: i32,
    target_length: i32,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let permission = call.memory.text(permission, permission_length)?;
    let target = call.memory.optional_text(target, target_length)?;
    Ok(i32::from(Host::new(call.state).query(permission, target)))
}

fn drop_permission(
    mut caller: Caller<'_, GuestState>,
    permission: i32,
    length: i32,
) -> wasmtime::Result<()> {
    let call = Call::enter(&mut caller)?;
    let permission = call.memory.text(permission, length)?;
    Ok(Host::new(call.state).drop_permission(permission)?)
}
