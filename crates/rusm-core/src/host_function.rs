//! Functions of the embedding program that guests may call: [`HostInterface`], [`HostFunction`], [`RawFunction`].
//!
//! An embedder registers interfaces by their WIT names with
//! [`RuntimeBuilder::host_interface`](crate::RuntimeBuilder::host_interface); a profile grants them
//! (`host-functions = ["acme:billing/charge"]`). A component imports the interface and speaks component values; a core
//! module imports the module of that name and speaks numbers, with checked access to its own memory.
//!
//! What always holds:
//! - a process whose code imports an interface of which its profile grants nothing does not start: it ends as
//!   `not-started` with the denial as its reason, and the denial is recorded. So does one whose profile grants what
//!   nobody registered;
//! - every call asks the guard under the function's full name (`acme:billing/charge@1.2.0#pay`) before anything of the
//!   embedder's runs. A call that is denied then, because the right was given up meanwhile or a decision function says
//!   no, gets the answer that the embedder made for that case ([`HostFunction::when_denied`]); without one it ends the
//!   process, with the denial as its reason, for an arbitrary signature has no other place for it;
//! - a panic, or an error, in a host function ends the calling process and nothing else;
//! - arguments are bounded before they are copied (`max-call-kb`); results go into the caller's own memory, within its
//!   bound.
//!
//! A function made by `new` runs on the worker thread, in the guest's slice, and must not wait. One made by `waiting`
//! gives a future: while it waits the worker goes on with other processes, and a kill of the process drops it.

mod admission;
mod gate;
mod interface;
mod memory;
mod number;
mod raw;
mod typed;

pub(crate) use admission::admit;
pub(crate) use interface::HostInterfaces;
pub use interface::{HostInterface, HostInterfaceError};
pub use number::{CoreType, CoreValue};
pub use raw::{RawCall, RawFunction};
pub use typed::HostFunction;

use crate::guest::GuestState;
use rusm_actor::Pid;
use rusm_caps::Subject;
use std::fmt;

/// Types and traits of Wasmtime in which host functions speak with components.
pub mod values {
    pub use wasmtime::component::{ComponentNamedList, ComponentType, Lift, Lower, Val};
}

/// The process that calls a host function.
#[derive(Clone, Debug)]
pub struct HostCaller {
    subject: Subject,
    pid: Pid,
}

impl HostCaller {
    fn of(state: &GuestState) -> HostCaller {
        HostCaller {
            subject: state.guard.subject().clone(),
            pid: state.context().pid(),
        }
    }

    /// The component that it runs. Code that a process brought itself has a name of that process's choice.
    pub fn component(&self) -> &str {
        self.subject.component()
    }

    /// Who.
    pub fn pid(&self) -> Pid {
        self.pid
    }
}

/// Why a host function gives no answer. The calling process ends with this text in its reason.
///
/// What a guest should be able to go on from is no such error but part of the function's own result, such as
/// `result<receipt, refusal>`.
#[derive(Debug)]
pub struct HostFunctionError(String);

impl HostFunctionError {
    /// An error with this text, which is escaped and cut where it is shown.
    pub fn new(text: impl fmt::Display) -> HostFunctionError {
        HostFunctionError(text.to_string())
    }
}

impl fmt::Display for HostFunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HostFunctionError {}
