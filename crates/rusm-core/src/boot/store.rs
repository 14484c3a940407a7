//! The store that a manifest names: its file is made, and opened before the first process starts.

use super::{BootError, BootPlan};
use crate::runtime::Runtime;
use rusm_kv::{Options, Store};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

impl BootPlan {
    /// Makes the file of the store, empty and for its owner alone, and its folder, where they are not there yet;
    /// answers where it lies, or none if the manifest names no store.
    ///
    /// [`Runtime::boot`] does this by itself. Who gives up the right to make files before that does it first.
    ///
    /// # Errors
    /// [`BootError::StoreFile`] when the file or the folder cannot be made.
    pub fn make_store(&self) -> Result<Option<PathBuf>, BootError> {
        let Some(store) = &self.manifest.node.store else {
            return Ok(None);
        };
        let path = self.folder.join(&store.path);
        match make(&path) {
            Ok(()) => Ok(Some(path)),
            Err(cause) => Err(BootError::StoreFile { path, cause }),
        }
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

fn make(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    builder.create(folder)?;
    match options.open(path) {
        // That there is such a file has to be as durable as what will be in it.
        Ok(_made) => File::open(folder)?.sync_all(),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
