//! One output stream of a guest, as each version of WASI wants to see it.
//!
//! Writing never waits, so there is no back-pressure and no buffer between the guest and the sink. WASI 0.1 and 0.2 write through
//! `p2::OutputStream`, whose trap ends the guest; WASI 0.3 writes through `AsyncWrite`, whose errors the guest may ignore, so its runner
//! watches [`GuestOutput::wait_for_breach`].

use super::{GuestOutput, Stream, WriteError};
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream as WasiOutputStream, Pollable, StreamError, StreamResult};

/// What WASI asks to write at once; more is asked for again.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// A handle to one stream of a process.
#[derive(Clone, Debug)]
pub(crate) struct OutputStream {
    output: Arc<GuestOutput>,
    stream: Stream,
}

impl OutputStream {
    pub(crate) fn new(output: Arc<GuestOutput>, stream: Stream) -> OutputStream {
        OutputStream { output, stream }
    }
}

impl IsTerminal for OutputStream {
    fn is_terminal(&self) -> bool {
        self.output.is_terminal(self.stream)
    }
}

impl StdoutStream for OutputStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn WasiOutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for OutputStream {
    async fn ready(&mut self) {}
}

impl WasiOutputStream for OutputStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.output
            .write(self.stream, &bytes)
            .map_err(|error| match error {
                WriteError::Breach(breach) => StreamError::Trap(breach.into()),
                WriteError::Terminal(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    StreamError::Closed
                }
                WriteError::Terminal(error) => StreamError::LastOperationFailed(error.into()),
            })
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

impl AsyncWrite for OutputStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let bytes = bytes.get(..WRITE_BYTES_MAX).unwrap_or(bytes);
        Poll::Ready(match self.output.write(self.stream, bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(WriteError::Breach(breach)) => Err(io::Error::other(breach)),
            Err(WriteError::Terminal(error)) => Err(error),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
