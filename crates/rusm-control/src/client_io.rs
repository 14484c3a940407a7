//! One client's bytes, between the reactor's socket and hyper.

use crate::patience::Patience;
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::UnixStream;

const PIECE_BYTES: usize = 16 * 1024;

#[derive(Debug)]
pub(crate) struct ClientIo {
    stream: UnixStream,
    patience: Patience,
    has_arrived: Arc<AtomicBool>,
}

impl ClientIo {
    /// `has_arrived` says whether there is a request. Before that, whatever hyper writes is an error answer of its own, without a body;
    /// it goes nowhere, since the connection has a better one.
    pub(crate) fn new(
        stream: UnixStream,
        patience: Patience,
        has_arrived: Arc<AtomicBool>,
    ) -> ClientIo {
        ClientIo {
            stream,
            patience,
            has_arrived,
        }
    }

    pub(crate) fn into_stream(self) -> UnixStream {
        self.stream
    }

    fn has_arrived(&self) -> bool {
        self.has_arrived.load(Ordering::Acquire)
    }

    /// Books what was written, or waits for the client to read, within its time.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(n_bytes)) => self.patience.moved(*n_bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                ready!(self.patience.poll_over(context));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        written
    }
}

impl Read for ClientIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut piece = [0; PIECE_BYTES];
        let room = to.remaining().min(PIECE_BYTES);
        let mut read = ReadBuf::new(piece.get_mut(..room).unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
        to.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for ClientIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.has_arrived() {
            return Poll::Ready(Ok(from.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, from);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.has_arrived() {
            return Poll::Ready(Ok(from.iter().map(|slice| slice.len()).sum()));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, from);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.has_arrived() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
