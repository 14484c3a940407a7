//! One output stream of a guest, as each version of WASI wants to see it.
//!
//! To the log writing never waits. To the terminal it waits while that takes nothing, and the process with it. WASI 0.1 and 0.2 write
//! through `p2::OutputStream`, whose trap ends the guest; WASI 0.3 writes through `AsyncWrite`, whose errors the guest may ignore, so its
//! runner watches [`GuestOutput::wait_for_breach`].

use super::{GuestOutput, Stream, WriteError, terminal};
use bytes::Bytes;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;
use tokio::io::unix::AsyncFd;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream as WasiOutputStream, Pollable, StreamError, StreamResult};

/// What WASI asks to write at once; more is asked for again.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// A handle to one stream of a process.
#[derive(Debug)]
pub(crate) struct OutputStream {
    output: Arc<GuestOutput>,
    stream: Stream,
    /// While the process waits for the terminal.
    watch: Option<AsyncFd<OwnedFd>>,
    /// Why it cannot be waited for.
    failed: Option<io::Error>,
}

impl OutputStream {
    pub(crate) fn new(output: Arc<GuestOutput>, stream: Stream) -> OutputStream {
        OutputStream {
            output,
            stream,
            watch: None,
            failed: None,
        }
    }

    fn another(&self) -> OutputStream {
        OutputStream::new(Arc::clone(&self.output), self.stream)
    }

    /// Ready when everything before was printed and more is taken.
    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.output.print_waiting(self.stream)? {
            let watch = match &mut self.watch {
                Some(watch) => watch,
                none => none.insert(terminal::watch(self.stream)?),
            };
            let mut guard = ready!(watch.poll_write_ready(context))?;
            if !terminal::takes(self.stream) {
                guard.clear_ready();
            }
        }
        self.watch = None;
        Poll::Ready(Ok(()))
    }
}

impl IsTerminal for OutputStream {
    fn is_terminal(&self) -> bool {
        self.output.is_terminal(self.stream)
    }
}

impl StdoutStream for OutputStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.another())
    }

    fn p2_stream(&self) -> Box<dyn WasiOutputStream> {
        Box::new(self.another())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for OutputStream {
    async fn ready(&mut self) {
        self.failed = poll_fn(|context| self.poll_room(context)).await.err();
    }
}

fn stream_error(error: WriteError) -> StreamError {
    match error {
        WriteError::Breach(breach) => StreamError::Trap(breach.into()),
        WriteError::Terminal(error) => terminal_error(error),
        WriteError::NoRoom => StreamError::trap("write: the stream takes nothing yet"),
    }
}

fn terminal_error(error: io::Error) -> StreamError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        StreamError::Closed
    } else {
        StreamError::LastOperationFailed(error.into())
    }
}

impl WasiOutputStream for OutputStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.output.write(self.stream, &bytes).map_err(stream_error)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        if let Some(error) = self.failed.take() {
            return Err(terminal_error(error));
        }
        let takes = self.output.print_waiting(self.stream);
        let takes = takes.map_err(terminal_error)?;
        Ok(if takes { WRITE_BYTES_MAX } else { 0 })
    }
}

impl AsyncWrite for OutputStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_room(context))?;
        // The terminal has just said that it takes a piece: nothing is left to wait for when the guest ends.
        let most = if self.output.has_terminal() {
            terminal::PIECE_BYTES
        } else {
            WRITE_BYTES_MAX
        };
        let bytes = bytes.get(..most).unwrap_or(bytes);
        Poll::Ready(match self.output.write(self.stream, bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(WriteError::Breach(breach)) => Err(io::Error::other(breach)),
            Err(WriteError::Terminal(error)) => Err(error),
            Err(WriteError::NoRoom) => Err(io::ErrorKind::WouldBlock.into()),
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_room(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}
