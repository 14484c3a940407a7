//! Granted folders: opened before the guest runs, beneath which Wasmtime resolves every path.
//!
//! The folder is opened once and examined through the open handle, so that what was examined is what the guest gets, whatever happens to
//! the path meanwhile (another guest may be able to write above it).

use rusm_caps::{Access, Denied, DirGrant, Guard, Request};
use std::fs::File;
use std::path::{Path, PathBuf};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// Kernel interfaces that look like files. Whoever may write there owns the machine.
const REFUSED: [&str; 3] = ["/proc", "/sys", "/dev"];

/// A granted folder could not be given; the process does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("cannot open the folder {} for the guest's {guest}: {cause}", .host.display())]
    Unopenable {
        host: PathBuf,
        guest: String,
        cause: String,
    },
    #[error("cannot give the folder {} to a guest: it is {}, part of the kernel's {place}", .host.display(), .real.display())]
    Refused {
        host: PathBuf,
        real: PathBuf,
        place: &'static str,
    },
    #[error("cannot give a guest folders that it could give up again: {0}")]
    NoSeal(std::io::Error),
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Opens a granted folder and adds it to the context.
///
/// A relative path of the grant is taken from `base`.
pub(super) fn open(
    builder: &mut WasiCtxBuilder,
    guard: &Guard,
    base: &Path,
    grant: &DirGrant,
) -> Result<(), FolderError> {
    let (place, guest) = (base.join(grant.host()), grant.guest());
    let (access, perms) = match grant.is_read_only() {
        true => (Access::Read, FsPerms::ReadOnly),
        false => (Access::Write, FsPerms::ReadWrite),
    };
    let unopenable = |cause: String| FolderError::Unopenable {
        host: place.clone(),
        guest: guest.to_owned(),
        cause,
    };
    let folder = Folder::open(&place).map_err(|cause| unopenable(cause.to_string()))?;
    let real = folder
        .real_path()
        .map_err(|cause| unopenable(cause.to_string()))?;
    if let Some(kernel) = refused(&real) {
        return Err(FolderError::Refused {
            host: place,
            real,
            place: kernel,
        });
    }
    // Asked as it stands in the profile: the grant and the question speak of the same text.
    let host = grant.host();
    let folder = guard
        .check(
            Request::OpenDir {
                host,
                guest,
                access,
            },
            folder,
        )?
        .into_inner();
    builder
        .preopened_dir(folder.handle_path(), guest, perms)
        .map_err(|cause| unopenable(format!("{cause:#}")))?;
    Ok(())
}

/// An open folder.
struct Folder {
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "elsewhere there is no path to a handle")
    )]
    handle: File,
    host: PathBuf,
}

impl Folder {
    fn open(host: &Path) -> std::io::Result<Folder> {
        let handle = File::open(host)?;
        if !handle.metadata()?.is_dir() {
            return Err(std::io::Error::new(
                std::io::ErrorKind::NotADirectory,
                "it is not a folder",
            ));
        }
        Ok(Folder {
            handle,
            host: host.to_owned(),
        })
    }

    /// A path that leads to the open handle itself, not to whatever the name leads to by now.
    #[cfg(target_os = "linux")]
    fn handle_path(&self) -> PathBuf {
        use std::os::fd::AsRawFd;
        format!("/proc/self/fd/{}", self.handle.as_raw_fd()).into()
    }

    #[cfg(not(target_os = "linux"))]
    fn handle_path(&self) -> PathBuf {
        self.host.clone()
    }

    /// Where it really is, all links resolved.
    fn real_path(&self) -> std::io::Result<PathBuf> {
        if cfg!(target_os = "linux") {
            std::fs::read_link(self.handle_path())
        } else {
            self.host.canonicalize()
        }
    }
}

/// Whether a folder, all links resolved, is none that is refused to every guest.
pub(crate) fn can_be_given(real: &Path) -> bool {
    refused(real).is_none()
}

/// The refused place that a real path lies in.
fn refused(real: &Path) -> Option<&'static str> {
    REFUSED.into_iter().find(|place| real.starts_with(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusm_caps::{Profile, RecordingSink, Subject};
    use std::sync::Arc;

    fn try_open(grant: DirGrant) -> Result<(), FolderError> {
        let profile = Profile::builder("test").dir(grant.clone()).build().unwrap();
        let guard = Guard::new(
            Arc::new(profile),
            Subject::new("test", 1, "<0.1.1>"),
            Arc::new(RecordingSink::denials()),
        );
        open(&mut WasiCtxBuilder::new(), &guard, Path::new("."), &grant)
    }

    #[test]
    fn a_folder_that_exists_opens_and_a_missing_one_is_named_with_its_cause() {
        let folder = tempfile::tempdir().unwrap();
        try_open(DirGrant::read_only(folder.path(), "/data").unwrap()).unwrap();
        let error = try_open(DirGrant::read_only(folder.path().join("gone"), "/data").unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("gone") && error.contains("/data") && error.contains("No such file"),
            "{error}"
        );
        std::fs::write(folder.path().join("file"), "").unwrap();
        let error = try_open(DirGrant::read_only(folder.path().join("file"), "/data").unwrap())
            .unwrap_err()
            .to_string();
        assert!(error.contains("not a folder"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn kernel_interfaces_are_refused_also_behind_links() {
        // A profile refuses these by name already; what counts is where a name leads.
        let folder = tempfile::tempdir().unwrap();
        for place in ["/proc", "/proc/self", "/sys/kernel", "/dev"] {
            let link = folder.path().join(place.replace('/', "-"));
            std::os::unix::fs::symlink(place, &link).unwrap();
            let error = try_open(DirGrant::read_write(&link, "/data").unwrap()).unwrap_err();
            assert!(
                matches!(error, FolderError::Refused { .. }),
                "{place}: {error}"
            );
        }
    }
}
