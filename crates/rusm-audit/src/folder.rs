//! The folder of the log: only its owner can write to it, only one node does, and no name in it
//! leads elsewhere.
//!
//! Files are opened by name below the opened folder, never through a link. Whoever can write to the
//! folder can rewrite the log, so one that others can write to is refused.

use crate::time::Day;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Where a node that writes holds its lock.
const LOCK: &str = "lock";
/// The place in the chain that was reached.
pub(crate) const HEAD: &str = "head.json";
const HEAD_NEXT: &str = "head.json.next";
/// The head file is a number, a hash and a few brackets.
const HEAD_BYTES_MAX: u64 = 256;
/// The most names that are looked at: three hundred years of days, and room for what is none.
const NAMES_MAX: usize = 131_072;

const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);
const OTHERS_WRITE: u32 = 0o022;
const ALL_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Why the log's folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made, opened or read.
    #[error("cannot {what} '{}': {cause}", path.display())]
    Unusable {
        /// What was tried.
        what: &'static str,
        /// The folder, or something in it or above it.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Others could change the log.
    #[error("the audit folder '{}' is not safe: '{}' {reason}", folder.display(), place.display())]
    Untrusted {
        /// The folder.
        folder: PathBuf,
        /// The folder itself, or one above it.
        place: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// Another node writes there.
    #[error("another node writes its audit log in '{}'", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

/// An opened folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    handle: OwnedFd,
}

/// The right to write in a folder, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    /// A program that another thread starts at this moment has the file, too, until it runs: closing it here would not be enough.
    fn drop(&mut self) {
        // What cannot be unlocked is unlocked when it is closed everywhere.
        let _closed = self.0.unlock();
    }
}

impl Folder {
    /// Opens the folder for writing; makes it, private, if it is not there.
    pub(crate) fn create(path: &Path) -> Result<(Folder, Lock), FolderError> {
        let unusable = |what| unusable(what, path);
        let mut builder = DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(path);
        made.map_err(unusable("make the folder"))?;
        let path = &path.canonicalize().map_err(unusable("find the folder"))?;
        check_above(path)?;
        let folder = Folder::open(path)?;
        folder.check_own()?;
        let lock = folder.lock()?;
        Ok((folder, lock))
    }

    /// Opens the folder for reading.
    pub(crate) fn open(path: &Path) -> Result<Folder, FolderError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(CWD, path, flags, Mode::empty());
        Ok(Folder {
            handle: handle.map_err(|error| unusable("open the folder", path)(error.into()))?,
            path: path.to_owned(),
        })
    }

    /// An error about a file of the folder.
    pub(crate) fn unusable(&self, what: &'static str, name: &str, cause: io::Error) -> FolderError {
        unusable(what, &self.path.join(name))(cause)
    }

    /// The days that have a file, in order.
    pub(crate) fn days(&self) -> Result<Vec<Day>, FolderError> {
        let unusable =
            |error: rustix::io::Errno| unusable("read the folder", &self.path)(error.into());
        let mut days = Vec::new();
        for entry in Dir::read_from(&self.handle)
            .map_err(unusable)?
            .take(NAMES_MAX)
        {
            let entry = entry.map_err(unusable)?;
            days.extend(entry.file_name().to_str().ok().and_then(day_of));
        }
        days.sort_unstable();
        Ok(days)
    }

    /// Opens the file of a day to read it.
    pub(crate) fn read(&self, day: Day) -> Result<File, FolderError> {
        self.file(&file_name(day), OFlags::RDONLY)
    }

    /// Opens the file of a day to append to it; makes it if it is not there.
    pub(crate) fn append(&self, day: Day) -> Result<File, FolderError> {
        self.file(
            &file_name(day),
            OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE,
        )
    }

    /// The content of the head file; none if there is no such file. Cut if it is too long to be one.
    pub(crate) fn head(&self) -> Result<Option<Vec<u8>>, FolderError> {
        use io::Read;
        let file = match self.file(HEAD, OFlags::RDONLY) {
            Ok(file) => file,
            Err(FolderError::Unusable { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut content = Vec::new();
        let read = file.take(HEAD_BYTES_MAX).read_to_end(&mut content);
        read.map_err(unusable("read", &self.path.join(HEAD)))?;
        Ok(Some(content))
    }

    /// Replaces the head file, whole or not at all.
    pub(crate) fn set_head(&self, content: &str) -> io::Result<()> {
        use io::Write;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
        let next = self.open_file(HEAD_NEXT, flags)?;
        (&next).write_all(content.as_bytes())?;
        Ok(rustix::fs::renameat(
            &self.handle,
            HEAD_NEXT,
            &self.handle,
            HEAD,
        )?)
    }

    /// Makes the names of new files durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.handle)?)
    }

    fn file(&self, name: &str, flags: OFlags) -> Result<File, FolderError> {
        let path = self.path.join(name);
        let file = self
            .open_file(name, flags)
            .map_err(unusable("open", &path))?;
        let is_file = file.metadata().map(|metadata| metadata.is_file());
        if is_file.map_err(unusable("examine", &path))? {
            return Ok(file);
        }
        let cause = io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file");
        Err(unusable("open", &path)(cause))
    }

    fn open_file(&self, name: &str, flags: OFlags) -> io::Result<File> {
        // A pipe in the place of a file is an error, not a wait.
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = rustix::fs::openat(&self.handle, name, flags, PRIVATE_FILE)?;
        Ok(File::from(file))
    }

    fn lock(&self) -> Result<Lock, FolderError> {
        let file = self.file(LOCK, OFlags::RDWR | OFlags::CREATE)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse {
                path: self.path.clone(),
            }),
            Err(TryLockError::Error(cause)) => Err(unusable("lock", &self.path.join(LOCK))(cause)),
        }
    }

    /// The folder is the user's own, and nobody else may write to it.
    fn check_own(&self) -> Result<(), FolderError> {
        let stat = rustix::fs::fstat(&self.handle)
            .map_err(|error| unusable("examine", &self.path)(error.into()))?;
        let untrusted = |reason| self.untrusted(&self.path, reason);
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(untrusted("belongs to another user"));
        }
        if stat.st_mode & OTHERS_WRITE != 0 {
            return Err(untrusted(
                "can be written to by other users; chmod 700 closes it",
            ));
        }
        Ok(())
    }

    fn untrusted(&self, place: &Path, reason: &'static str) -> FolderError {
        FolderError::Untrusted {
            folder: self.path.clone(),
            place: place.to_owned(),
            reason,
        }
    }
}

/// Nobody at all can put another folder in the place of this one. `path` is canonical.
fn check_above(path: &Path) -> Result<(), FolderError> {
    for place in path.ancestors().skip(1) {
        let stat = rustix::fs::statat(CWD, place, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| unusable("examine", place)(error.into()))?;
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        // In a sticky folder such as /tmp others may add names, but not replace ours.
        let is_open = stat.st_mode & ALL_WRITE != 0 && stat.st_mode & STICKY == 0;
        if !is_folder || is_open {
            return Err(FolderError::Untrusted {
                folder: path.to_owned(),
                place: place.to_owned(),
                reason: "can be written to by everybody",
            });
        }
    }
    Ok(())
}

/// The name of a day's file.
pub(crate) fn file_name(day: Day) -> String {
    format!("audit-{day}.jsonl")
}

/// The day of a file; none for a name that is no log's.
pub(crate) fn day_of(name: &str) -> Option<Day> {
    Day::parse(name.strip_prefix("audit-")?.strip_suffix(".jsonl")?)
}

fn unusable(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError + use<> {
    let path = path.to_owned();
    move |cause| FolderError::Unusable { what, path, cause }
}

#[cfg(test)]
mod tests;
