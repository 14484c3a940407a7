//! One client's bytes: what it is too slow to read ends its connection, and what is no answer of ours does not reach it.

use crate::patience::Patience;
use crate::stream_io::StreamIo;
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio::net::UnixStream;

#[derive(Debug)]
pub(crate) struct ClientIo {
    io: StreamIo,
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
            io: StreamIo(stream),
            patience,
            has_arrived,
        }
    }

    pub(crate) fn into_stream(self) -> UnixStream {
        self.io.0
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
            Poll::Pending => ready!(self.patience.poll_over(context)),
        }
        match written {
            Poll::Ready(written) if !self.patience.is_over() => Poll::Ready(written),
            Poll::Ready(_) | Poll::Pending => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl Read for ClientIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, to)
    }
}

impl Write for ClientIo {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(from)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.has_arrived() {
            return Poll::Ready(Ok(from.iter().map(|slice| slice.len()).sum()));
        }
        let written = Pin::new(&mut self.io).poll_write_vectored(context, from);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.has_arrived() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
