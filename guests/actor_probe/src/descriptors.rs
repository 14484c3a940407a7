//! What the standard library does not offer: symbolic links, and file descriptors that nobody gave.
//!
//! Preview 1 names descriptors by number, so a guest may guess. On preview 2 a descriptor is a handle that only
//! the host makes, and there is nothing to guess.

use std::ffi::{CString, c_char, c_int};
use std::io;

#[cfg(all(target_arch = "wasm32", target_env = "p1"))]
pub(crate) use preview1::probe;

/// By the C library, which the standard library is linked with on both previews.
#[expect(unsafe_code, reason = "a function of the C library")]
pub(crate) fn symlink(target: &str, path: &str) -> io::Result<()> {
    unsafe extern "C" {
        #[link_name = "symlink"]
        fn c_symlink(target: *const c_char, path: *const c_char) -> c_int;
    }
    let (target, path) = (CString::new(target)?, CString::new(path)?);
    // SAFETY: both are texts that end with a zero byte and live until the call returns.
    match unsafe { c_symlink(target.as_ptr(), path.as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(all(target_arch = "wasm32", target_env = "p1")))]
pub(crate) fn probe(_lines: &mut crate::probe::Lines) {}

#[cfg(all(target_arch = "wasm32", target_env = "p1"))]
#[expect(
    unsafe_code,
    reason = "imports of the host, called with descriptors that the standard library would not use"
)]
mod preview1 {
    use crate::answer::Answer;
    use crate::probe::Lines;

    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        fn path_open(
            fd: i32,
            lookup: i32,
            path: *const u8,
            length: usize,
            open: i32,
            rights: i64,
            inheriting: i64,
            flags: i32,
            opened: *mut i32,
        ) -> i32;
        fn path_create_directory(fd: i32, path: *const u8, length: usize) -> i32;
        fn path_remove_directory(fd: i32, path: *const u8, length: usize) -> i32;
        fn path_unlink_file(fd: i32, path: *const u8, length: usize) -> i32;
        fn path_filestat_get(
            fd: i32,
            lookup: i32,
            path: *const u8,
            length: usize,
            stat: *mut [u64; 8],
        ) -> i32;
        fn path_filestat_set_times(
            fd: i32,
            lookup: i32,
            path: *const u8,
            length: usize,
            accessed: i64,
            modified: i64,
            which: i32,
        ) -> i32;
        fn path_readlink(
            fd: i32,
            path: *const u8,
            length: usize,
            room: *mut u8,
            room_length: usize,
            used: *mut usize,
        ) -> i32;
        fn path_symlink(
            target: *const u8,
            target_length: usize,
            fd: i32,
            path: *const u8,
            length: usize,
        ) -> i32;
        fn path_rename(
            fd: i32,
            path: *const u8,
            length: usize,
            new_fd: i32,
            new_path: *const u8,
            new_length: usize,
        ) -> i32;
        fn path_link(
            fd: i32,
            lookup: i32,
            path: *const u8,
            length: usize,
            new_fd: i32,
            new_path: *const u8,
            new_length: usize,
        ) -> i32;
        fn fd_readdir(fd: i32, room: *mut u8, length: usize, from: i64, used: *mut usize) -> i32;
        fn fd_renumber(fd: i32, to: i32) -> i32;
        fn fd_filestat_set_size(fd: i32, size: i64) -> i32;
        fn fd_filestat_set_times(fd: i32, accessed: i64, modified: i64, which: i32) -> i32;
        fn fd_allocate(fd: i32, offset: i64, length: i64) -> i32;
        fn fd_advise(fd: i32, offset: i64, length: i64, advice: i32) -> i32;
        fn fd_sync(fd: i32) -> i32;
        fn fd_datasync(fd: i32) -> i32;
        fn sock_accept(fd: i32, flags: i32, accepted: *mut i32) -> i32;
        fn sock_shutdown(fd: i32, how: i32) -> i32;
    }

    /// The first descriptor after the standard streams: a preopened folder, if there is one.
    const FIRST_FOLDER: i32 = 3;
    const NAME: &[u8] = b"probed";

    const CREATE: i32 = 1;
    const READ_AND_WRITE: i64 = 1 << 1 | 1 << 6;

    const BAD_DESCRIPTOR: i32 = 8;
    const NOT_PERMITTED: i32 = 63;
    const READ_ONLY: i32 = 69;
    const NOT_CAPABLE: i32 = 76;

    fn verdict(errno: i32) -> Answer {
        match errno {
            0 => Answer::done(),
            BAD_DESCRIPTOR | NOT_PERMITTED | READ_ONLY | NOT_CAPABLE => {
                Answer::Denied("wasi".into())
            }
            other => Answer::Error(format!("errno {other}")),
        }
    }

    /// Uses the first folder's number, whether there is such a folder or not.
    pub(crate) fn probe(lines: &mut Lines) {
        let (path, length) = (NAME.as_ptr(), NAME.len());
        let (fd, mut opened, mut used) = (FIRST_FOLDER, 0, 0);
        let (mut room, mut stat) = ([0_u8; 64], [0_u64; 8]);
        // SAFETY: every pointer is that of a live local with the length that is passed, or of the size that
        // the import fills, and the host uses it during the call only.
        let tried = unsafe {
            [
                (
                    "path_create_directory",
                    path_create_directory(fd, path, length),
                ),
                (
                    "path_filestat_get",
                    path_filestat_get(fd, 0, path, length, &raw mut stat),
                ),
                (
                    "path_filestat_set_times",
                    path_filestat_set_times(fd, 0, path, length, 0, 0, 0),
                ),
                (
                    "path_readlink",
                    path_readlink(
                        fd,
                        path,
                        length,
                        room.as_mut_ptr(),
                        room.len(),
                        &raw mut used,
                    ),
                ),
                ("path_symlink", path_symlink(path, length, fd, path, length)),
                (
                    "path_rename",
                    path_rename(fd, path, length, fd, path, length),
                ),
                (
                    "path_link",
                    path_link(fd, 0, path, length, fd, path, length),
                ),
                ("path_unlink_file", path_unlink_file(fd, path, length)),
                (
                    "path_remove_directory",
                    path_remove_directory(fd, path, length),
                ),
                (
                    "path_open",
                    path_open(
                        fd,
                        0,
                        path,
                        length,
                        CREATE,
                        READ_AND_WRITE,
                        0,
                        0,
                        &raw mut opened,
                    ),
                ),
                (
                    "fd_readdir",
                    fd_readdir(fd, room.as_mut_ptr(), room.len(), 0, &raw mut used),
                ),
                ("fd_filestat_set_size", fd_filestat_set_size(fd, 0)),
                ("fd_filestat_set_times", fd_filestat_set_times(fd, 0, 0, 0)),
                ("fd_allocate", fd_allocate(fd, 0, 1)),
                ("fd_advise", fd_advise(fd, 0, 1, 0)),
                ("fd_sync", fd_sync(fd)),
                ("fd_datasync", fd_datasync(fd)),
                ("fd_renumber", fd_renumber(fd, fd + 1)),
                ("sock_accept", sock_accept(fd, 0, &raw mut opened)),
                ("sock_shutdown", sock_shutdown(fd, 3)),
            ]
        };
        lines.extend(tried.map(|(name, errno)| (name, verdict(errno))));
    }
}
