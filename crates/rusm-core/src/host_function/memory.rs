//! A core module's memory, as a host function of the embedder's sees it.

use super::HostFunctionError;
use crate::abi::memory::GuestMemory;
use crate::abi::raw::memory_of;
use crate::guest::GuestState;
use crate::host::Fault;
use wasmtime::Caller;

/// What a call hands in is counted by [`super::RawCall`], over all its reads.
const UNCOUNTED: u64 = u64::MAX;

/// Bytes that one call may hand in.
pub(super) fn call_bytes_max(state: &GuestState) -> u64 {
    state.max_call_bytes
}

pub(super) fn read(
    caller: &mut Caller<'_, GuestState>,
    pointer: i32,
    length: i32,
) -> Result<Vec<u8>, HostFunctionError> {
    let memory = memory_of(caller).map_err(misuse)?;
    let memory = GuestMemory::new(memory.data_mut(caller), UNCOUNTED);
    memory
        .bytes(pointer, length)
        .map(<[u8]>::to_vec)
        .map_err(misuse)
}

pub(super) fn write(
    caller: &mut Caller<'_, GuestState>,
    pointer: i32,
    bytes: &[u8],
) -> Result<(), HostFunctionError> {
    let length = u32::try_from(bytes.len())
        .map_err(|_| HostFunctionError::new("the answer is longer than any memory"))?;
    let memory = memory_of(caller).map_err(misuse)?;
    let mut memory = GuestMemory::new(memory.data_mut(caller), UNCOUNTED);
    let room = memory.room(pointer, length.cast_signed()).map_err(misuse)?;
    if let Some(room) = memory.open(room, bytes.len()).map_err(misuse)? {
        room.copy_from_slice(bytes);
    }
    Ok(())
}

fn misuse(fault: Fault) -> HostFunctionError {
    match fault {
        Fault::Misuse(misuse) => HostFunctionError::new(misuse),
        Fault::Exit(reason) => HostFunctionError::new(reason),
        Fault::Breach(breach) => HostFunctionError::new(breach.0),
    }
}
