//! A new file appears under its name whole and durable, or not at all, and never in place of another.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

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

/// A new file beside `path`, readable and writable by its owner alone.
///
/// No name is used twice by one process, and none by two that live: what is there already was left by a killed one of the same number,
/// which in a container may be every one. It is removed.
fn partial(path: &Path) -> io::Result<(File, PathBuf)> {
    static N_MADE: AtomicU64 = AtomicU64::new(0);
    let name = partial_name(path, N_MADE.fetch_add(1, Ordering::Relaxed));
    let mut how = OpenOptions::new();
    how.read(true).write(true).create_new(true).mode(0o600);
    let made = match how.open(&name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::remove_file(&name).and_then(|()| how.open(&name))
        }
        made => made,
    };
    let of_it =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", name.display()));
    Ok((made.map_err(of_it)?, name))
}

/// By the number of the process and of the namespace that the number is from: containers that share a folder have numbers in common.
fn partial_name(path: &Path, count: u64) -> PathBuf {
    let namespace = std::fs::metadata("/proc/self/ns/pid").map_or(0, |found| found.ino());
    let process = std::process::id();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{namespace}-{process}-{count}.partial"));
    PathBuf::from(name)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What killed processes of the same number have left is neither in the way nor kept.
    #[test]
    fn what_was_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.redb");
        for count in 0..200 {
            std::fs::write(partial_name(&path, count), "left").unwrap();
        }
        let fill = |_file, _partial: &Path| Ok::<(), io::Error>(());
        assert_eq!(make(&path, fill, |error| error).unwrap(), Made::New);
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 200);
    }
}
