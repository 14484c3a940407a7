//! What this process may do, and giving it up.

use crate::sys;

/// The answer of [`query`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The profile grants it.
    Granted,
    /// The profile does not grant it, or there is no such permission.
    Denied,
}

/// Asks the profile without side effects: `query("network", Some("api.example.com:443"))`.
///
/// Permissions go by their manifest names without `allow-`. Without a target the question is whether anything at all is granted.
pub fn query(permission: &str, target: Option<&str>) -> Status {
    sys::permissions_query(permission, target)
}

/// Gives a permission up for the rest of this process's life. Code that it loads later is as narrow.
pub fn drop(permission: &str) {
    sys::permissions_drop(permission);
}
