//! The sockets of WASI 0.2 and 0.3, tied to the guard.
//!
//! Wasmtime's own functions make the sockets and move the bytes. Two kinds of its functions are shadowed in the linker: those that make
//! a socket, so that each gets a [`Gate`] of its own and a denial is recorded; and those that look names up ([`lookup`]). The
//! context that Wasmtime was given allows no network at all, so that what is not shadowed is closed.

mod gate;
mod lookup;

pub(super) use lookup::AddressStream;

use super::answer::{Answer, answer};
use super::handles::Promise;
use super::network::Network;
use crate::code::Guest;
use gate::Gate;
use rusm_caps::{Protocol, Request};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p2::bindings::sockets as p2;
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket::Host as _;
use wasmtime_wasi::p2::bindings::sockets::udp_create_socket::Host as _;
use wasmtime_wasi::p3::bindings::sockets::types as p3;
use wasmtime_wasi::sockets::{TcpSocket, UdpSocket, WasiSocketsCtx, WasiSocketsCtxView};

/// Shadows the functions of WASI 0.2. Call it after Wasmtime's own were added.
pub(crate) fn shadow_p2<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker
        .instance("wasi:sockets/tcp-create-socket@0.2.12")?
        .func_wrap(
            "create-tcp-socket",
            |mut store: StoreContextMut<'_, T>, (family,)| -> Answer<_, _> {
                match open(&mut store, Protocol::Tcp) {
                    Ok((mut ctx, table, _promise)) => {
                        answer(sockets(&mut ctx, table).create_tcp_socket(family))
                    }
                    Err(closed) => Ok((Err(closed.into()),)),
                }
            },
        )?;
    linker
        .instance("wasi:sockets/udp-create-socket@0.2.12")?
        .func_wrap_async(
            "create-udp-socket",
            |mut store: StoreContextMut<'_, T>, (family,)| {
                Box::new(async move {
                    match open(&mut store, Protocol::Udp) {
                        Ok((mut ctx, table, _promise)) => {
                            answer(sockets(&mut ctx, table).create_udp_socket(family).await)
                        }
                        Err(closed) => Ok((Err(closed.into()),)),
                    }
                })
            },
        )?;
    lookup::shadow_p2(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Shadows the functions of WASI 0.3.
pub(crate) fn shadow_p3<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut types = linker.instance("wasi:sockets/types@0.3.0")?;
    types.func_wrap(
        "[static]tcp-socket.create",
        |mut store: StoreContextMut<'_, T>, (family,)| -> Answer<Resource<TcpSocket>, _> {
            match open(&mut store, Protocol::Tcp) {
                Ok((mut ctx, table, _promise)) => {
                    let mut sockets = sockets(&mut ctx, table);
                    answer(p3::HostTcpSocket::create(&mut sockets, family))
                }
                Err(closed) => Ok((Err(closed.into()),)),
            }
        },
    )?;
    types.func_wrap_async(
        "[static]udp-socket.create",
        |mut store: StoreContextMut<'_, T>, (family,)| {
            Box::new(async move {
                let made: Answer<Resource<UdpSocket>, _> = match open(&mut store, Protocol::Udp) {
                    Ok((mut ctx, table, _promise)) => {
                        let mut sockets = sockets(&mut ctx, table);
                        answer(p3::HostUdpSocket::create(&mut sockets, family).await)
                    }
                    Err(closed) => Ok((Err(closed.into()),)),
                };
                made
            })
        },
    )?;
    lookup::shadow_p3(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Why no socket is made.
enum Closed {
    /// The profile allows none.
    Denied,
    /// As many handles as there may be.
    NoHandle,
}

impl From<Closed> for p2::network::ErrorCode {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Denied => Self::AccessDenied,
            Closed::NoHandle => Self::NewSocketLimit,
        }
    }
}

impl From<Closed> for p3::ErrorCode {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Denied => Self::AccessDenied,
            Closed::NoHandle => Self::OutOfMemory,
        }
    }
}

/// The context of one new socket, where it is to be kept, and the room for it.
fn open<'a, T: Guest>(
    store: &'a mut StoreContextMut<'_, T>,
    proto: Protocol,
) -> Result<(WasiSocketsCtx, &'a mut ResourceTable, Promise), Closed> {
    let wasi = store.data_mut().wasi();
    let network = Arc::clone(wasi.network());
    if !may_open(&network, proto) {
        return Err(Closed::Denied);
    }
    wasi.view();
    let promise = wasi.promise(1).map_err(|_| Closed::NoHandle)?;
    Ok((context(network, proto), wasi.view().table, promise))
}

/// Whether any socket may be made. Which address it may be used with is asked when there is one; until then the request is about the
/// address that stands for none.
fn may_open(network: &Network, proto: Protocol) -> bool {
    let profile = network.guard().profile();
    let addr = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    !profile.network().is_empty()
        || !profile.listen().is_empty()
        || network
            .guard()
            .check(Request::Bind { addr, proto }, ())
            .is_ok()
}

/// What Wasmtime needs to make one socket that asks the gate for each address.
fn context(network: Arc<Network>, proto: Protocol) -> WasiSocketsCtx {
    let gate = Gate::new(network, proto);
    WasiCtxBuilder::new()
        .allow_tcp(proto == Protocol::Tcp)
        .allow_udp(proto == Protocol::Udp)
        .socket_addr_check(move |addr, usage| {
            let is_allowed = gate.allows(addr, usage);
            Box::pin(std::future::ready(is_allowed))
        })
        .build()
        .sockets()
        .clone()
}

fn sockets<'a>(
    ctx: &'a mut WasiSocketsCtx,
    table: &'a mut ResourceTable,
) -> WasiSocketsCtxView<'a> {
    WasiSocketsCtxView { ctx, table }
}
