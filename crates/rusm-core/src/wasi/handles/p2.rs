//! The functions of WASI 0.2 that make handles, that close them, or that take host memory by a number; each asks for room first and goes on
//! as Wasmtime's own.

use super::super::answer::{Answer, answer};
use super::super::beneath::{opening_p2, tell_open_p2, tell_p2};
use super::files::is_special_p2;
use crate::code::Guest;
use crate::guest::LimitBreach;
use crate::guest::breach::Breach;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::{self as fs, HostDescriptor as _};
use wasmtime_wasi::p2::bindings::io::streams as io;
use wasmtime_wasi::p2::bindings::random::{insecure::Host as _, random::Host as _};
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode as SocketError;
use wasmtime_wasi::p2::bindings::sockets::tcp::{self, HostTcpSocket as _, TcpSocket};
use wasmtime_wasi::p2::bindings::sockets::udp::{self, HostUdpSocket as _, UdpSocket};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, ReaddirIterator};
use wasmtime_wasi::random::WasiRandomView as _;
use wasmtime_wasi::sockets::WasiSocketsView as _;

/// A file descriptor as a guest names it.
type Fd = Resource<Descriptor>;

/// Shadows the functions of WASI 0.2. Call it after Wasmtime's own were added.
pub(crate) fn shadow_handles_p2<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    opening(&mut linker.instance("wasi:filesystem/types@0.2.12")?)?;
    streaming(&mut linker.instance("wasi:filesystem/types@0.2.12")?)?;
    closing(&mut linker.instance("wasi:filesystem/types@0.2.12")?)?;
    closing_streams(&mut linker.instance("wasi:io/streams@0.2.12")?)?;
    connecting(&mut linker.instance("wasi:sockets/tcp@0.2.12")?)?;
    sending(&mut linker.instance("wasi:sockets/udp@0.2.12")?)?;
    random(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn opening<T: Guest>(files: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    type Open = (
        Fd,
        fs::PathFlags,
        String,
        fs::OpenFlags,
        fs::DescriptorFlags,
    );
    files.func_wrap_async(
        "[method]descriptor.open-at",
        |mut store: StoreContextMut<'_, T>, (fd, path_flags, path, open, flags): Open| {
            Box::new(async move {
                let state = store.data_mut();
                let Ok(_promise) = state.wasi().promise(1) else {
                    return Ok((Err(fs::ErrorCode::InsufficientMemory),));
                };
                if is_special_p2(&mut state.filesystem(), &fd, path_flags, &path).await {
                    return Ok((Err(fs::ErrorCode::Unsupported),));
                }
                let attempt = opening_p2(&fd, path_flags, &path, open, flags);
                let mut files = state.filesystem();
                let answer = answer(files.open_at(fd, path_flags, path, open, flags).await);
                tell_p2(state, &attempt, &answer).await;
                answer
            })
        },
    )?;
    files.func_wrap_async(
        "[method]descriptor.read-directory",
        |mut store: StoreContextMut<'_, T>, (fd,): (Fd,)| {
            Box::new(async move {
                let state = store.data_mut();
                let Ok(_promise) = state.wasi().promise(1) else {
                    return Ok((Err(fs::ErrorCode::InsufficientMemory),));
                };
                let handle = fd.rep();
                let answer = answer(state.filesystem().read_directory(fd).await);
                tell_open_p2(state, handle, &answer);
                answer
            })
        },
    )
}

fn streaming<T: Guest>(files: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    files.func_wrap(
        "[method]descriptor.read-via-stream",
        |mut store: StoreContextMut<'_, T>, (fd, offset): (Fd, u64)| -> Answer<_, _> {
            match store.data_mut().wasi().promise(1) {
                Ok(_promise) => answer(store.data_mut().filesystem().read_via_stream(fd, offset)),
                Err(_) => Ok((Err(fs::ErrorCode::InsufficientMemory),)),
            }
        },
    )?;
    files.func_wrap(
        "[method]descriptor.write-via-stream",
        |mut store: StoreContextMut<'_, T>, (fd, offset): (Fd, u64)| -> Answer<_, _> {
            let (state, handle) = (store.data_mut(), fd.rep());
            let Ok(_promise) = state.wasi().promise(1) else {
                return Ok((Err(fs::ErrorCode::InsufficientMemory),));
            };
            let answer = answer(state.filesystem().write_via_stream(fd, offset));
            tell_open_p2(state, handle, &answer);
            answer
        },
    )?;
    files.func_wrap(
        "[method]descriptor.append-via-stream",
        |mut store: StoreContextMut<'_, T>, (fd,): (Fd,)| -> Answer<_, _> {
            let (state, handle) = (store.data_mut(), fd.rep());
            let Ok(_promise) = state.wasi().promise(1) else {
                return Ok((Err(fs::ErrorCode::InsufficientMemory),));
            };
            let answer = answer(state.filesystem().append_via_stream(fd));
            tell_open_p2(state, handle, &answer);
            answer
        },
    )
}

fn closing<T: Guest>(files: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    closes::<T, Descriptor>(files, "descriptor", |state, it| {
        fs::HostDescriptor::drop(&mut state.filesystem(), it)
    })?;
    closes::<T, ReaddirIterator>(files, "directory-entry-stream", |state, it| {
        fs::HostDirectoryEntryStream::drop(&mut state.filesystem(), it)
    })
}

fn closing_streams<T: Guest>(streams: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    streams.resource_async(
        "input-stream",
        ResourceType::host::<DynInputStream>(),
        |mut store, rep| {
            Box::new(async move {
                let state = store.data_mut();
                let stream = Resource::<DynInputStream>::new_own(rep);
                io::HostInputStream::drop(state.ctx().table, stream).await?;
                state.wasi().recount();
                Ok(())
            })
        },
    )?;
    streams.resource_async(
        "output-stream",
        ResourceType::host::<DynOutputStream>(),
        |mut store, rep| {
            Box::new(async move {
                let state = store.data_mut();
                let stream = Resource::<DynOutputStream>::new_own(rep);
                io::HostOutputStream::drop(state.ctx().table, stream).await?;
                state.wasi().recount();
                Ok(())
            })
        },
    )
}

fn connecting<T: Guest>(sockets: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    sockets.func_wrap(
        "[method]tcp-socket.finish-connect",
        |mut store: StoreContextMut<'_, T>, (socket,): (Resource<TcpSocket>,)| -> Answer<_, _> {
            match store.data_mut().wasi().promise(2) {
                Ok(_promise) => answer(store.data_mut().sockets().finish_connect(socket)),
                Err(_) => Ok((Err(SocketError::OutOfMemory),)),
            }
        },
    )?;
    sockets.func_wrap(
        "[method]tcp-socket.accept",
        |mut store: StoreContextMut<'_, T>, (socket,): (Resource<TcpSocket>,)| -> Answer<_, _> {
            match store.data_mut().wasi().promise(3) {
                Ok(_promise) => answer(store.data_mut().sockets().accept(socket)),
                Err(_) => Ok((Err(SocketError::NewSocketLimit),)),
            }
        },
    )?;
    closes::<T, TcpSocket>(sockets, "tcp-socket", |state, it| {
        tcp::HostTcpSocket::drop(&mut state.sockets(), it)
    })
}

fn sending<T: Guest>(sockets: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    type Remote = Option<wasmtime_wasi::p2::bindings::sockets::network::IpSocketAddress>;
    sockets.func_wrap_async(
        "[method]udp-socket.stream",
        |mut store: StoreContextMut<'_, T>, (socket, remote): (Resource<UdpSocket>, Remote)| {
            Box::new(async move {
                match store.data_mut().wasi().promise(2) {
                    Ok(_promise) => answer(store.data_mut().sockets().stream(socket, remote).await),
                    Err(_) => Ok((Err(SocketError::OutOfMemory),)),
                }
            })
        },
    )?;
    closes::<T, UdpSocket>(sockets, "udp-socket", |state, it| {
        udp::HostUdpSocket::drop(&mut state.sockets(), it)
    })
}

/// A resource whose end is noticed at once.
fn closes<T: Guest, R: 'static>(
    instance: &mut LinkerInstance<'_, T>,
    name: &str,
    drop: impl Fn(&mut T, Resource<R>) -> wasmtime::Result<()> + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    instance.resource(name, ResourceType::host::<R>(), move |mut store, rep| {
        drop(store.data_mut(), Resource::new_own(rep))?;
        store.data_mut().wasi().recount();
        Ok(())
    })
}

fn random<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.instance("wasi:random/random@0.2.12")?.func_wrap(
        "get-random-bytes",
        |mut store: StoreContextMut<'_, T>, (length,): (u64,)| {
            check_random(store.data_mut(), length)?;
            Ok((store.data_mut().random().get_random_bytes(length)?,))
        },
    )?;
    linker.instance("wasi:random/insecure@0.2.12")?.func_wrap(
        "get-insecure-random-bytes",
        |mut store: StoreContextMut<'_, T>, (length,): (u64,)| {
            check_random(store.data_mut(), length)?;
            Ok((store
                .data_mut()
                .random()
                .get_insecure_random_bytes(length)?,))
        },
    )
}

/// Random bytes have no error: whoever asks for too many in one call ends.
pub(super) fn check_random<T: Guest>(state: &mut T, length: u64) -> Result<(), LimitBreach> {
    let bound = state.wasi().limits().max_random_bytes;
    if length <= bound {
        return Ok(());
    }
    Err(LimitBreach(Breach::random(bound, length)))
}
