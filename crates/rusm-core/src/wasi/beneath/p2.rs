//! The functions of WASI 0.2 that use paths, or change what is open.

use super::super::answer::{Answer, answer};
use super::{Attempt, Place};
use crate::code::Guest;
use rusm_caps::Obstacle;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor as _, NewTimestamp, OpenFlags, PathFlags,
};

type Fd = Resource<Descriptor>;

/// As Wasmtime's own, and what was refused is told.
macro_rules! told {
    ($files:ident, $name:literal, $method:ident($($arg:ident: $kind:ty),+), $attempt:expr) => {
        $files.func_wrap_async(
            concat!("[method]descriptor.", $name),
            |mut store: StoreContextMut<'_, T>, ($($arg,)+): ($($kind,)+)| {
                Box::new(async move {
                    let attempt: Attempt = $attempt;
                    let state = store.data_mut();
                    let answer = answer(state.filesystem().$method($($arg),+).await);
                    tell_p2(state, &attempt, &answer).await;
                    answer
                })
            },
        )?
    };
}

/// Shadows the functions. Call it after Wasmtime's own were added.
pub(crate) fn shadow_paths_p2<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut files = linker.instance("wasi:filesystem/types@0.2.12")?;
    functions_with_paths!(told, files);
    told!(files, "write", write(fd: Fd, bytes: Vec<u8>, offset: u64), Attempt::to_change_open(fd.rep()));
    linker.allow_shadowing(false);
    Ok(())
}

flags_of_this_version!();

/// Tells of a refusal, if the answer is one.
pub(in super::super) async fn tell_p2<T: Guest, R>(
    state: &mut T,
    attempt: &Attempt,
    answer: &Answer<R, ErrorCode>,
) {
    match answer {
        Ok((Err(ErrorCode::NotPermitted),)) if !state.wasi().tell_of_change(attempt) => {
            for place in &attempt.places {
                if leads_out(state, place).await {
                    return state.wasi().tell_of(place, Obstacle::LeadsOut);
                }
            }
        }
        Ok((Err(ErrorCode::NotDirectory),)) => _ = state.wasi().tell_if_given_up(attempt),
        Ok(_) | Err(_) => {}
    }
}

/// The same for what is open already, which has no path that could lead out.
pub(in super::super) fn tell_open_p2<T: Guest, R>(
    state: &mut T,
    handle: u32,
    answer: &Answer<R, ErrorCode>,
) {
    let attempt = Attempt::to_change_open(handle);
    match answer {
        Ok((Err(ErrorCode::NotPermitted),)) => _ = state.wasi().tell_of_change(&attempt),
        Ok((Err(ErrorCode::NotDirectory),)) => _ = state.wasi().tell_if_given_up(&attempt),
        Ok(_) | Err(_) => {}
    }
}

/// Looking at what is there is permitted, wherever it is there.
async fn leads_out<T: Guest>(state: &mut T, place: &Place) -> bool {
    let fd = Resource::new_borrow(place.handle);
    let found = state
        .filesystem()
        .stat_at(fd, how_to_follow(place), place.path.clone())
        .await;
    found.is_err_and(|error| error.downcast_ref() == Some(&ErrorCode::NotPermitted))
}
