//! The functions of WASI preview 1 that make handles, that close them, or that take host memory by a number; each asks for room first and
//! goes on as Wasmtime's own.

use super::super::beneath::{At, tell_p1};
use super::p2::check_random;
use crate::code::Guest;
use wasmtime::{AsContextMut, Caller, Extern, Linker, Memory};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p1::types::{Errno, Fd, Filetype, Lookupflags, Oflags, Rights};
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as preview1, WasiSnapshotPreview1};
use wiggle::{GuestMemory, GuestPtr};

const MODULE: &str = "wasi_snapshot_preview1";

/// Shadows the functions. Call it after Wasmtime's own were added.
pub(crate) fn shadow_p1<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.func_wrap_async(MODULE, "path_open", |caller, args| {
        Box::new(path_open(caller, args))
    })?;
    linker.func_wrap_async(MODULE, "poll_oneoff", |caller, args| {
        Box::new(poll_oneoff(caller, args))
    })?;
    linker.func_wrap_async(MODULE, "fd_close", |caller, args| {
        Box::new(fd_close(caller, args))
    })?;
    linker.func_wrap_async(MODULE, "fd_renumber", |caller, args| {
        Box::new(fd_renumber(caller, args))
    })?;
    linker.func_wrap(MODULE, "random_get", random_get)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// `fd`, `dirflags`, `path`, its length, `oflags`, rights, inheriting rights, `fdflags`, and where the new descriptor goes.
type Open = (i32, i32, i32, i32, i32, i64, i64, i32, i32);

async fn path_open<T: Guest>(mut caller: Caller<'_, T>, args: Open) -> wasmtime::Result<i32> {
    let (fd, flags, path, length, open, rights, inheriting, fd_flags, result) = args;
    let (mut memory, state) = enter(&mut caller)?;
    let Ok(_promise) = state.wasi().promise(1) else {
        return Ok(errno(Errno::Mfile));
    };
    let context = state.wasi().preview1();
    if is_special(context, &mut memory, fd, flags, (path, length)).await {
        return Ok(errno(Errno::Notsup));
    }
    let answer = preview1::path_open(
        context,
        &mut memory,
        fd,
        flags,
        path,
        length,
        open,
        rights,
        inheriting,
        fd_flags,
        result,
    )
    .await?;
    let attempt = [At::followed(fd, flags, path, length)];
    tell_p1(
        state,
        &mut memory,
        answer,
        is_change(open, rights),
        &attempt,
    )
    .await;
    Ok(answer)
}

/// Whether opening would change anything.
fn is_change(open: i32, rights: i64) -> bool {
    let makes = Oflags::CREAT | Oflags::TRUNC;
    let makes = Oflags::try_from(open).is_ok_and(|open| open.intersects(makes));
    // Rights that there are not are left out by Wasmtime too.
    makes || Rights::from_bits_truncate(rights.cast_unsigned()).contains(Rights::FD_WRITE)
}

/// Whether a path leads to neither a file nor a folder nor a link, see `files.rs`.
async fn is_special(
    context: &mut WasiP1Ctx,
    memory: &mut GuestMemory<'_>,
    fd: i32,
    flags: i32,
    (path, length): (i32, i32),
) -> bool {
    let Ok(flags) = Lookupflags::try_from(flags) else {
        return false;
    };
    let fd = Fd::from(fd.cast_unsigned());
    let path = GuestPtr::<str>::new((path.cast_unsigned(), length.cast_unsigned()));
    let stat = WasiSnapshotPreview1::path_filestat_get(context, memory, fd, flags, path).await;
    stat.is_ok_and(|stat| {
        !matches!(
            stat.filetype,
            Filetype::RegularFile | Filetype::Directory | Filetype::SymbolicLink
        )
    })
}

/// Subscriptions, room for events, how many, and where the number of events goes.
async fn poll_oneoff<T: Guest>(
    mut caller: Caller<'_, T>,
    (subscriptions, events, n, result): (i32, i32, i32, i32),
) -> wasmtime::Result<i32> {
    let (mut memory, state) = enter(&mut caller)?;
    if !state.wasi().has_entries(n.cast_unsigned()) {
        return Ok(errno(Errno::Nomem));
    }
    let context = state.wasi().preview1();
    preview1::poll_oneoff(context, &mut memory, subscriptions, events, n, result).await
}

async fn fd_close<T: Guest>(mut caller: Caller<'_, T>, (fd,): (i32,)) -> wasmtime::Result<i32> {
    let (mut memory, state) = enter(&mut caller)?;
    let closed = preview1::fd_close(state.wasi().preview1(), &mut memory, fd).await;
    state.wasi().recount();
    closed
}

async fn fd_renumber<T: Guest>(
    mut caller: Caller<'_, T>,
    (from, to): (i32, i32),
) -> wasmtime::Result<i32> {
    let (mut memory, state) = enter(&mut caller)?;
    let moved = preview1::fd_renumber(state.wasi().preview1(), &mut memory, from, to).await;
    state.wasi().recount();
    moved
}

fn random_get<T: Guest>(
    mut caller: Caller<'_, T>,
    buffer: i32,
    length: i32,
) -> wasmtime::Result<i32> {
    let (mut memory, state) = enter(&mut caller)?;
    check_random(state, u64::from(length.cast_unsigned()))?;
    preview1::random_get(state.wasi().preview1(), &mut memory, buffer, length)
}

/// The guest's memory and state, with what one call may take of the host set anew.
pub(in super::super) fn enter<'a, T: Guest>(
    caller: &'a mut Caller<'_, T>,
) -> wasmtime::Result<(GuestMemory<'a>, &'a mut T)> {
    let fuel = caller.as_context_mut().hostcall_fuel();
    let memory: Option<Memory> = caller.get_export("memory").and_then(Extern::into_memory);
    let memory = memory.ok_or_else(|| wasmtime::Error::msg("missing required memory export"))?;
    let (bytes, state) = memory.data_and_store_mut(caller);
    state.wasi().preview1().set_hostcall_fuel(fuel);
    Ok((GuestMemory::Unshared(bytes), state))
}

pub(in super::super) fn errno(errno: Errno) -> i32 {
    i32::from(u16::from(errno))
}
