//! The imports of core modules: module `rusm`, as `abi/raw.md` documents it.
//!
//! One function per import: read the arguments out of guest memory, ask the [`Host`], write the answer back.
//! A long result goes straight from where the kernel keeps it into guest memory, in one copy; if the guest
//! gave too little room it waits in [`RawBuffers`], whole, until `take` fetches it or the next call of any
//! other import discards it.

mod control;
mod kv;
mod mailbox;
mod permissions;
mod process;
mod refused;
mod registry;
mod result;
mod spawner;

use super::memory::{GuestMemory, Room};
use crate::guest::GuestState;
use crate::host::{Fault, Host, Misuse};
use refused::Refused;
use result::Long;
use wasmtime::{Caller, Extern, Linker, Memory};

/// What the raw path keeps for a guest between its calls.
#[derive(Debug, Default)]
pub(crate) struct RawBuffers {
    memory: Option<Memory>,
    /// In a box: most guests give room enough.
    waiting: Option<Box<Long>>,
}

/// Adds every import of module `rusm`.
pub(crate) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    process::add_to_linker(linker)?;
    mailbox::add_to_linker(linker)?;
    registry::add_to_linker(linker)?;
    spawner::add_to_linker(linker)?;
    permissions::add_to_linker(linker)?;
    control::add_to_linker(linker)?;
    kv::add_to_linker(linker)?;
    result::add_to_linker(linker)
}

/// One call of a guest that speaks through its memory.
struct Call<'a> {
    memory: GuestMemory<'a>,
    state: &'a mut GuestState,
}

/// Begins a call without memory; what waited is discarded.
fn host<'a>(caller: &'a mut Caller<'_, GuestState>) -> Host<'a> {
    let state = caller.data_mut();
    state.raw.waiting = None;
    Host::new(state)
}

impl<'a> Call<'a> {
    /// Begins a call; what waited is discarded.
    fn enter(caller: &'a mut Caller<'_, GuestState>) -> Result<Self, Fault> {
        let call = Self::resume(caller)?;
        call.state.raw.waiting = None;
        Ok(call)
    }

    /// Goes on with a call after a wait, or begins `take`.
    fn resume(caller: &'a mut Caller<'_, GuestState>) -> Result<Self, Fault> {
        let memory = memory_of(caller)?;
        let (bytes, state) = memory.data_and_store_mut(caller);
        let most = state.max_call_bytes;
        Ok(Self {
            memory: GuestMemory::new(bytes, most),
            state,
        })
    }

    /// Writes the result into the room, or keeps it; answers its length, or the code.
    fn long(mut self, room: Room, result: Result<Long, Refused>) -> Result<i32, Fault> {
        match result {
            Ok(long) => {
                let n_bytes = long.len();
                match self.memory.open(room, n_bytes)? {
                    Some(room) => long.write(room),
                    None => self.state.raw.waiting = Some(Box::new(long)),
                }
                Ok(result::answered(n_bytes))
            }
            Err(refused) => Ok(refuse(self.state, refused)),
        }
    }
}

/// Answers the result, or the code; its detail waits for `take`.
fn short(state: &mut GuestState, result: Result<i32, Refused>) -> i32 {
    result.unwrap_or_else(|refused| refuse(state, refused))
}

fn refuse(state: &mut GuestState, refused: Refused) -> i32 {
    state.raw.waiting = refused.detail.map(|detail| Box::new(Long::Bytes(detail)));
    refused.errno.as_i32()
}

/// The memory that the calling module exports as `memory`.
pub(crate) fn memory_of(caller: &mut Caller<'_, GuestState>) -> Result<Memory, Fault> {
    if let Some(memory) = caller.data().raw.memory {
        return Ok(memory);
    }
    let export = caller.get_export("memory").and_then(Extern::into_memory);
    let memory = export.ok_or(Misuse::NoMemory)?;
    caller.data_mut().raw.memory = Some(memory);
    Ok(memory)
}
