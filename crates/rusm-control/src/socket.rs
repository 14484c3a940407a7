//! The socket in the file system: made so that it is private from its first moment, and never in the place of another's.
//!
//! - **Its mode.** The file takes its mode from the open socket (`unix(7)`), which is set to 0600 before there is a file. No moment is
//!   left in which others could connect, and the umask, which is that of all threads, is not touched.
//! - **One owner.** Between looking at what is there and putting a socket in its place, the folder is locked (`flock`), so that of two
//!   nodes that start at once one finds the other. A socket at which nobody listens is what a killed node left, and goes; whatever
//!   else is there stays, and is the reason why this one cannot be made.
//! - **Its end.** It is removed while it still listens: until then no other node takes its place, so what is removed is its own.

use rustix::fs::{Mode, fchmod};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest path of a socket in bytes: what the system's addresses have room for, less the NUL.
pub const PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Clients that wait to be taken on.
const BACKLOG: i32 = 128;
/// What never waits.
const UNBLOCKING: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

/// A socket cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Addresses of sockets are short.
    #[error(
        "the path of the control socket {} has {bytes} bytes, and a socket can have {PATH_BYTES_MAX}",
        .path.display()
    )]
    TooLong {
        /// Where it was to be.
        path: PathBuf,
        /// The length of that path.
        bytes: usize,
    },
    /// A node is running.
    #[error("another node answers at the control socket {}", .0.display())]
    InUse(PathBuf),
    /// Something that is no socket of ours to replace.
    #[error("there is {found} at {}, where the control socket is to be", .path.display())]
    Occupied {
        /// Where it was to be.
        path: PathBuf,
        /// What is there instead.
        found: &'static str,
    },
    /// The system says no.
    #[error("cannot make the control socket {}: {cause}", .path.display())]
    Io {
        /// Where it was to be.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// A listening socket. It is removed when dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and number of its file.
    file: (u64, u64),
}

impl Socket {
    /// Makes a socket at the path, of mode 0600, and listens. The folder is made, of mode 0700, if it is not there.
    ///
    /// A socket at which nobody listens is replaced.
    ///
    /// # Errors
    /// [`SocketError`]; whatever is at the path is left as it is.
    pub fn bind(path: &Path) -> Result<Socket, SocketError> {
        let bytes = path.as_os_str().len();
        if bytes > PATH_BYTES_MAX {
            let path = path.to_owned();
            return Err(SocketError::TooLong { path, bytes });
        }
        let failed = |cause: io::Error| SocketError::Io {
            path: path.to_owned(),
            cause,
        };
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(failed)?;
        let folder = File::open(folder).map_err(failed)?;
        // Until it is dropped, and never for longer than this takes.
        folder.lock().map_err(failed)?;
        clear(path)?;
        let listener = private(path).map_err(|errno| failed(errno.into()))?;
        let file = file_at(path).map_err(failed)?;
        Ok(Socket {
            listener,
            path: path.to_owned(),
            file,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same socket once more, for a reactor.
    pub(crate) fn listener(&self) -> io::Result<UnixListener> {
        self.listener.try_clone()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Somebody may have put something else there by hand.
        if file_at(&self.path).is_ok_and(|file| file == self.file) {
            // What cannot be removed is replaced by the next node.
            let _stale = std::fs::remove_file(&self.path);
        }
    }
}

fn file_at(path: &Path) -> io::Result<(u64, u64)> {
    let file = std::fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Makes room for a socket: nothing is there, or one at which nobody listens.
fn clear(path: &Path) -> Result<(), SocketError> {
    let failed = |cause: io::Error| SocketError::Io {
        path: path.to_owned(),
        cause,
    };
    let occupied = |found| SocketError::Occupied {
        path: path.to_owned(),
        found,
    };
    let kind = match std::fs::symlink_metadata(path) {
        Ok(file) => file.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    if !kind.is_socket() {
        let found = match (kind.is_dir(), kind.is_symlink()) {
            (true, _) => "a folder",
            (_, true) => "a link",
            _ => "a file",
        };
        return Err(occupied(found));
    }
    match knock(path) {
        Err(Errno::CONNREFUSED) => std::fs::remove_file(path).map_err(failed),
        // With a full backlog it is busy, and there.
        Ok(()) | Err(Errno::AGAIN) => Err(SocketError::InUse(path.to_owned())),
        Err(Errno::PROTOTYPE) => Err(occupied("a socket of another kind")),
        Err(errno) => Err(failed(errno.into())),
    }
}

/// Connects to a socket, and waits for room among those who wait to be taken on: a connection attempt that may not block is refused
/// when the backlog is full. What comes back does not block any more.
///
/// # Errors
/// `WouldBlock` when there was no room in all that time; others as `connect(2)` gives them.
pub(crate) fn dial(path: &Path, patience: Duration) -> io::Result<UnixStream> {
    let socket = stream(SocketFlags::CLOEXEC)?;
    set_socket_timeout(&socket, Timeout::Send, Some(patience))?;
    retry_on_intr(|| connect(&socket, &SocketAddrUnix::new(path)?))?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn stream(flags: SocketFlags) -> Result<OwnedFd, Errno> {
    socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
}

fn knock(path: &Path) -> Result<(), Errno> {
    connect(stream(UNBLOCKING)?, &SocketAddrUnix::new(path)?)
}

fn private(path: &Path) -> Result<UnixListener, Errno> {
    let socket = stream(UNBLOCKING)?;
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    listen(&socket, BACKLOG)?;
    Ok(UnixListener::from(socket))
}

#[cfg(test)]
mod tests;
