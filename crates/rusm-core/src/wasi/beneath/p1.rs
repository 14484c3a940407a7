//! The functions of WASI preview 1 that use paths, or change what is open.
//!
//! Wasmtime keeps to itself which descriptor is which, so a folder is known by the name under which it was granted. Of a folder that was
//! opened within another one, the profile tells no more than whether any folder is for reading only.

use super::super::handles::{enter_p1, errno};
use crate::code::Guest;
use rusm_caps::{DirGrant, Obstacle};
use wasmtime::{Caller, Linker};
use wasmtime_wasi::p1::types::{Errno, Fd, Lookupflags, Prestat};
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as preview1, WasiSnapshotPreview1};
use wiggle::{GuestMemory, GuestPtr};

/// Shadows the functions. Call it after Wasmtime's own were added.
pub(crate) fn shadow_paths_p1<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    looking(linker)?;
    changing(linker)?;
    changing_two(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// A path as a guest gives it: the descriptor that it begins at, whether a link at its end is followed, where it is, and its length.
#[derive(Clone, Copy)]
pub(in super::super) struct At {
    fd: i32,
    flags: i32,
    path: (i32, i32),
}

impl At {
    fn path(fd: i32, path: i32, length: i32) -> At {
        At::followed(fd, 0, path, length)
    }

    pub(in super::super) fn followed(fd: i32, flags: i32, path: i32, length: i32) -> At {
        let path = (path, length);
        At { fd, flags, path }
    }

    /// The descriptor itself.
    fn open(fd: i32) -> At {
        At::path(fd, 0, 0)
    }
}

/// As Wasmtime's own, and what was refused is told.
macro_rules! told {
    ($linker:ident, $is_change:literal, $function:ident($($arg:ident: $kind:ty),+), $attempt:expr) => {
        $linker.func_wrap_async(
            "wasi_snapshot_preview1",
            stringify!($function),
            |mut caller: Caller<'_, T>, ($($arg,)+): ($($kind,)+)| {
                Box::new(async move {
                    let (mut memory, state) = enter_p1(&mut caller)?;
                    let context = state.wasi().preview1();
                    let answer = preview1::$function(context, &mut memory, $($arg),+).await?;
                    tell(state, &mut memory, answer, $is_change, &$attempt).await;
                    wasmtime::Result::Ok(answer)
                })
            },
        )?
    };
}

fn looking<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    told!(linker, false, path_filestat_get(fd: i32, flags: i32, path: i32, length: i32, result: i32),
        [At::followed(fd, flags, path, length)]);
    told!(linker, false,
        path_readlink(fd: i32, path: i32, length: i32, room: i32, bytes: i32, result: i32),
        [At::path(fd, path, length)]);
    told!(linker, false, fd_readdir(fd: i32, room: i32, bytes: i32, cookie: i64, result: i32),
        [At::open(fd)]);
    Ok(())
}

fn changing<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    told!(linker, true, fd_filestat_set_size(fd: i32, size: i64), [At::open(fd)]);
    told!(linker, true, fd_filestat_set_times(fd: i32, accessed: i64, modified: i64, which: i32),
        [At::open(fd)]);
    told!(linker, true,
        path_filestat_set_times(fd: i32, flags: i32, path: i32, length: i32, accessed: i64, modified: i64, which: i32),
        [At::followed(fd, flags, path, length)]);
    told!(linker, true, path_create_directory(fd: i32, path: i32, length: i32),
        [At::path(fd, path, length)]);
    told!(linker, true, path_remove_directory(fd: i32, path: i32, length: i32),
        [At::path(fd, path, length)]);
    told!(linker, true, path_unlink_file(fd: i32, path: i32, length: i32),
        [At::path(fd, path, length)]);
    Ok(())
}

fn changing_two<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    told!(linker, true,
        path_link(fd: i32, flags: i32, path: i32, length: i32, to: i32, name: i32, name_length: i32),
        [At::path(fd, path, length), At::path(to, name, name_length)]);
    told!(linker, true,
        path_rename(fd: i32, path: i32, length: i32, to: i32, name: i32, name_length: i32),
        [At::path(fd, path, length), At::path(to, name, name_length)]);
    told!(linker, true,
        path_symlink(target: i32, target_length: i32, fd: i32, path: i32, length: i32),
        [At::path(fd, path, length), At::path(fd, target, target_length)]);
    Ok(())
}

/// Tells of a refusal, if the answer is one.
pub(in super::super) async fn tell<T: Guest>(
    state: &mut T,
    memory: &mut GuestMemory<'_>,
    answer: i32,
    is_change: bool,
    attempt: &[At],
) {
    let is_refused = answer == errno(Errno::Perm);
    let is_gone = state.wasi().has_given_up_folders()
        && (answer == errno(Errno::Notdir) || (is_refused && is_change));
    let gone = match is_gone {
        true => attempt.iter().find(|at| is_of_folder(state, at)),
        false => None,
    };
    let obstacle = match gone {
        Some(at) => Some((*at, Obstacle::GivenUp)),
        None if is_refused => obstacle(state, memory, is_change, attempt).await,
        None => None,
    };
    if let Some((at, obstacle)) = obstacle {
        let folder = folder_of(state, at.fd).unwrap_or_default();
        let path = memory.as_cow_str(pointer(&at)).unwrap_or_default();
        state.wasi().tell(&folder, &path, obstacle);
    }
}

/// Whether it is a folder or a path that begins at one, and not a file that is open.
fn is_of_folder<T: Guest>(state: &mut T, at: &At) -> bool {
    at.path.1 != 0 || folder_of(state, at.fd).is_some()
}

/// Which of the paths was refused, and why. None where the system itself did.
async fn obstacle<T: Guest>(
    state: &mut T,
    memory: &mut GuestMemory<'_>,
    is_change: bool,
    attempt: &[At],
) -> Option<(At, Obstacle)> {
    let mut within = None;
    for at in attempt {
        let folder = folder_of(state, at.fd);
        match folder {
            Some(folder) if is_change && is_read_only(state, &folder) => {
                return Some((*at, Obstacle::ReadOnly));
            }
            Some(_) => {}
            None => within = within.or(Some(*at)),
        }
    }
    for at in attempt {
        if leads_out(state, memory, at).await {
            return Some((*at, Obstacle::LeadsOut));
        }
    }
    let within = within.filter(|_| is_change && has_read_only(state));
    within.map(|at| (at, Obstacle::ReadOnly))
}

fn is_read_only<T: Guest>(state: &mut T, folder: &str) -> bool {
    let mut grants = state.wasi().setup.guard.given().dirs().iter();
    grants.any(|grant| grant.guest() == folder && grant.is_read_only())
}

fn has_read_only<T: Guest>(state: &mut T) -> bool {
    let mut grants = state.wasi().setup.guard.given().dirs().iter();
    grants.any(DirGrant::is_read_only)
}

/// Looking at what is there is permitted, wherever it is there.
async fn leads_out<T: Guest>(state: &mut T, memory: &mut GuestMemory<'_>, at: &At) -> bool {
    let context = state.wasi().preview1();
    let Ok(flags) = Lookupflags::try_from(at.flags) else {
        return false;
    };
    let fd = Fd::from(at.fd.cast_unsigned());
    let found = context.path_filestat_get(memory, fd, flags, pointer(at));
    let refused = found.await.err();
    refused.and_then(|error| error.downcast().ok()) == Some(Errno::Perm)
}

fn pointer(at: &At) -> GuestPtr<str> {
    let (path, length) = at.path;
    GuestPtr::new((path.cast_unsigned(), length.cast_unsigned()))
}

/// The name under which a folder was granted.
fn folder_of<T: Guest>(state: &mut T, fd: i32) -> Option<String> {
    let fd = || Fd::from(fd.cast_unsigned());
    let context = state.wasi().preview1();
    let mut nothing = GuestMemory::Unshared(&mut []);
    let Prestat::Dir(folder) = context.fd_prestat_get(&mut nothing, fd()).ok()?;
    let mut name = vec![0; usize::try_from(folder.pr_name_len).ok()?];
    let mut room = GuestMemory::Unshared(&mut name);
    let at = GuestPtr::new(0);
    context
        .fd_prestat_dir_name(&mut room, fd(), at, folder.pr_name_len)
        .ok()?;
    String::from_utf8(name).ok()
}
