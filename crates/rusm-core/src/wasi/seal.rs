//! Giving folders up: what `permissions.drop("files")` does to folders that were opened at the start.
//!
//! A folder that a guest holds is an open handle, and paths beneath it are resolved without asking anybody. So the handle
//! itself is exchanged for one that no path can begin at, in every descriptor of the process, and later calls answer that
//! it is not a directory.

use super::folder::FolderError;
use std::any::Any;
use std::fs::File;
use std::io;
use std::sync::{Arc, OnceLock};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::filesystem::Descriptor;

/// One for the whole program: nobody can do anything with it.
static SEAL: OnceLock<Arc<File>> = OnceLock::new();

/// Makes sure that there is a seal, before a process is given a folder: giving up must not fail.
pub(super) fn prepare() -> Result<(), FolderError> {
    if SEAL.get().is_none() {
        let seal = nowhere().map_err(FolderError::NoSeal)?;
        SEAL.get_or_init(|| Arc::new(seal));
    }
    Ok(())
}

/// Closes the folders of a process, those that it has opened beneath its own included. Gives what they were exchanged for.
pub(super) fn close(ctx: &mut WasiCtx, table: &mut ResourceTable) -> Option<Arc<File>> {
    // Preopens that were not handed out yet.
    *ctx.filesystem() = Default::default();
    // Without it no folder was ever opened.
    let seal = SEAL.get()?;
    for entry in table.iter_mut() {
        let entry: &mut dyn Any = entry;
        if let Some(Descriptor::Dir(folder)) = entry.downcast_mut() {
            folder.dir = Arc::clone(seal);
        }
    }
    Some(Arc::clone(seal))
}

/// Something open that is no folder: the end of a pipe, which no confinement of the node's own files concerns.
#[cfg(unix)]
fn nowhere() -> io::Result<File> {
    let (end, _other) = io::pipe()?;
    Ok(File::from(std::os::fd::OwnedFd::from(end)))
}

#[cfg(not(unix))]
fn nowhere() -> io::Result<File> {
    File::open(std::env::current_exe()?)
}
