//! A new file appears under its name whole and durable, or not at all, and never in place of another.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Names that are tried for a file that is not whole yet.
const TRIES: usize = 100;

/// What became of a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    New,
    /// Something has that name, and was left as it is.
    WasThere,
}

/// Makes a file, which `fill` writes and makes durable under another name in the same folder. Nothing stays behind if
/// that fails.
pub(crate) fn make<E>(
    path: &Path,
    fill: impl FnOnce(File, &Path) -> Result<(), E>,
    failed: impl Fn(io::Error) -> E,
) -> Result<Made, E> {
    if path.symlink_metadata().is_ok() {
        return Ok(Made::WasThere);
    }
    let (file, partial) = partial(path).map_err(&failed)?;
    let made = fill(file, &partial).and_then(|()| publish(&partial, path).map_err(failed));
    // Either it has its name by now, or it was for nothing.
    let _ = std::fs::remove_file(&partial);
    made
}

/// The folder that a file is in.
pub(crate) fn folder(path: &Path) -> &Path {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// A new file beside `path`, readable and writable by its owner alone. One that a killed process has left has
/// another name.
fn partial(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut how = OpenOptions::new();
    how.read(true).write(true).create_new(true).mode(0o600);
    let mut count = 0;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}-{count}.partial", std::process::id()));
        let name = PathBuf::from(name);
        match how.open(&name) {
            Ok(file) => return Ok((file, name)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && count < TRIES => {
                count += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn publish(partial: &Path, path: &Path) -> io::Result<Made> {
    match std::fs::hard_link(partial, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Made::WasThere),
        // Some file systems have no links.
        Err(_) => std::fs::rename(partial, path)?,
    }
    File::open(folder(path))?.sync_all()?;
    Ok(Made::New)
}
