//! A file that gets its name once it is whole, and never takes the place of another.

use crate::place::plain_cause;
use crate::report::{Failure, Kind};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file under another name beside the one that it will have. It goes away unless it is published.
#[derive(Debug)]
pub(super) struct NewFile {
    partial: PathBuf,
    to: PathBuf,
}

impl NewFile {
    /// Where it is to be; a name that is taken is refused.
    pub(super) fn at(to: &Path) -> Result<Self, Failure> {
        if fs::symlink_metadata(to).is_ok() {
            return Err(taken(to));
        }
        let mut partial = to.as_os_str().to_owned();
        partial.push(format!(".{}.partial", std::process::id()));
        let partial = PathBuf::from(partial);
        // One of the same number was killed, and left it.
        let _none = fs::remove_file(&partial);
        Ok(Self {
            partial,
            to: to.to_owned(),
        })
    }

    /// Its name until it is whole.
    pub(super) fn partial(&self) -> &Path {
        &self.partial
    }

    /// Makes it, for the eyes of its owner: it holds whatever the store holds.
    pub(super) fn create(&self) -> Result<File, Failure> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.partial)
            .map_err(|error| self.cannot(&error))
    }

    /// Gives it its name, and makes the name durable. Its content has to be.
    pub(super) fn publish(self) -> Result<(), Failure> {
        match fs::hard_link(&self.partial, &self.to) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(taken(&self.to)),
            // Some file systems have no links.
            Err(error) if !has_no_links(&error) => return Err(self.cannot(&error)),
            Err(_) if fs::symlink_metadata(&self.to).is_ok() => return Err(taken(&self.to)),
            Err(_) => {
                fs::rename(&self.partial, &self.to).map_err(|error| self.cannot(&error))?;
            }
        }
        let folder = self.to.parent().filter(|folder| *folder != Path::new(""));
        let folder = File::open(folder.unwrap_or(Path::new(".")));
        folder
            .and_then(|folder| folder.sync_all())
            .map_err(|error| self.cannot(&error))
    }

    fn cannot(&self, error: &io::Error) -> Failure {
        let message = format!(
            "cannot make '{}': {}",
            self.to.display(),
            plain_cause(error)
        );
        Failure::new(Kind::General, message)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // What cannot be removed is left: it is not under the name that was asked for.
        let _left = fs::remove_file(&self.partial);
    }
}

/// Whether the file system knows no links: FAT, and many that are somewhere else.
fn has_no_links(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::Unsupported
    )
}

fn taken(path: &Path) -> Failure {
    let message = format!("'{}' is there already, and is not replaced", path.display());
    Failure::new(Kind::General, message).help("name a file that does not exist yet")
}
