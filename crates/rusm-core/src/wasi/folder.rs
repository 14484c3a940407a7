//! Granted folders: opened before the guest runs, beneath which Wasmtime resolves every path.
//!
//! The folder is opened once and examined through the open handle, so that what was examined is what the guest gets, whatever happens to
//! the path meanwhile (another guest may be able to write above it).

use super::{PrivatePlaces, WasiSetup, mounts, private};
use rusm_caps::{Access, Denied, DirGrant, Request};
use std::fs::File;
use std::path::{Path, PathBuf};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// A granted folder could not be given; the process does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("cannot open the folder {} for the guest's {guest}: {cause}", .host.display())]
    Unopenable {
        host: PathBuf,
        guest: String,
        cause: String,
    },
    #[error("cannot give the folder {} to a guest: it is {}, which is part of the kernel's {} or contains it", .host.display(), .real.display(), .place.display())]
    Refused {
        host: PathBuf,
        real: PathBuf,
        place: PathBuf,
    },
    #[error(
        "cannot give the folder {} to a guest for writing: {what} is {}; give another folder, or this one with read-only = true",
        .host.display(), .place.display()
    )]
    Private {
        host: PathBuf,
        what: &'static str,
        place: PathBuf,
    },
    #[error("cannot give the folder {} to a guest: {what} is {}; give another folder", .host.display(), .place.display())]
    Secret {
        host: PathBuf,
        what: &'static str,
        place: PathBuf,
    },
    #[error("cannot give a guest folders that it could give up again: {0}")]
    NoSeal(std::io::Error),
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Opens a granted folder and adds it to the context.
///
/// A relative path of the grant is taken from the component's own folder.
pub(super) fn open(
    builder: &mut WasiCtxBuilder,
    setup: &WasiSetup,
    grant: &DirGrant,
) -> Result<(), FolderError> {
    let folder = examined(&setup.surroundings.private_places, &setup.folder, grant)?;
    let (host, guest) = (grant.host(), grant.guest());
    let (access, perms) = match grant.is_read_only() {
        true => (Access::Read, FsPerms::ReadOnly),
        false => (Access::Write, FsPerms::ReadWrite),
    };
    // Asked as it stands in the profile: the grant and the question speak of the same text.
    let asked = Request::OpenDir {
        host,
        guest,
        access,
    };
    let folder = setup.guard.check(asked, folder)?.into_inner();
    builder
        .preopened_dir(folder.handle_path(), guest, perms)
        .map_err(|cause| unopenable(&setup.folder, grant, format!("{cause:#}")))?;
    Ok(())
}

/// The folder of a grant, opened, if it is one that a guest may be given beside these places.
pub(super) fn examined(
    private_places: &PrivatePlaces,
    own_folder: &Path,
    grant: &DirGrant,
) -> Result<Folder, FolderError> {
    let host = || own_folder.join(grant.host());
    let failed = |cause: std::io::Error| unopenable(own_folder, grant, cause.to_string());
    let opened = Folder::open(&host());
    // One that is not there yet is told as what it will be.
    let real = match &opened {
        Ok(folder) => folder.real_path().map_err(failed)?,
        Err(_) => private::resolved(&std::path::absolute(host()).map_err(failed)?),
    };
    if let Some(place) = mounts::kernel_interface_at(&real) {
        return Err(FolderError::Refused {
            host: host(),
            real,
            place,
        });
    }
    if let Some((what, place)) = private_places.touched_from(&real, Access::Read) {
        let host = host();
        return Err(FolderError::Secret { host, what, place });
    }
    if !grant.is_read_only()
        && let Some((what, place)) = private_places.touched_from(&real, Access::Write)
    {
        let host = host();
        return Err(FolderError::Private { host, what, place });
    }
    opened.map_err(failed)
}

fn unopenable(own_folder: &Path, grant: &DirGrant, cause: String) -> FolderError {
    FolderError::Unopenable {
        host: own_folder.join(grant.host()),
        guest: grant.guest().to_owned(),
        cause,
    }
}

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasi::Surroundings;
    use crate::wasi::tests::{setup, surroundings};
    use rusm_caps::Profile;
    use std::sync::Arc;

    fn try_open(grant: DirGrant) -> Result<(), FolderError> {
        try_open_beside(grant, PrivatePlaces::default())
    }

    fn try_open_beside(grant: DirGrant, places: PrivatePlaces) -> Result<(), FolderError> {
        let profile = Profile::builder("test").dir(grant.clone()).build().unwrap();
        let setup = WasiSetup {
            surroundings: Arc::new(Surroundings {
                private_places: places,
                ..surroundings()
            }),
            ..setup(profile)
        };
        open(&mut WasiCtxBuilder::new(), &setup, &grant)
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
    /// By dots, by doubled slashes, by the root of a process, and by what contains them.
    #[cfg(target_os = "linux")]
    #[test]
    fn kernel_interfaces_are_refused_however_they_are_spelt() {
        let folder = tempfile::tempdir().unwrap();
        for place in [
            "/proc/./",
            "//dev",
            "/proc/self/root/..",
            "/proc/../sys",
            "/",
            "/tmp/..",
        ] {
            let link = folder.path().join(place.replace('/', "-"));
            std::os::unix::fs::symlink(place, &link).unwrap();
            for grant in [DirGrant::read_only, DirGrant::read_write] {
                let error = try_open(grant(link.clone(), "/data".to_owned()).unwrap()).unwrap_err();
                assert!(
                    matches!(error, FolderError::Refused { .. }),
                    "{place}: {error}"
                );
            }
        }
    }

    /// As the folder of a store that the first start will make.
    #[test]
    fn a_folder_that_is_not_there_yet_is_told_as_what_it_will_be() {
        let house = tempfile::tempdir().unwrap();
        let mut places = PrivatePlaces::default();
        places.add_secret("the store", house.path().join("data/app.redb"));
        let open = |host: &str| {
            let grant = DirGrant::read_only(house.path().join(host), "/data").unwrap();
            try_open_beside(grant, places.clone()).unwrap_err()
        };
        let within = open("data");
        assert!(matches!(within, FolderError::Secret { .. }), "{within}");
        let beside = open("public");
        assert!(matches!(beside, FolderError::Unopenable { .. }), "{beside}");
    }

    #[test]
    fn no_guest_may_write_where_the_node_keeps_its_own() {
        let house = tempfile::tempdir().unwrap();
        std::fs::create_dir(house.path().join("audit")).unwrap();
        let mut places = PrivatePlaces::default();
        places.add("the audit log", house.path().join("audit"));
        for inside in ["", "audit"] {
            let host = house.path().join(inside);
            let writable = DirGrant::read_write(&host, "/data").unwrap();
            let error = try_open_beside(writable, places.clone()).unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("the audit log") && text.contains("read-only = true"),
                "{text}"
            );
            try_open_beside(DirGrant::read_only(&host, "/data").unwrap(), places.clone()).unwrap();
        }
    }
}
