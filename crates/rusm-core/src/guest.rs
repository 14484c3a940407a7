//! A guest process, seen from the host: its store data, one field per family, and how its run ends.

pub(crate) mod body;
pub(crate) mod breach;
pub(crate) mod limits;
pub(crate) mod meter;
pub(crate) mod output;
mod store;

use crate::abi::raw::RawBuffers;
use crate::event::Evidence;
use crate::identity::Identity;
use crate::runtime::RuntimeShared;
use crate::wasi::WasiState;
use breach::Breach;
use limits::GuestLimits;
use meter::Meter;
use rusm_actor::{Context, ExitReason};
use rusm_caps::Guard;
use rusm_kv::Store;
use std::sync::{Arc, OnceLock};

/// What a store holds. Built from the profile alone, once per process.
pub(crate) struct GuestState {
    /// The one place that says what the process may do.
    pub(crate) guard: Guard,
    pub(crate) runtime: Arc<RuntimeShared>,
    pub(crate) limits: GuestLimits,
    /// What one call may hand to the host.
    pub(crate) max_call_bytes: u64,
    /// Timers that it may have armed at once.
    pub(crate) max_timers: usize,
    /// The node's store, once it was used.
    kv: OnceLock<Store>,
    pub(crate) wasi: WasiState,
    pub(crate) raw: RawBuffers,
    meter: Arc<Meter>,
}

impl GuestState {
    /// The process, as the kernel knows it.
    pub(crate) fn context(&self) -> &Context {
        &self.meter.context
    }

    /// The process, as others see it.
    pub(crate) fn identity(&self) -> &Arc<Identity> {
        &self.meter.identity
    }

    /// The node's store, if it has one.
    pub(crate) fn store(&self) -> Option<&Store> {
        if self.kv.get().is_none() {
            let store = self.runtime.store()?;
            return Some(self.kv.get_or_init(|| store));
        }
        self.kv.get()
    }
}

/// Ends the guest with this reason: it called `process.exit`, or a fatal signal was met.
#[derive(Debug, thiserror::Error)]
#[error("the process ends: {0}")]
pub(crate) struct GuestExit(pub(crate) ExitReason);

/// Ends the guest: it ran into a bound of its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the process ran into its bound: {}", .0.limit)]
pub(crate) struct LimitBreach(pub(crate) Breach);

/// How a guest's run came to its end: why, and what the node knows of it besides.
pub(crate) type End = (ExitReason, Evidence);

impl LimitBreach {
    pub(crate) fn end(self) -> End {
        (ExitReason::Limit(self.0.limit), self.0.into())
    }
}
