//! Writes a manifest that was changed: whole or not at all, and only over the text that was read.

use super::text;
use crate::place::plain_cause;
use crate::report::{Failure, Kind};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

/// Replaces the text of a file by another, if it still is what it was. A link stays a link, and the
/// file keeps its mode, and its owner where root changes it.
pub(crate) fn replace(path: &Path, before: &str, after: &str) -> Result<(), Failure> {
    let cannot = |why: &str| {
        let message = format!("cannot write '{}': {why}", path.display());
        Failure::new(Kind::Manifest, message)
    };
    let io_failure = |error: io::Error| cannot(&plain_cause(&error));
    let target = fs::canonicalize(path).map_err(io_failure)?;
    let beside = Beside::create(&target).map_err(io_failure)?;
    beside.write(after, &target).map_err(io_failure)?;
    if text(path)? != before {
        return Err(
            cannot("it was changed in the meantime, and nothing was written")
                .help("run the command again"),
        );
    }
    beside.put_in_place(&target).map_err(io_failure)
}

/// A file beside the one that it is to replace. It goes away unless it takes its place.
#[derive(Debug)]
struct Beside {
    path: PathBuf,
    file: File,
    is_in_place: bool,
}

impl Beside {
    fn create(target: &Path) -> io::Result<Self> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let path = target.with_file_name(format!(".{name}.{}.new", std::process::id()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok(Self {
            path,
            file,
            is_in_place: false,
        })
    }

    fn write(&self, text: &str, target: &Path) -> io::Result<()> {
        let of_target = fs::metadata(target)?;
        let own = self.file.metadata()?;
        if (own.uid(), own.gid()) != (of_target.uid(), of_target.gid()) {
            // Only root may give a file away, and not everywhere; where it is refused, who wrote it has it.
            let _kept = fchown(&self.file, Some(of_target.uid()), Some(of_target.gid()));
        }
        self.file.set_permissions(of_target.permissions())?;
        (&self.file).write_all(text.as_bytes())?;
        self.file.sync_all()
    }

    fn put_in_place(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.is_in_place = true;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.is_in_place {
            // What cannot be removed is left: the failure that led here is told already.
            let _left = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The text is replaced, the mode and a link stay, and nothing is left beside it.
    #[test]
    fn the_text_alone_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (
            folder.path().join("real.toml"),
            folder.path().join("rusm.toml"),
        );
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, "old", "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(names(folder.path()), ["real.toml", "rusm.toml"]);
    }

    /// Root mends the file of somebody else, whose it stays. Nobody else can give a file away, so nothing is to be seen then.
    #[test]
    fn the_owner_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rusm.toml");
        fs::write(&file, "old").unwrap();
        if std::os::unix::fs::chown(&file, Some(65_534), Some(65_533)).is_ok() {
            replace(&file, "old", "new").unwrap();
            let found = fs::metadata(&file).unwrap();
            assert_eq!((found.uid(), found.gid()), (65_534, 65_533));
        }
    }

    /// A file that somebody changed meanwhile is not written over.
    #[test]
    fn a_changed_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rusm.toml");
        fs::write(&file, "theirs").unwrap();
        let failure = replace(&file, "old", "new").unwrap_err();
        assert!(failure.to_string().contains("in the meantime"), "{failure}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
        assert_eq!(names(folder.path()), ["rusm.toml"]);
    }
}
