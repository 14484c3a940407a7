//! One connection: one request, one answer, and it is closed.
//!
//! That is all that a command line needs, and what could be said of a second request (which of two was meant, how long to wait for it)
//! need not be. Whatever has been sent behind the first one is not read.

use crate::body::RequestBody;
use crate::client_io::ClientIo;
use crate::crew::Member;
use crate::error::{ApiError, Code};
use crate::patience::Patience;
use crate::reply::{Reply, ReplyBody};
use crate::request::{Query, Request};
use crate::seats::{Seat, Wanted};
use crate::server::Shared;
use crate::target::Target;
use http::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::net::UnixStream;

/// The first line of a request and its fields, in bytes: several times the longest bucket and key, percent-encoded.
pub(crate) const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Fields of a request.
const FIELDS_MAX: usize = 64;
/// How long the first line and the fields may take.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// What is held of an answer that waits to be written, besides its piece.
const BUFFER_BYTES: usize = 64 * 1024;

/// A client that was taken on.
pub(crate) struct Client {
    pub(crate) stream: UnixStream,
    pub(crate) seat: Seat,
    pub(crate) member: Member,
}

/// Serves a client to its end.
pub(crate) async fn serve(client: Client, wanted: Wanted, shared: Arc<Shared>) {
    let Client {
        stream,
        seat,
        member,
    } = client;
    let has_arrived = Arc::new(AtomicBool::new(false));
    let patience = Patience::new(Arc::clone(&shared.time));
    let io = ClientIo::new(stream, patience, Arc::clone(&has_arrived));
    let seat = Arc::new(seat);
    let service = service_fn(|request| {
        has_arrived.store(true, Ordering::Release);
        let work = (Arc::clone(&seat), member.join());
        answer(request, work, Arc::clone(&shared))
    });
    let mut connection = http1::Builder::new()
        .keep_alive(false)
        // A client may close its own side behind its request.
        .half_close(true)
        .max_headers(FIELDS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES)
        .header_read_timeout(None)
        .serve_connection(io, service);
    let (mut wanted, mut late) = (wanted, shared.time.wait(HEAD_TIME));
    let refusal = poll_fn(|context| {
        if let Poll::Ready(served) = Pin::new(&mut connection).poll(context) {
            return Poll::Ready(served.err().map(|error| of_hyper(&error)));
        }
        if has_arrived.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        if Pin::new(&mut wanted).poll(context).is_ready() {
            return Poll::Ready(Some(busy()));
        }
        let late = late.as_mut().poll(context);
        late.map(|()| {
            Some(ApiError::new(
                Code::Timeout,
                "the request did not arrive in time",
            ))
        })
    })
    .await;
    // An answer that has begun cannot be taken back.
    if let Some(refusal) = refusal
        && !has_arrived.load(Ordering::Acquire)
    {
        refuse(&connection.into_parts().io.into_stream(), &refusal);
    }
}

/// What hyper did not take for a request.
fn of_hyper(error: &hyper::Error) -> ApiError {
    if error.is_parse_too_large() {
        let message = format!(
            "the request's first line and fields have more than {HEAD_BYTES_MAX} bytes, or there are more than {FIELDS_MAX} of them"
        );
        ApiError::new(Code::TooLarge, message)
    } else {
        ApiError::bad_request(format!("this is not a request of HTTP/1.1: {error}"))
    }
}

pub(crate) fn busy() -> ApiError {
    ApiError::new(Code::Busy, "there are too many connections").help("try again")
}

/// Answers without having read a request: one try, which finds room in the socket's buffer unless the client is gone.
pub(crate) fn refuse(stream: &UnixStream, error: &ApiError) {
    let _if_there_is_room = stream.try_write(&Reply::raw_error(error));
}

async fn answer(
    request: http::Request<Incoming>,
    (seat, member): (Arc<Seat>, Member),
    shared: Arc<Shared>,
) -> Result<Response<ReplyBody>, Infallible> {
    // What has begun is brought to its end, whether or not the client is still there to hear of it: the seat is kept until then.
    let working = tokio::spawn(async move {
        let reply = match seat.is_kept() {
            true => work(request, &shared, member).await,
            false => Err(busy()),
        };
        drop(seat);
        reply
    });
    let reply = working.await.unwrap_or_else(|panicked| {
        Err(ApiError::new(
            Code::Failed,
            format!("the node failed at it: {panicked}"),
        ))
    });
    Ok(reply
        .unwrap_or_else(|error| Reply::error(&error))
        .into_response())
}

async fn work(
    request: http::Request<Incoming>,
    shared: &Shared,
    member: Member,
) -> Result<Reply, ApiError> {
    let (head, incoming) = request.into_parts();
    let patience = Patience::new(Arc::clone(&shared.time));
    let mut body = RequestBody::new(incoming, patience);
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let found = Target::read(path).and_then(|target| {
        let (handler, names) = shared.router.find(&head.method, &target.segments)?;
        Ok((handler, names, Query::new(target.query)))
    });
    let (handler, names, query) = match found {
        Ok(found) => found,
        Err(error) => {
            body.drain().await;
            return Err(error);
        }
    };
    let mut request = Request {
        names,
        query,
        body,
        budget: shared.budget.clone(),
        time: Arc::clone(&shared.time),
        member,
    };
    let reply = handler(&mut request).await;
    request.body.drain().await;
    reply
}
