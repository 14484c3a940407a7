//! The two guest-facing paths over the one host API: components ([`component`]) and core modules ([`raw`]).
//!
//! Conversions only. Which imports there are, with which types and behind which grants, is one table,
//! [`rusm_abi::IMPORTS`]; both linkers are checked against it.

pub(crate) mod component;
pub(crate) mod memory;
pub(crate) mod raw;

use crate::code::Links;
use crate::guest::GuestState;
use rusm_abi::{IMPORTS, MODULE, Reason};
use rusm_actor::{ExitReason, Limit};

/// What is linked besides WASI.
pub(crate) fn links() -> Links<GuestState> {
    Links {
        component: Box::new(component::add_to_linker),
        module: Box::new(raw::add_to_linker),
        names: names(),
    }
}

/// What a guest may import from rusm, as it is called at load: `rusm:actor/process`, `rusm/send`.
fn names() -> Vec<String> {
    let interfaces = IMPORTS.iter().filter_map(|import| import.interface);
    let mut names: Vec<String> = interfaces
        .map(|interface| format!("rusm:actor/{interface}"))
        .collect();
    names.push("rusm:actor/types".to_owned());
    names.sort_unstable();
    names.dedup();
    names.extend(
        IMPORTS
            .iter()
            .map(|import| format!("{MODULE}/{}", import.name)),
    );
    names
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
