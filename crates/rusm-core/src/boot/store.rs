//! The store that a manifest names: its file is made, and opened before the first process starts.

use super::{BootError, BootPlan};
use crate::runtime::Runtime;
use rusm_kv::{Options, Store};
use std::fs::DirBuilder;
use std::io;
use std::path::{Path, PathBuf};

impl BootPlan {
    /// Makes the file of the store, without anything in it, and its folder, both for their owner alone, where they are
    /// not there yet; answers where it lies, or none if the manifest names no store.
    ///
    /// [`Runtime::boot`] does this by itself. Who gives up the right to make files before that does it first.
    ///
    /// # Errors
    /// [`BootError::StoreFolder`] or [`BootError::Store`] when the folder or the file cannot be made.
    pub fn make_store(&self) -> Result<Option<PathBuf>, BootError> {
        let Some(store) = &self.manifest.node.store else {
            return Ok(None);
        };
        let path = self.folder.join(&store.path);
        if path.symlink_metadata().is_err() {
            make(&path)?;
        }
        Ok(Some(path))
    }
}

impl Runtime {
    /// Opens the store of this manifest, unless the runtime was built with one.
    pub(super) fn open_store(&self, plan: &BootPlan) -> Result<(), BootError> {
        let Some(declared) = plan.manifest.node.store.as_ref() else {
            return Ok(());
        };
        if self.store().is_some() {
            return Ok(());
        }
        if let Some(path) = plan.make_store()? {
            let options = Options::default().max_bytes(declared.max_bytes);
            let store = Store::open(&path, options).map_err(BootError::Store)?;
            self.0.set_store(store);
        }
        Ok(())
    }
}

fn make(path: &Path) -> Result<(), BootError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    make_folder(folder).map_err(|cause| BootError::StoreFolder {
        folder: folder.to_owned(),
        cause,
    })?;
    let made = Store::open(path, Options::default());
    made.map(drop).map_err(BootError::Store)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder == Path::new("") {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}
