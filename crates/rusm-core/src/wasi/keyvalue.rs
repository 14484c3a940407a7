//! `wasi:keyvalue`, in the two drafts that components import, over the operations of `host/kv.rs`.
//!
//! Conversions only: who may do what, and within which sizes, is decided there, for each operation anew. The drafts differ in a few
//! types ([`Draft`]), so everything is written once and linked once for each; their WIT, with what each function promises, is in
//! `crates/rusm-core/wit`.
//!
//! Invariants:
//! - a handle is a name and grants nothing: what a process may not do with a bucket, it may not do through a handle it has;
//! - handles are counted with all others of the process, and one takes little, whatever the values are that it has seen;
//! - whoever may neither read nor write a bucket learns nothing of it, not even whether the node has a store.

mod atomics;
mod batch;
mod draft;
mod error;
mod store;

pub(super) use atomics::Cas;
pub(super) use store::Bucket;

use crate::guest::GuestState;
use crate::host::Host;
use draft::{Draft, Draft1, Draft2};
use error::{Error, Tried};
use std::sync::Arc;
use wasmtime::StoreContextMut;
use wasmtime::component::{Component, Linker, Resource};
use wasmtime_wasi::TrappableError;

/// Links both drafts.
pub(crate) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    add_draft::<Draft1>(linker)?;
    add_draft::<Draft2>(linker)?;
    atomics::add_cas(linker)
}

fn add_draft<D: Draft>(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    store::add::<D>(linker)?;
    atomics::add_increment::<D>(linker)?;
    batch::add::<D>(linker)
}

/// A linker of its own for a component that was built with an earlier copy of the second draft; none for any other.
pub(crate) fn fitted(
    linker: &Linker<GuestState>,
    component: &Component,
) -> wasmtime::Result<Option<Linker<GuestState>>> {
    if batch::is_of_an_earlier_copy(component) {
        let mut linker = linker.clone();
        linker.allow_shadowing(true);
        batch::shadow_get_many(&mut linker)?;
        return Ok(Some(linker));
    }
    Ok(None)
}

/// An interface with its version.
fn interface<D: Draft>(name: &str) -> String {
    format!("wasi:keyvalue/{name}@{}", D::VERSION)
}

/// A guest's state, as these interfaces see it.
struct Kv<'a>(&'a mut GuestState);

impl<'a> Kv<'a> {
    fn of(store: &'a mut StoreContextMut<'_, GuestState>) -> Kv<'a> {
        Kv(store.data_mut())
    }

    fn host(&mut self) -> Host<'_> {
        Host::new(self.0)
    }

    /// The bucket that a handle stands for.
    fn name(&mut self, bucket: &Resource<Bucket>) -> Tried<Arc<str>> {
        Ok(Arc::clone(self.get(bucket)?.name()))
    }

    fn get<R: 'static>(&mut self, handle: &Resource<R>) -> Tried<&mut R> {
        let table = self.0.wasi.view().table;
        table.get_mut(handle).map_err(TrappableError::trap)
    }

    /// Makes a handle, if the process may have one more.
    fn push<R: Send + 'static>(&mut self, of: R) -> Tried<Resource<R>> {
        let wasi = &mut self.0.wasi;
        wasi.view();
        let _promise = wasi.promise(1).map_err(|_| {
            let most = wasi.limits().max_handles;
            Error::Other(format!(
                "there is no room for one more handle: the profile allows {most} (max-handles), and the node has a bound, too"
            ))
        })?;
        wasi.view().table.push(of).map_err(TrappableError::trap)
    }

    /// Closes a handle, which makes room for another one, here and on the node.
    fn remove<R: 'static>(&mut self, handle: Resource<R>) -> wasmtime::Result<R> {
        let wasi = &mut self.0.wasi;
        let removed = wasi.view().table.delete(handle)?;
        wasi.recount();
        Ok(removed)
    }
}

/// The guest closes a handle.
fn close<R: 'static>(mut store: StoreContextMut<'_, GuestState>, rep: u32) -> wasmtime::Result<()> {
    Kv::of(&mut store)
        .remove(Resource::<R>::new_own(rep))
        .map(drop)
}
