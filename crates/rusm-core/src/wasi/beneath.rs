//! Refusals beneath a granted folder, told as every other denial is.
//!
//! WASI resolves paths, and answers `not-permitted` where a folder is for reading only or where a path leads out of it. Nobody else can say
//! that beforehand, because links may change at any time. So the functions of WASI that use paths are shadowed here, go on as Wasmtime's own,
//! and what was refused is told to the guard, which audits and logs it. What is permitted pays for nothing but a copy of its path.
//!
//! `not-permitted` may also come from the system, of a file that nobody may change; that is no denial of ours, and is not told.

use super::WasiState;
use rusm_caps::{Obstacle, Permission, Request};
use std::sync::Arc;
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, FsPerms};

/// The functions that WASI 0.2 and 0.3 have in common, with what each attempts; `$told` shadows one of them.
macro_rules! functions_with_paths {
    ($told:ident, $files:ident) => {
        $told!($files, "stat-at", stat_at(fd: Fd, flags: PathFlags, path: String),
            Attempt::to_use(fd.rep(), is_followed(flags), &path));
        $told!($files, "metadata-hash-at", metadata_hash_at(fd: Fd, flags: PathFlags, path: String),
            Attempt::to_use(fd.rep(), is_followed(flags), &path));
        $told!($files, "readlink-at", readlink_at(fd: Fd, path: String),
            Attempt::to_use(fd.rep(), false, &path));
        $told!($files, "set-times-at",
            set_times_at(fd: Fd, flags: PathFlags, path: String, accessed: NewTimestamp, modified: NewTimestamp),
            Attempt::to_use(fd.rep(), is_followed(flags), &path).if_changing(true));
        $told!($files, "create-directory-at", create_directory_at(fd: Fd, path: String),
            Attempt::to_change(fd.rep(), &path));
        $told!($files, "remove-directory-at", remove_directory_at(fd: Fd, path: String),
            Attempt::to_change(fd.rep(), &path));
        $told!($files, "unlink-file-at", unlink_file_at(fd: Fd, path: String),
            Attempt::to_change(fd.rep(), &path));
        $told!($files, "link-at", link_at(fd: Fd, flags: PathFlags, path: String, to: Fd, name: String),
            Attempt::to_change(fd.rep(), &path).and(to.rep(), &name));
        $told!($files, "rename-at", rename_at(fd: Fd, path: String, to: Fd, name: String),
            Attempt::to_change(fd.rep(), &path).and(to.rep(), &name));
        $told!($files, "symlink-at", symlink_at(fd: Fd, target: String, path: String),
            Attempt::to_link(fd.rep(), &path, &target));
        $told!($files, "set-size", set_size(fd: Fd, size: u64), Attempt::to_change_open(fd.rep()));
        $told!($files, "set-times", set_times(fd: Fd, accessed: NewTimestamp, modified: NewTimestamp),
            Attempt::to_change_open(fd.rep()));
    };
}

/// What flags mean: the same in WASI 0.2 and 0.3, by types of either's own.
macro_rules! flags_of_this_version {
    () => {
        /// What opening attempts.
        pub(in super::super) fn opening(
            fd: &Fd,
            flags: PathFlags,
            path: &str,
            how: OpenFlags,
            rights: DescriptorFlags,
        ) -> Attempt {
            let is_change = how.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE)
                || rights.contains(DescriptorFlags::WRITE);
            Attempt::to_use(fd.rep(), is_followed(flags), path).if_changing(is_change)
        }

        fn is_followed(flags: PathFlags) -> bool {
            flags.contains(PathFlags::SYMLINK_FOLLOW)
        }

        fn how_to_follow(place: &Place) -> PathFlags {
            match place.is_followed {
                true => PathFlags::SYMLINK_FOLLOW,
                false => PathFlags::empty(),
            }
        }
    };
}

mod p1;
mod p2;
mod p3;

pub(crate) use p1::shadow_paths_p1;
pub(super) use p1::{At, tell as tell_p1};
pub(crate) use p2::shadow_paths_p2;
pub(super) use p2::{opening as opening_p2, tell_open_p2, tell_p2};
pub(crate) use p3::shadow_paths_p3;
pub(super) use p3::{opening as opening_p3, tell_p3};

/// A call of WASI that may be refused.
pub(super) struct Attempt {
    places: Vec<Place>,
    is_change: bool,
}

/// One of the paths it uses.
struct Place {
    /// The number of the descriptor that the path begins at.
    handle: u32,
    /// Whether a link at its end is followed.
    is_followed: bool,
    /// Empty for the descriptor itself.
    path: String,
}

impl Attempt {
    /// To look at what is there.
    pub(super) fn to_use(handle: u32, is_followed: bool, path: &str) -> Attempt {
        let path = path.to_owned();
        Attempt {
            places: vec![Place {
                handle,
                is_followed,
                path,
            }],
            is_change: false,
        }
    }

    /// To change what is there, or to make something.
    fn to_change(handle: u32, path: &str) -> Attempt {
        Attempt::to_use(handle, false, path).if_changing(true)
    }

    /// To change what is open already.
    fn to_change_open(handle: u32) -> Attempt {
        Attempt::to_change(handle, "")
    }

    /// To make a link there. One that leads to an absolute path leads out, wherever it is.
    fn to_link(handle: u32, path: &str, target: &str) -> Attempt {
        let link = Attempt::to_change(handle, path);
        match target.starts_with('/') {
            true => link.and(handle, target),
            false => link,
        }
    }

    pub(super) fn if_changing(self, is_change: bool) -> Attempt {
        Attempt { is_change, ..self }
    }

    /// And another path.
    fn and(mut self, handle: u32, path: &str) -> Attempt {
        let other = Attempt::to_use(handle, false, path);
        self.places.extend(other.places);
        self
    }
}

impl WasiState {
    /// Whether a folder that it has opened may be one that was closed, see `seal.rs`.
    fn has_given_up_folders(&self) -> bool {
        let files = Permission::Files;
        let is_revoked = |profile: &rusm_caps::Profile| profile.revoked().contains(&files);
        self.setup.guard.with_profile(is_revoked)
    }

    /// Tells of a change in a folder that is for reading only, or was. False if none of the descriptors is.
    fn tell_of_change(&mut self, attempt: &Attempt) -> bool {
        if attempt.is_change && self.tell_if_given_up(attempt) {
            return true;
        }
        let is_read_only = |place: &&Place| self.perms_of(place.handle) == Some(FsPerms::ReadOnly);
        let refused = attempt.places.iter().find(is_read_only);
        let Some(place) = refused.filter(|_| attempt.is_change) else {
            return false;
        };
        self.tell_of(place, Obstacle::ReadOnly);
        true
    }

    /// Tells that there is no folder any more, if it was one that the call began at.
    fn tell_if_given_up(&mut self, attempt: &Attempt) -> bool {
        if !self.has_given_up_folders() {
            return false;
        }
        let mut places = attempt.places.iter();
        let folder = places.find(|place| !self.is_file(place.handle));
        if let Some(place) = folder {
            // They were all exchanged for the same one, so which it was is not known.
            self.tell("", &place.path, Obstacle::GivenUp);
        }
        folder.is_some()
    }

    fn is_file(&mut self, handle: u32) -> bool {
        matches!(self.descriptor(handle), Some(Descriptor::File(_)))
    }

    fn tell_of(&mut self, place: &Place, obstacle: Obstacle) {
        let folder = self.folder_of(place.handle);
        self.tell(&folder, &place.path, obstacle);
    }

    /// Audits and logs.
    fn tell(&self, folder: &str, path: &str, obstacle: Obstacle) {
        let request = Request::Beneath {
            folder,
            path,
            obstacle,
        };
        let refused = self.setup.guard.check(request, ());
        debug_assert!(refused.is_err(), "it is never allowed");
    }

    fn perms_of(&mut self, handle: u32) -> Option<FsPerms> {
        match self.descriptor(handle)? {
            Descriptor::File(file) => Some(file.perms),
            Descriptor::Dir(folder) => Some(folder.perms),
        }
    }

    /// Where the guest sees a folder that it was granted; nothing for other descriptors.
    fn folder_of(&mut self, handle: u32) -> String {
        let folder = match self.descriptor(handle) {
            Some(Descriptor::Dir(folder)) => Arc::clone(&folder.dir),
            Some(Descriptor::File(_)) | None => return String::new(),
        };
        let nth = self.handles.position_of_granted(&folder);
        let granted = nth.and_then(|nth| self.setup.guard.given().dirs().get(nth));
        granted.map_or_else(String::new, |grant| grant.guest().to_owned())
    }

    fn descriptor(&mut self, handle: u32) -> Option<&Descriptor> {
        let table = self.context.view()?.table;
        table.get(&Resource::new_borrow(handle)).ok()
    }
}
