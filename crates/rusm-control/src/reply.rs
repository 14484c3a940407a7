//! What a handler answers with: a value as JSON, bytes, or pieces that come one by one.

use crate::budget::Share;
use crate::error::ApiError;
use crate::json;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use serde::Serialize;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// An answer was cut short: the client sees a body without its end.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut short: {0}")]
pub(crate) struct Cut(pub(crate) String);

pub(crate) type ReplyBody = UnsyncBoxBody<Bytes, Cut>;

/// An answer.
#[derive(Debug)]
pub struct Reply(Response<ReplyBody>);

impl Reply {
    fn new(status: StatusCode, content_type: &'static str, body: ReplyBody) -> Reply {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let content_type = HeaderValue::from_static(content_type);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        Reply(response)
    }

    /// A value, as one line of JSON.
    pub fn json(value: &impl Serialize) -> Reply {
        Self::json_line(json::line(value), None)
    }

    /// A line of JSON, which counts as `share` until the client has taken it.
    pub(crate) fn json_line(mut line: Vec<u8>, share: Option<Share>) -> Reply {
        line.push(b'\n');
        Self::new(StatusCode::OK, "application/json", whole(line, share))
    }

    /// Bytes as they are.
    pub(crate) fn bytes(bytes: Vec<u8>, share: Share) -> Reply {
        let body = whole(bytes, Some(share));
        Self::new(StatusCode::OK, "application/octet-stream", body)
    }

    /// Lines of JSON, piece by piece.
    pub(crate) fn lines(pieces: mpsc::Receiver<Result<Bytes, Cut>>) -> Reply {
        let body = Pieces(pieces).boxed_unsync();
        Self::new(StatusCode::OK, "application/x-ndjson", body)
    }

    /// Adds a field.
    pub(crate) fn field(mut self, name: &'static str, value: impl Into<HeaderValue>) -> Reply {
        let name = HeaderName::from_static(name);
        self.0.headers_mut().insert(name, value.into());
        self
    }

    /// An error as it goes over the wire, where there is no request to answer.
    pub(crate) fn raw_error(error: &ApiError) -> Vec<u8> {
        let status = error.code.status();
        let mut line = error.to_line();
        line.push(b'\n');
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            line.len()
        );
        [head.into_bytes(), line].concat()
    }

    pub(crate) fn error(error: &ApiError) -> Reply {
        let status = error.code.status();
        let allow = error.allow.as_ref();
        let allow = allow.and_then(|allow| HeaderValue::try_from(allow).ok());
        let mut line = error.to_line();
        line.push(b'\n');
        let mut reply = Self::new(status, "application/json", whole(line, None));
        if let Some(allow) = allow {
            reply.0.headers_mut().insert(ALLOW, allow);
        }
        reply
    }

    pub(crate) fn into_response(self) -> Response<ReplyBody> {
        self.0
    }
}

fn whole(bytes: Vec<u8>, share: Option<Share>) -> ReplyBody {
    let body = Full::new(Bytes::from(bytes));
    let body = body.map_err(|never: Infallible| match never {});
    match share {
        Some(share) => Holding {
            body,
            _until_it_is_taken: share,
        }
        .boxed_unsync(),
        None => body.boxed_unsync(),
    }
}

/// A body that holds its share of the memory.
struct Holding<B> {
    body: B,
    _until_it_is_taken: Share,
}

impl<B: Body + Unpin> Body for Holding<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        // Until it is asked for more, what it gave may be on its way still.
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

struct Pieces(mpsc::Receiver<Result<Bytes, Cut>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let piece = self.0.poll_recv(context);
        piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
