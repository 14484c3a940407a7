//! How many files, sockets and streams a process has open: [`Handles`].
//!
//! Two bounds come from `max-handles`. Whatever makes a handle and can answer with an error asks here first and answers with it (`EMFILE`,
//! `insufficient-memory`, `new-socket-limit`): the functions of WASI that do are shadowed in `p1.rs`, `p2.rs` and `p3.rs`. What WASI keeps
//! besides, pollables above all, has no such answer; the capacity of the resource table is its bound, and a breach ends the guest.
//!
//! What is open is counted in the table itself whenever it matters, so there is no second account that could differ from it.

use super::keyvalue::{Bucket, Cas};
use super::sockets::AddressStream;
use crate::ceiling::{Ceiling, Held, Reached};
use rusm_caps::Limits;
use std::any::Any;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::sockets::{tcp, udp};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, ReaddirIterator};
use wasmtime_wasi::p3::bindings::sockets::types as p3;

mod files;
mod p1;
mod p2;
mod p3_files;

pub(crate) use p1::shadow_p1;
pub(super) use p1::{enter as enter_p1, errno};
pub(crate) use p2::shadow_handles_p2;
pub(crate) use p3_files::shadow_handles_p3;

/// Entries of the table that one handle may need: itself, its streams, a pollable for each.
const ENTRIES_PER_HANDLE: u32 = 4;
/// Entries for what every process has: standard streams with their pollables, clocks, errors.
const ENTRIES_OF_ITS_OWN: u32 = 64;
/// Standard input, output and error.
const STANDARD_STREAMS: u32 = 3;
/// Handles of the component model itself for each entry of the table: resources that components make for each other.
const OWN_RESOURCES_PER_ENTRY: u32 = 16;

/// Entries that a table of the host may have for a process: that of WASI, or that of the component model's concurrency.
pub(crate) fn max_table_entries(limits: &Limits) -> usize {
    let entries = limits
        .max_handles
        .saturating_mul(ENTRIES_PER_HANDLE)
        .saturating_add(ENTRIES_OF_ITS_OWN);
    usize::try_from(entries).unwrap_or(usize::MAX)
}

/// Handles that the component model may hold for it, those of the guest's own resources included.
pub(crate) fn max_component_handles(limits: &Limits) -> usize {
    let each = usize::try_from(OWN_RESOURCES_PER_ENTRY).unwrap_or(usize::MAX);
    max_table_entries(limits).saturating_mul(each)
}

/// The account of one process.
#[derive(Debug)]
pub(super) struct Handles {
    bound: u32,
    /// The folders it was granted, which are open whatever it does.
    granted: Vec<Arc<File>>,
    /// Handles that calls under way are about to make; made with the first of them.
    promised: Option<Arc<AtomicU32>>,
    held: Held,
}

/// Room for handles that a call is about to make; given back when the call has returned and they are in the table.
#[derive(Debug)]
pub(super) struct Promise {
    promised: Arc<AtomicU32>,
    n: u32,
}

/// No handle more, by the process's own bound or by the node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoHandle;

impl From<Reached> for NoHandle {
    fn from(_: Reached) -> NoHandle {
        NoHandle
    }
}

impl Handles {
    pub(super) fn new(bound: u32, ceiling: Option<&Arc<Ceiling>>) -> Handles {
        Handles {
            bound,
            granted: Vec::new(),
            promised: None,
            held: Held::of(ceiling),
        }
    }

    /// These folders do not count.
    pub(super) fn grant(&mut self, folders: Vec<Arc<File>>) {
        self.granted = folders;
    }

    /// Which of them it is, in the order in which they were granted.
    pub(super) fn position_of_granted(&self, folder: &Arc<File>) -> Option<usize> {
        let is_it = |granted: &Arc<File>| Arc::ptr_eq(granted, folder);
        self.granted.iter().position(is_it)
    }

    /// Room for so many more.
    pub(super) fn promise(
        &mut self,
        table: &mut ResourceTable,
        n: u32,
    ) -> Result<Promise, NoHandle> {
        // Relaxed: one thread at a time runs a guest.
        let promised = self.n_promised();
        let wanted = self
            .n_open(table)
            .saturating_add(promised)
            .saturating_add(n);
        if wanted > self.bound {
            return Err(NoHandle);
        }
        self.held.set(u64::from(wanted))?;
        let promised = self.promised.get_or_insert_default();
        promised.fetch_add(n, Ordering::Relaxed);
        Ok(Promise {
            promised: Arc::clone(promised),
            n,
        })
    }

    /// Gives back to the node what has been closed.
    pub(super) fn recount(&mut self, table: &mut ResourceTable) {
        if self.held.is_counted() {
            let open = self.n_open(table).saturating_add(self.n_promised());
            // Less than before, or what a promise has taken already.
            let _never_more = self.held.set(u64::from(open));
        }
    }

    fn n_promised(&self) -> u32 {
        let promised = self.promised.as_ref();
        promised.map_or(0, |promised| promised.load(Ordering::Relaxed))
    }

    fn n_open(&self, table: &mut ResourceTable) -> u32 {
        let (mut streams, mut others) = (0_u32, 0_u32);
        for entry in table.iter_mut() {
            let entry: &dyn Any = entry;
            streams += u32::from(is_stream(entry));
            others += u32::from(self.is_open(entry));
        }
        others.saturating_add(streams.saturating_sub(STANDARD_STREAMS))
    }

    fn is_open(&self, entry: &dyn Any) -> bool {
        if let Some(descriptor) = entry.downcast_ref::<Descriptor>() {
            return match descriptor {
                Descriptor::File(_) => true,
                Descriptor::Dir(folder) => self.position_of_granted(&folder.dir).is_none(),
            };
        }
        entry.is::<ReaddirIterator>()
            || entry.is::<tcp::TcpSocket>()
            || entry.is::<udp::UdpSocket>()
            || entry.is::<udp::IncomingDatagramStream>()
            || entry.is::<udp::OutgoingDatagramStream>()
            || entry.is::<AddressStream>()
            || entry.is::<Bucket>()
            || entry.is::<Cas>()
            || entry.is::<p3::TcpSocket>()
            || entry.is::<p3::UdpSocket>()
    }
}

fn is_stream(entry: &dyn Any) -> bool {
    entry.is::<DynInputStream>() || entry.is::<DynOutputStream>()
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.promised.fetch_sub(self.n, Ordering::Relaxed);
    }
}
