//! Names and groups on this node.

use std::fmt;

use crate::{Pid, sys};

/// Why [`register`] refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Another process holds it, or this process has a name already.
    Taken,
    /// Not 1 to 255 bytes of text without control characters.
    Invalid,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Taken => "cannot register: the name is taken, or this process has one",
            Self::Invalid => {
                "cannot register: a name is 1 to 255 bytes of text without control characters"
            }
        })
    }
}

impl std::error::Error for NameError {}

/// Gives this process a name. It is released before the process's exit is signalled to anyone.
///
/// # Errors
/// The name is taken or is none.
pub fn register(name: &str) -> Result<(), NameError> {
    sys::registry_register(name)
}

/// Gives the name up, if this process holds it.
pub fn unregister(name: &str) {
    sys::registry_unregister(name);
}

/// Who holds the name now.
pub fn whereis(name: &str) -> Option<Pid> {
    sys::registry_whereis(name)
}

/// Enters a group, which begins to exist with its first member.
pub fn join(group: &str) {
    sys::registry_join(group);
}

/// Leaves a group.
pub fn leave(group: &str) {
    sys::registry_leave(group);
}

/// The members of a group now.
pub fn members(group: &str) -> Vec<Pid> {
    sys::registry_members(group)
}

/// Sends to every member of a group; returns how many mailboxes took it.
pub fn broadcast(group: &str, tag: u64, payload: &[u8]) -> u32 {
    sys::registry_broadcast(group, tag, payload)
}
