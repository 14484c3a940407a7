//! The functions of WASI 0.3 that use paths, or change what is open.

use super::super::answer::{Answer, answer};
use super::{Attempt, Place};
use crate::code::Guest;
use rusm_caps::Obstacle;
use wasmtime::StoreContextMut;
use wasmtime::component::{Access, Accessor, Linker, LinkerInstance, Resource, StreamReader};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p3::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptorWithStore as _, NewTimestamp, OpenFlags, PathFlags,
};

type Fd = Resource<Descriptor>;

/// As Wasmtime's own, and what was refused is told.
macro_rules! told {
    ($files:ident, $name:literal, $method:ident($($arg:ident: $kind:ty),+), $attempt:expr) => {
        $files.func_wrap_concurrent(
            concat!("[method]descriptor.", $name),
            |accessor: &Accessor<T>, ($($arg,)+): ($($kind,)+)| {
                Box::pin(async move {
                    let attempt: Attempt = $attempt;
                    let files = accessor.with_getter::<WasiFilesystem>(T::filesystem);
                    let answer = answer(WasiFilesystem::$method(&files, $($arg),+).await);
                    tell_p3(accessor, &attempt, &answer).await;
                    answer
                })
            },
        )?
    };
}

/// Shadows the functions. Call it after Wasmtime's own were added.
pub(crate) fn shadow_paths_p3<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut files = linker.instance("wasi:filesystem/types@0.3.0")?;
    functions_with_paths!(told, files);
    streaming(&mut files)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// These answer by a future, so what will be refused is told before.
fn streaming<T: Guest>(files: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    files.func_wrap(
        "[method]descriptor.write-via-stream",
        |mut store: StoreContextMut<'_, T>, (fd, data, at): (Fd, StreamReader<u8>, u64)| {
            tell_of_stream(store.data_mut(), &fd);
            let files = Access::<T, WasiFilesystem>::new(store, T::filesystem);
            Ok((WasiFilesystem::write_via_stream(files, fd, data, at)?,))
        },
    )?;
    files.func_wrap(
        "[method]descriptor.append-via-stream",
        |mut store: StoreContextMut<'_, T>, (fd, data): (Fd, StreamReader<u8>)| {
            tell_of_stream(store.data_mut(), &fd);
            let files = Access::<T, WasiFilesystem>::new(store, T::filesystem);
            Ok((WasiFilesystem::append_via_stream(files, fd, data)?,))
        },
    )?;
    files.func_wrap(
        "[method]descriptor.read-directory",
        |mut store: StoreContextMut<'_, T>, (fd,): (Fd,)| {
            let attempt = Attempt::to_use(fd.rep(), false, "");
            store.data_mut().wasi().tell_if_given_up(&attempt);
            let files = Access::<T, WasiFilesystem>::new(store, T::filesystem);
            Ok((WasiFilesystem::read_directory(files, fd)?,))
        },
    )
}

/// A folder is no file to write to, whatever it is granted for.
fn tell_of_stream<T: Guest>(state: &mut T, fd: &Fd) {
    if state.wasi().is_file(fd.rep()) {
        let attempt = Attempt::to_change_open(fd.rep());
        state.wasi().tell_of_change(&attempt);
    }
}

flags_of_this_version!();

/// Tells of a refusal, if the answer is one.
pub(in super::super) async fn tell_p3<T: Guest, R>(
    accessor: &Accessor<T>,
    attempt: &Attempt,
    answer: &Answer<R, ErrorCode>,
) {
    match answer {
        Ok((Err(ErrorCode::NotPermitted),)) => {
            if accessor.with(|mut access| access.get().wasi().tell_of_change(attempt)) {
                return;
            }
            for place in &attempt.places {
                if leads_out(accessor, place).await {
                    return accessor
                        .with(|mut access| access.get().wasi().tell_of(place, Obstacle::LeadsOut));
                }
            }
        }
        Ok((Err(ErrorCode::NotDirectory),)) => {
            accessor.with(|mut access| access.get().wasi().tell_if_given_up(attempt));
        }
        Ok(_) | Err(_) => {}
    }
}

/// Looking at what is there is permitted, wherever it is there.
async fn leads_out<T: Guest>(accessor: &Accessor<T>, place: &Place) -> bool {
    let files = accessor.with_getter::<WasiFilesystem>(T::filesystem);
    let fd = Resource::new_borrow(place.handle);
    let found = WasiFilesystem::stat_at(&files, fd, how_to_follow(place), place.path.clone()).await;
    found.is_err_and(|error| matches!(error.downcast_ref(), Some(ErrorCode::NotPermitted)))
}
