//! Bodies with bounds: how much a request may send, how long a response may keep silent.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use wasmtime_wasi_http::{Error, WasiBody};

/// The body of a request, up to so many bytes. What exceeds them ends the request, and the part before it has been sent.
pub(super) struct BoundedBody {
    body: WasiBody,
    max_bytes: u64,
    left_bytes: u64,
}

impl BoundedBody {
    pub(super) fn new(body: WasiBody, max_bytes: u64) -> BoundedBody {
        BoundedBody {
            body,
            max_bytes,
            left_bytes: max_bytes,
        }
    }
}

impl Body for BoundedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let n_bytes = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => 0,
        };
        let left_bytes = u64::try_from(n_bytes)
            .ok()
            .and_then(|n_bytes| self.left_bytes.checked_sub(n_bytes));
        Poll::Ready(match left_bytes {
            Some(left_bytes) => {
                self.left_bytes = left_bytes;
                frame
            }
            None => Some(Err(Error::HttpRequestBodySize(Some(self.max_bytes)))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a response. It fails when a guest has waited too long for the next part of it.
pub(super) struct TimedBody {
    body: Incoming,
    between_bytes: Duration,
    /// Set while a guest waits.
    silence: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    pub(super) fn new(body: Incoming, between_bytes: Duration) -> TimedBody {
        TimedBody {
            body,
            between_bytes,
            silence: None,
        }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.silence = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(super::error::of_hyper)));
        }
        let between_bytes = self.between_bytes;
        let silence = self
            .silence
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + between_bytes)));
        ready!(silence.as_mut().poll(context));
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
