//! Grants: one family per file, each with parse, `covers` and a `Display` that parses back.
//!
//! A grant is pure data. It names what it allows; it never reaches for it.

mod env;
mod fs;
mod host_function;
mod kv;
mod net;
mod process;

pub use env::EnvGrant;
pub use fs::DirGrant;
pub use host_function::{HostFunctionGrant, HostFunctionName};
pub use kv::{BucketPattern, BucketSet, KvGrant};
pub use net::{Cidr, HostPattern, ListenGrant, ListenRule, NetGrant, NetHost, NetRule, PortRange};
pub(crate) use net::{reserved_kind, reserved_ranges};
pub use process::{SendGrant, SpawnGrant};

use thiserror::Error;

use crate::escape::is_steering;

/// Text that is no grant.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{attempted}: {reason}")]
pub struct GrantError {
    attempted: String,
    reason: String,
    hint: Option<String>,
}

impl GrantError {
    pub(crate) fn new(attempted: impl Into<String>, reason: impl Into<String>) -> GrantError {
        GrantError {
            attempted: visible(&attempted.into()),
            reason: reason.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> GrantError {
        self.hint = Some(hint.into());
        self
    }

    /// Why it is none, without what was attempted.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What to write instead.
    pub fn suggestion(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// What was typed, with what Rust's own quoting leaves invisible escaped as well.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_steering(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Writes a list as `a, b, c`, at most eight items and then how many more there are.
pub(crate) fn listed<T: std::fmt::Display>(items: impl ExactSizeIterator<Item = T>) -> String {
    const LISTED_MAX: usize = 8;
    let n_items = items.len();
    let mut text = String::new();
    for (position, item) in items.take(LISTED_MAX).enumerate() {
        if position > 0 {
            text.push_str(", ");
        }
        text.push_str(&item.to_string());
    }
    if n_items > LISTED_MAX {
        text.push_str(&format!(" and {} more", n_items - LISTED_MAX));
    }
    text
}
