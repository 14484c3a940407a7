//! The two guest-facing paths over the one host API: components ([`component`]) and core modules ([`raw`]).
//!
//! Conversions only. Which imports there are, with which types and behind which grants, is one table,
//! [`rusm_abi::IMPORTS`]; both linkers are checked against it.

pub(crate) mod component;
pub(crate) mod memory;
pub(crate) mod raw;

use crate::code::{ImportNames, Links};
use crate::guest::GuestState;
use crate::host_function::HostInterfaces;
use crate::wasi;
use rusm_abi::{IMPORTS, MODULE, Reason};
use rusm_actor::{ExitReason, Limit};
use std::sync::Arc;

/// What is linked besides WASI: rusm's own imports, `wasi:keyvalue`, and the embedder's.
pub(crate) fn links(embedded: &Arc<HostInterfaces>) -> Links<GuestState> {
    let (for_components, for_modules) = (Arc::clone(embedded), Arc::clone(embedded));
    Links {
        component: Box::new(move |linker| {
            component::add_to_linker(linker)?;
            wasi::add_keyvalue(linker)?;
            for_components.add_to_component_linker(linker)
        }),
        fitted: Box::new(wasi::fitted_keyvalue),
        module: Box::new(move |linker| {
            raw::add_to_linker(linker)?;
            for_modules.add_to_module_linker(linker)
        }),
        names: names(embedded),
    }
}

/// What a guest may import from rusm or the embedder.
fn names(embedded: &HostInterfaces) -> ImportNames {
    let actor = IMPORTS.iter().filter_map(|import| import.interface);
    let actor = actor.map(|interface| format!("rusm:actor/{interface}"));
    let mut interfaces: Vec<String> = actor.chain(embedded.component_imports()).collect();
    interfaces.push("rusm:actor/types".to_owned());
    interfaces.sort_unstable();
    interfaces.dedup();
    let own = IMPORTS.iter();
    let own = own.map(|import| format!("{MODULE}/{}", import.name));
    ImportNames {
        functions: own.chain(embedded.module_imports()).collect(),
        interfaces,
    }
}

/// A reason as it crosses the border.
fn reason(reason: &ExitReason) -> Reason<'_> {
    match reason {
        ExitReason::Normal => Reason::Normal,
        ExitReason::Shutdown => Reason::Shutdown,
        ExitReason::Killed => Reason::Killed,
        ExitReason::NoProcess => Reason::NoProcess,
        ExitReason::NoConnection => Reason::NoConnection,
        ExitReason::Trap(text) => Reason::Trap(text),
        ExitReason::NotStarted(text) => Reason::NotStarted(text),
        ExitReason::Limit(limit) => Reason::Limit(match limit {
            Limit::Memory => rusm_abi::Limit::Memory,
            Limit::CpuTime => rusm_abi::Limit::CpuTime,
            Limit::WallTime => rusm_abi::Limit::WallTime,
            Limit::Output => rusm_abi::Limit::Output,
            Limit::Mailbox => rusm_abi::Limit::Mailbox,
        }),
        ExitReason::Error(text) => Reason::Error(text),
    }
}

#[cfg(test)]
mod tests;
