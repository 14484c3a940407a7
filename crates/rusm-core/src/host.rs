//! The whole host API of `rusm:actor`, in plain Rust types: [`Host`], a view of a guest's state.
//!
//! Every method has one shape: ask the guard, do it with what the permit holds, return a plain result. What
//! a guest may be told is the inner result, one small type per family; a [`Fault`] ends the guest. Nothing
//! here converts from or to guest memory, and nothing in `abi/` decides.
//!
//! What always holds:
//! - a guest's number, text or list is checked here before anything is done or allocated for it;
//! - a process that has ended is nobody: reaching it does nothing, so no grant is asked for. Pids are never
//!   reused, so nobody else can be reached instead.

pub(crate) mod control;
pub(crate) mod fault;
pub(crate) mod kv;
pub(crate) mod mailbox;
mod peer;
pub(crate) mod permissions;
pub(crate) mod process;
pub(crate) mod registry;
pub(crate) mod spawner;

pub(crate) use fault::{Fault, Misuse};

use crate::guest::GuestState;
use rusm_actor::{Name, Pid};

/// The host, as one guest sees it.
pub(crate) struct Host<'a> {
    state: &'a mut GuestState,
}

impl<'a> Host<'a> {
    pub(crate) fn new(state: &'a mut GuestState) -> Self {
        Self { state }
    }
}

/// A pid that a guest named.
fn pid(raw: u64) -> Result<Pid, Fault> {
    Pid::from_u64(raw).ok_or(Fault::Misuse(Misuse::ZeroPid))
}

/// A name that a guest gave, where there is no answer for a bad one.
fn name(text: &str) -> Result<Name, Fault> {
    Name::new(text).map_err(|error| {
        Fault::Misuse(Misuse::Name {
            given: rusm_caps::printable(text),
            error,
        })
    })
}

/// Refuses the one that would be over the bound.
fn room_for_one_more(what: &'static str, n_held: usize, most: usize) -> Result<(), Fault> {
    if n_held < most {
        Ok(())
    } else {
        Err(Fault::Misuse(Misuse::TooMany { what, most }))
    }
}

/// Refuses what is over the bound.
fn within(what: &'static str, n: usize, most: usize) -> Result<(), Fault> {
    if n <= most {
        Ok(())
    } else {
        Err(Fault::Misuse(Misuse::TooMany { what, most }))
    }
}
