//! `wasi:http` outgoing, 0.2 and 0.3: Wasmtime's types and streams, our own sending.
//!
//! Both versions end in one hook, [`HttpHooks::send_request`]. There the host is read once into its canonical form, looked up, checked and
//! dialled by [`exchange`]; neither a proxy variable of the node nor a redirect has a say. A redirect is an answer like any other:
//! a guest that follows it makes a new request, which is checked anew.
//!
//! Invariants:
//! - a process without a grant that covers the host gets `HTTP-request-denied`, and the audit a record; nothing left the machine;
//! - one exchange is one connection, closed with it: nothing of one process is found by another, neither connection nor TLS session;
//! - everything has a bound: exchanges at once, what a request says of itself, the body that is sent, the head that is received, and every wait.

mod body;
mod bounds;
mod error;
mod exchange;
mod target;
mod tls;

pub(crate) use tls::TlsClient;
pub use tls::TlsError;

use super::network::Network;
use crate::code::Guest;
use exchange::Exchange;
use http::Request;
use std::sync::Arc;
use tokio::sync::Semaphore;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, p2, p3,
};

/// Bytes of one set of header fields, as they lie in memory.
const FIELDS_BYTES_MAX: usize = 64 << 10;
/// Bytes of a body that are taken from the guest in one piece. A few such pieces wait for the network at most.
const CHUNK_BYTES: usize = 64 << 10;

/// Links the interfaces of WASI 0.2.
pub(crate) fn add_p2<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let options = p2::bindings::LinkOptions::default();
    p2::bindings::http::outgoing_handler::add_to_linker::<T, WasiHttp>(linker, view)?;
    p2::bindings::http::types::add_to_linker::<T, WasiHttp>(linker, &(&options).into(), view)?;
    bounds::shadow_p2(linker)
}

/// Links the interfaces of WASI 0.3.
pub(crate) fn add_p3<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    p3::bindings::http::client::add_to_linker::<T, WasiHttp>(linker, view)?;
    p3::bindings::http::types::add_to_linker::<T, WasiHttp>(linker, view)?;
    bounds::shadow_p3(linker)
}

fn view<T: Guest>(state: &mut T) -> WasiHttpCtxView<'_> {
    state.wasi().http()
}

/// The HTTP side of one process.
pub(super) struct HttpState {
    ctx: WasiHttpCtx,
    hooks: HttpHooks,
}

impl HttpState {
    pub(super) fn new(network: Arc<Network>, tls: Arc<TlsClient>) -> HttpState {
        let profile = network.guard().profile();
        let limits = profile.limits();
        let mut ctx = WasiHttpCtx::new();
        ctx.set_field_size_limit(FIELDS_BYTES_MAX);
        let max_exchanges = usize::try_from(limits.max_handles).unwrap_or(usize::MAX);
        let hooks = HttpHooks {
            network,
            tls,
            max_body_bytes: limits.max_body_bytes,
            exchanges: Arc::new(Semaphore::new(max_exchanges.min(Semaphore::MAX_PERMITS))),
        };
        HttpState { ctx, hooks }
    }

    pub(super) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table,
            ctx: &mut self.ctx,
        }
    }
}

/// What Wasmtime asks us when a guest speaks HTTP.
struct HttpHooks {
    network: Arc<Network>,
    tls: Arc<TlsClient>,
    max_body_bytes: u64,
    /// One permit for each exchange that is under way, its response's body included.
    exchanges: Arc<Semaphore>,
}

type Sending = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Result<(http::Response<WasiBody>, Sending), Error>;

impl WasiHttpHooks for HttpHooks {
    /// We write it ourselves, from the host that was checked.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_done: Sending,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let Ok(seat) = Arc::clone(&self.exchanges).try_acquire_owned() else {
            return Box::new(std::future::ready(Err(Error::ConnectionLimitReached)));
        };
        let exchange = Exchange {
            network: Arc::clone(&self.network),
            tls: Arc::clone(&self.tls),
            max_body_bytes: self.max_body_bytes,
            options: options.unwrap_or_default(),
            seat,
        };
        Box::new(exchange.run(request))
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK_BYTES
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK_BYTES
    }
}
