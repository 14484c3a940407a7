//! Name look-up for WASI 0.2 and 0.3: the guard first, then the resolver of the node, never Wasmtime's own.

use crate::code::Guest;
use crate::wasi::answer::Answer;
use crate::wasi::network::{Host, Network, ResolveError};
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::vec;
use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, Linker, Resource, ResourceType};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::bindings::sockets::network::{
    ErrorCode as ErrorP2, IpAddress as AddressP2, Network as NetworkP2,
};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::p3::bindings::sockets::ip_name_lookup::ErrorCode as ErrorP3;
use wasmtime_wasi::p3::bindings::sockets::types::IpAddress as AddressP3;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

/// Why a guest gets no addresses.
#[derive(Clone, Copy, Debug)]
pub(in crate::wasi) enum NoAddresses {
    Denied,
    NotAName,
    Resolver(ResolveError),
}

/// A look-up that the guard has allowed, to be waited for.
fn begin(
    network: &Arc<Network>,
    name: &str,
) -> Result<impl Future<Output = Result<Vec<IpAddr>, NoAddresses>> + use<>, NoAddresses> {
    let host = Host::read(name).ok_or(NoAddresses::NotAName)?;
    let host = network.may_look_up(host).map_err(|_| NoAddresses::Denied)?;
    let network = Arc::clone(network);
    Ok(async move { network.look_up(host).await.map_err(NoAddresses::Resolver) })
}

/// Shadows `resolve-addresses` of WASI 0.2 and the stream that it answers.
pub(super) fn shadow_p2<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let mut names = linker.instance("wasi:sockets/ip-name-lookup@0.2.12")?;
    names.resource(
        "resolve-address-stream",
        ResourceType::host::<AddressStream>(),
        |mut store, rep| {
            let stream = Resource::<AddressStream>::new_own(rep);
            store.data_mut().wasi().view().table.delete(stream)?;
            Ok(())
        },
    )?;
    names.func_wrap(
        "resolve-addresses",
        |mut store: StoreContextMut<'_, T>,
         (token, name): (Resource<NetworkP2>, String)|
         -> Answer<Resource<AddressStream>, ErrorP2> {
            let wasi = store.data_mut().wasi();
            // It grants nothing, but must be one.
            wasi.view().table.get(&token)?;
            let Ok(_promise) = wasi.promise(1) else {
                return Ok((Err(ErrorP2::OutOfMemory),));
            };
            let begun = begin(wasi.network(), &name);
            match begun {
                Ok(addresses) => {
                    let stream = AddressStream::Waiting(spawn(addresses));
                    Ok((Ok(wasi.view().table.push(stream)?),))
                }
                Err(error) => Ok((Err(error.into()),)),
            }
        },
    )?;
    names.func_wrap(
        "[method]resolve-address-stream.resolve-next-address",
        |mut store: StoreContextMut<'_, T>,
         (stream,): (Resource<AddressStream>,)|
         -> Answer<Option<AddressP2>, ErrorP2> {
            let stream = store.data_mut().wasi().view().table.get_mut(&stream)?;
            Ok((stream.next(),))
        },
    )?;
    names.func_wrap(
        "[method]resolve-address-stream.subscribe",
        |mut store: StoreContextMut<'_, T>,
         (stream,): (Resource<AddressStream>,)|
         -> wasmtime::Result<(Resource<DynPollable>,)> {
            Ok((subscribe(store.data_mut().wasi().view().table, stream)?,))
        },
    )
}

/// Shadows `resolve-addresses` of WASI 0.3.
pub(super) fn shadow_p3<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker
        .instance("wasi:sockets/ip-name-lookup@0.3.0")?
        .func_wrap_concurrent(
            "resolve-addresses",
            |accessor: &Accessor<T>, (name,): (String,)| {
                Box::pin(async move {
                    let begun =
                        accessor.with(|mut access| begin(access.get().wasi().network(), &name));
                    let found = match begun {
                        Ok(addresses) => addresses.await,
                        Err(error) => Err(error),
                    };
                    let answer: Result<Vec<AddressP3>, ErrorP3> = match found {
                        Ok(addresses) => Ok(addresses.into_iter().map(AddressP3::from).collect()),
                        Err(error) => Err(error.into()),
                    };
                    Ok((answer,))
                })
            },
        )
}

/// The answer to a look-up of WASI 0.2, address by address. Dropping it gives the look-up up.
pub(in crate::wasi) enum AddressStream {
    Waiting(AbortOnDropJoinHandle<Result<Vec<IpAddr>, NoAddresses>>),
    Found(vec::IntoIter<IpAddr>),
    Failed(NoAddresses),
}

impl AddressStream {
    /// Waits for the answer; ready at once afterwards.
    fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let AddressStream::Waiting(answer) = self {
            *self = match pin!(answer).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(addresses)) => AddressStream::Found(addresses.into_iter()),
                Poll::Ready(Err(error)) => AddressStream::Failed(error),
            };
        }
        Poll::Ready(())
    }

    fn next(&mut self) -> Result<Option<AddressP2>, ErrorP2> {
        let mut context = Context::from_waker(Waker::noop());
        let _is_ready = self.poll_answer(&mut context);
        match self {
            AddressStream::Waiting(_) => Err(ErrorP2::WouldBlock),
            AddressStream::Found(addresses) => Ok(addresses.next().map(AddressP2::from)),
            AddressStream::Failed(error) => Err((*error).into()),
        }
    }
}

#[async_trait]
impl Pollable for AddressStream {
    async fn ready(&mut self) {
        std::future::poll_fn(|context| self.poll_answer(context)).await;
    }
}

impl From<NoAddresses> for ErrorP2 {
    fn from(error: NoAddresses) -> ErrorP2 {
        match error {
            NoAddresses::Denied => ErrorP2::AccessDenied,
            NoAddresses::NotAName => ErrorP2::InvalidArgument,
            NoAddresses::Resolver(ResolveError::NotFound) => ErrorP2::NameUnresolvable,
            NoAddresses::Resolver(ResolveError::Unavailable) => ErrorP2::TemporaryResolverFailure,
            NoAddresses::Resolver(ResolveError::TimedOut) => ErrorP2::TemporaryResolverFailure,
        }
    }
}

impl From<NoAddresses> for ErrorP3 {
    fn from(error: NoAddresses) -> ErrorP3 {
        match error {
            NoAddresses::Denied => ErrorP3::AccessDenied,
            NoAddresses::NotAName => ErrorP3::InvalidArgument,
            NoAddresses::Resolver(ResolveError::NotFound) => ErrorP3::NameUnresolvable,
            NoAddresses::Resolver(ResolveError::Unavailable) => ErrorP3::TemporaryResolverFailure,
            NoAddresses::Resolver(ResolveError::TimedOut) => ErrorP3::TemporaryResolverFailure,
        }
    }
}
