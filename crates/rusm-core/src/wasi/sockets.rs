//! Makes denials of the network visible: what Wasmtime would refuse on its own account is asked of the guard first.
//!
//! Without a network grant, Wasmtime lets no guest make a socket or look a name up, but it tells nobody. These functions shadow its own in
//! the linker: they ask the guard, which writes the audit record, and go on as Wasmtime does.

use super::answer::{Answer, answer};
use crate::code::Guest;
use rusm_caps::{Guard, NetGrant, Protocol, Request};
use std::net::{Ipv4Addr, SocketAddr};
use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets as p2;
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::Host as _;
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket::Host as _;
use wasmtime_wasi::p2::bindings::sockets::udp_create_socket::Host as _;
use wasmtime_wasi::p3::bindings::sockets::ip_name_lookup::{self as p3_names, HostWithStore as _};
use wasmtime_wasi::p3::bindings::sockets::types as p3;
use wasmtime_wasi::sockets::{TcpSocket, UdpSocket, WasiSockets, WasiSocketsView as _};

/// Shadows the functions of WASI 0.2. Call it after Wasmtime's own were added.
pub(crate) fn shadow_p2<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker
        .instance("wasi:sockets/tcp-create-socket@0.2.12")?
        .func_wrap(
            "create-tcp-socket",
            |mut store: StoreContextMut<'_, T>, (family,)| -> Answer<_, _> {
                match may_open(store.data_mut().wasi().guard(), Protocol::Tcp) {
                    true => answer(store.data_mut().sockets().create_tcp_socket(family)),
                    false => Ok((Err(p2::network::ErrorCode::AccessDenied),)),
                }
            },
        )?;
    linker
        .instance("wasi:sockets/udp-create-socket@0.2.12")?
        .func_wrap_async(
            "create-udp-socket",
            |mut store: StoreContextMut<'_, T>, (family,)| {
                Box::new(async move {
                    match may_open(store.data_mut().wasi().guard(), Protocol::Udp) {
                        true => answer(store.data_mut().sockets().create_udp_socket(family).await),
                        false => Ok((Err(p2::network::ErrorCode::AccessDenied),)),
                    }
                })
            },
        )?;
    linker
        .instance("wasi:sockets/ip-name-lookup@0.2.12")?
        .func_wrap(
            "resolve-addresses",
            |mut store: StoreContextMut<'_, T>,
             (network, name): (Resource<p2::network::Network>, String)|
             -> Answer<_, _> {
                match may_resolve(store.data_mut().wasi().guard(), &name) {
                    true => answer(store.data_mut().sockets().resolve_addresses(network, name)),
                    false => Ok((Err(p2::network::ErrorCode::AccessDenied),)),
                }
            },
        )?;
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
            match may_open(store.data_mut().wasi().guard(), Protocol::Tcp) {
                true => answer(p3::HostTcpSocket::create(
                    &mut store.data_mut().sockets(),
                    family,
                )),
                false => Ok((Err(p3::ErrorCode::AccessDenied),)),
            }
        },
    )?;
    types.func_wrap_async(
        "[static]udp-socket.create",
        |mut store: StoreContextMut<'_, T>, (family,)| {
            Box::new(async move {
                let answer: Answer<Resource<UdpSocket>, _> =
                    match may_open(store.data_mut().wasi().guard(), Protocol::Udp) {
                        true => answer(
                            p3::HostUdpSocket::create(&mut store.data_mut().sockets(), family)
                                .await,
                        ),
                        false => Ok((Err(p3::ErrorCode::AccessDenied),)),
                    };
                answer
            })
        },
    )?;
    linker
        .instance("wasi:sockets/ip-name-lookup@0.3.0")?
        .func_wrap_concurrent(
            "resolve-addresses",
            |accessor: &Accessor<T>, (name,): (String,)| {
                Box::pin(async move {
                    let is_allowed =
                        accessor.with(|mut access| may_resolve(access.get().wasi().guard(), &name));
                    let result = match is_allowed {
                        true => {
                            WasiSockets::resolve_addresses(
                                &accessor.with_getter::<WasiSockets>(T::sockets),
                                name,
                            )
                            .await?
                        }
                        false => Err(p3_names::ErrorCode::AccessDenied),
                    };
                    Ok((result,))
                })
            },
        )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Whether any socket may be made. Which address it may be used with is asked when there is one; until then the request is about the
/// address that stands for none.
fn may_open(guard: &Guard, proto: Protocol) -> bool {
    match guard.profile().network() {
        NetGrant::Rules(_) => true,
        NetGrant::Off => {
            let addr = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
            guard.check(Request::Bind { addr, proto }, ()).is_ok()
        }
    }
}

fn may_resolve(guard: &Guard, name: &str) -> bool {
    guard.check(Request::ResolveName { name }, ()).is_ok()
}
