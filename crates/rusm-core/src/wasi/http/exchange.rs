//! One request and its response: look up, check, dial, speak.

use super::body::{BoundedBody, TimedBody};
use super::target::Target;
use super::{Sending, Sent, TlsClient, error};
use crate::wasi::network::{Host, Network};
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use rusm_caps::Protocol;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use wasmtime_wasi::runtime::spawn;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

/// How long connecting may take unless the guest says otherwise: look-up and TLS included.
const CONNECT_TIME: Duration = Duration::from_secs(30);
/// How long a server may think, and keep silent in between, unless the guest says otherwise.
const SILENCE_TIME: Duration = Duration::from_secs(600);
/// The longest wait of any kind that a guest can ask for.
const WAIT_MAX: Duration = Duration::from_secs(3_600);
/// Bytes of a response's status line and header fields, and of what is read or written ahead.
const BUFFER_BYTES: usize = 64 << 10;
/// Header fields of a response.
const FIELDS_MAX: usize = 128;

/// Everything that one exchange needs.
pub(super) struct Exchange {
    pub(super) network: Arc<Network>,
    pub(super) tls: Arc<TlsClient>,
    pub(super) max_body_bytes: u64,
    pub(super) options: RequestOptions,
    /// The exchange's place among those that the process may have at once.
    pub(super) seat: OwnedSemaphorePermit,
}

/// A connection, with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Exchange {
    /// Sends the request. What comes back besides the response is the connection, which is kept until the response has been read.
    pub(super) async fn run(self, request: Request<WasiBody>) -> Sent {
        let target = Target::of(request.uri()).ok_or(Error::HttpRequestUriInvalid)?;
        let request = self.prepared(request, &target)?;
        let connect_time = wait(self.options.connect_timeout, CONNECT_TIME);
        let stream = timeout(connect_time, self.connect(&target, connect_time))
            .await
            .map_err(|_| Error::ConnectionTimeout)??;
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(BUFFER_BYTES)
            .max_headers(FIELDS_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(error::of_hyper)?;
        let connection = spawn(connection);
        let first_byte_time = wait(self.options.first_byte_timeout, SILENCE_TIME);
        let response = timeout(first_byte_time, sender.send_request(request))
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?
            .map_err(error::of_hyper)?;
        let between_bytes = wait(self.options.between_bytes_timeout, SILENCE_TIME);
        let response = response.map(|body| TimedBody::new(body, between_bytes).boxed_unsync());
        let seat = self.seat;
        let rest: Sending = Box::new(async move {
            let _until_it_ends = seat;
            connection.await.map_err(error::of_hyper)
        });
        Ok((response, rest))
    }

    /// The request as it goes over the wire: only the path in its first line, `Host` from what was read, a body with a bound.
    fn prepared(
        &self,
        request: Request<WasiBody>,
        target: &Target,
    ) -> Result<Request<BoundedBody>, Error> {
        let (mut head, body) = request.into_parts();
        // It would make a tunnel, of which nobody could say where it ends.
        if head.method == Method::CONNECT {
            return Err(Error::HttpRequestMethodInvalid);
        }
        let announced = head.headers.get(CONTENT_LENGTH).map(HeaderValue::to_str);
        if let Some(Ok(announced)) = announced
            && announced
                .parse()
                .is_ok_and(|bytes: u64| bytes > self.max_body_bytes)
        {
            return Err(Error::HttpRequestBodySize(Some(self.max_body_bytes)));
        }
        let path = head.uri.path_and_query().cloned();
        head.uri = path.map_or_else(Uri::default, Uri::from);
        let host = target.host_field().ok_or(Error::HttpRequestUriInvalid)?;
        head.headers.insert(HOST, host);
        Ok(Request::from_parts(
            head,
            BoundedBody::new(body, self.max_body_bytes),
        ))
    }

    async fn connect(&self, target: &Target, time: Duration) -> Result<Box<dyn Stream>, Error> {
        let until = Instant::now() + time;
        let addresses = match &target.host {
            Host::Address(address) => vec![*address],
            host @ Host::Name(_) => self.look_up(host, target.port).await?,
        };
        let stream = self.dial(&addresses, target.port, until).await?;
        if !target.is_tls {
            return Ok(Box::new(stream));
        }
        let name = target.server_name().ok_or(Error::HttpRequestUriInvalid)?;
        let stream = self.tls.connector().connect(name, stream).await;
        Ok(Box::new(stream.map_err(|error| error::of_tls(&error))?))
    }

    async fn look_up(&self, host: &Host, port: u16) -> Result<Vec<IpAddr>, Error> {
        let host = self
            .network
            .may_connect_by_name(host.clone(), port)
            .map_err(|_| Error::HttpRequestDenied)?;
        self.network.look_up(host).await.map_err(error::of_look_up)
    }

    /// Dials the first address that is allowed and answers. Each has its share of the time that is left.
    async fn dial(
        &self,
        addresses: &[IpAddr],
        port: u16,
        until: Instant,
    ) -> Result<TcpStream, Error> {
        let mut outcome = Error::HttpRequestDenied;
        let n_addresses = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        for (address, n_left) in addresses.iter().zip((1..=n_addresses).rev()) {
            let addr = SocketAddr::new(*address, port);
            let Ok(permit) = self.network.may_connect(addr, Protocol::Tcp) else {
                continue;
            };
            let share = until.saturating_duration_since(Instant::now()) / n_left;
            match timeout(share, TcpStream::connect(permit.into_inner())).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => outcome = error::of_dialling(&error),
                Err(_) => outcome = Error::ConnectionTimeout,
            }
        }
        Err(outcome)
    }
}

fn wait(asked: Option<Duration>, default: Duration) -> Duration {
    asked.unwrap_or(default).min(WAIT_MAX)
}
