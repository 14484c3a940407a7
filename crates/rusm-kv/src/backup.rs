//! A consistent copy of a store while it runs.

use crate::error::BackupError;
use crate::options::Options;
use crate::snapshot::Snapshot;
use std::path::{Path, PathBuf};

/// Copies what a snapshot shows into a new store at `to`.
pub(crate) fn copy(snapshot: &Snapshot, to: &Path) -> Result<(), BackupError> {
    if to.exists() {
        return Err(BackupError::Exists {
            path: to.to_owned(),
        });
    }
    let partial = partial_name(to);
    let written = write(snapshot, &partial).and_then(|()| publish(&partial, to));
    // Under its own name it stays; what is left of a copy that failed goes away.
    let _ = std::fs::remove_file(&partial);
    written
}

fn partial_name(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    PathBuf::from(name)
}

fn write(snapshot: &Snapshot, partial: &Path) -> Result<(), BackupError> {
    let database = crate::open::open(partial, &Options::default(), true)?;
    snapshot
        .copy_to(&database)
        .map_err(|error| BackupError::Write {
            path: partial.to_owned(),
            reason: error.to_string(),
        })
}

/// Gives the whole copy its name, unless that is taken by now, and makes the name durable.
fn publish(partial: &Path, to: &Path) -> Result<(), BackupError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => BackupError::Exists {
            path: to.to_owned(),
        },
        _ => BackupError::Write {
            path: to.to_owned(),
            reason: error.to_string(),
        },
    };
    std::fs::hard_link(partial, to).map_err(failed)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = std::fs::File::open(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    folder.sync_all().map_err(failed)
}
