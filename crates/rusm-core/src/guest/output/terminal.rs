//! The node's own streams, as processes with the terminal write to them: never more than they take without waiting.
//!
//! Whoever reads may stop for as long as it likes, as a pager does; then the process that prints waits, as for anything else, and no
//! worker does. What is written is on its way when the write returns, so nothing has to be waited for at the end.

use super::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// What a pipe takes in one piece when it says that it takes something (`PIPE_BUF` of Linux).
pub(super) const PIECE_BYTES: usize = 4096;

/// Whether the stream takes a piece now. One that is broken does: the write says so.
pub(super) fn takes(stream: Stream) -> bool {
    match stream {
        Stream::Stdout => is_writable(io::stdout()),
        Stream::Stderr => is_writable(io::stderr()),
    }
}

fn is_writable(stream: impl AsFd) -> bool {
    let mut asked = [PollFd::new(&stream, PollFlags::OUT)];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // A signal says nothing of the stream. What cannot be asked is written to.
    retry_on_intr(|| poll(&mut asked, Some(&at_once))).map_or(true, |n_ready| n_ready > 0)
}

/// Writes as much as the stream takes without waiting, unchanged, and answers how much that was.
pub(super) fn print(stream: Stream, bytes: &[u8]) -> io::Result<usize> {
    match stream {
        Stream::Stdout => print_to(io::stdout().lock(), bytes),
        Stream::Stderr => print_to(io::stderr().lock(), bytes),
    }
}

/// Nobody else of this program writes between the question and the write: it has the lock.
fn print_to(mut to: impl Write + AsFd, bytes: &[u8]) -> io::Result<usize> {
    let mut n_printed = 0;
    for piece in bytes.chunks(PIECE_BYTES) {
        if !is_writable(&to) {
            break;
        }
        to.write_all(piece)?;
        to.flush()?;
        n_printed += piece.len();
    }
    Ok(n_printed)
}

/// Tells when a stream takes something again.
#[expect(
    deprecated,
    reason = "unsound for what may become another descriptor, which an owned one never does"
)]
pub(super) fn watch(stream: Stream) -> io::Result<AsyncFd<OwnedFd>> {
    let handle = match stream {
        Stream::Stdout => io::stdout().as_fd().try_clone_to_owned(),
        Stream::Stderr => io::stderr().as_fd().try_clone_to_owned(),
    }?;
    AsyncFd::with_interest(handle, Interest::WRITABLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    /// A pipe that nobody reads takes what it holds and not a byte more, and the writer does not wait.
    #[test]
    fn a_full_pipe_is_not_waited_for() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut writer = File::from(OwnedFd::from(writer));
        let bytes = [7; 1 << 20];
        let n_printed = print_to(&mut writer, &bytes).unwrap();
        assert!(
            (PIECE_BYTES..bytes.len()).contains(&n_printed),
            "{n_printed}"
        );
        assert_eq!(print_to(&mut writer, &bytes).unwrap(), 0);
        let mut read = vec![0; n_printed];
        io::Read::read_exact(&mut reader, &mut read).unwrap();
        assert!(print_to(&mut writer, &bytes).unwrap() > 0);
        drop(reader);
        let broken = print_to(&mut writer, &bytes).unwrap_err();
        assert_eq!(broken.kind(), io::ErrorKind::BrokenPipe);
    }
}
