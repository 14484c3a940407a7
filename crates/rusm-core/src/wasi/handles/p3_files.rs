//! The one function of WASI 0.3 for files that makes a handle; it asks for room first and goes on as Wasmtime's own.

use super::super::answer::answer;
use super::super::beneath::{opening_p3, tell_p3};
use crate::code::Guest;
use wasmtime::component::{Accessor, Linker, Resource};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p3::bindings::filesystem::types::{
    DescriptorFlags, DescriptorType, ErrorCode, HostDescriptorWithStore as _, OpenFlags, PathFlags,
};

/// Shadows the function of WASI 0.3. Call it after Wasmtime's own were added.
pub(crate) fn shadow_handles_p3<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    type Open = (
        Resource<Descriptor>,
        PathFlags,
        String,
        OpenFlags,
        DescriptorFlags,
    );
    linker.allow_shadowing(true);
    linker
        .instance("wasi:filesystem/types@0.3.0")?
        .func_wrap_concurrent(
            "[method]descriptor.open-at",
            |accessor: &Accessor<T>, (fd, path_flags, path, open, flags): Open| {
                Box::pin(async move {
                    let promise = accessor.with(|mut access| access.get().wasi().promise(1));
                    let Ok(_promise) = promise else {
                        return Ok((Err(ErrorCode::InsufficientMemory),));
                    };
                    let files = accessor.with_getter::<WasiFilesystem>(T::filesystem);
                    if is_special(&files, &fd, path_flags, &path).await {
                        return Ok((Err(ErrorCode::Unsupported),));
                    }
                    let attempt = opening_p3(&fd, path_flags, &path, open, flags);
                    let opened = WasiFilesystem::open_at(&files, fd, path_flags, path, open, flags);
                    let answer = answer(opened.await);
                    tell_p3(accessor, &attempt, &answer).await;
                    answer
                })
            },
        )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// As for WASI 0.2.
async fn is_special<T: Send>(
    files: &Accessor<T, WasiFilesystem>,
    folder: &Resource<Descriptor>,
    flags: PathFlags,
    path: &str,
) -> bool {
    let folder = Resource::new_borrow(folder.rep());
    let stat = WasiFilesystem::stat_at(files, folder, flags, path.to_owned()).await;
    stat.is_ok_and(|stat| {
        !matches!(
            stat.type_,
            DescriptorType::RegularFile | DescriptorType::Directory | DescriptorType::SymbolicLink
        )
    })
}
