//! What the caller may do, and giving it up.

use super::{Fault, Host, Misuse};
use rusm_caps::Permission;

impl Host<'_> {
    /// Whether the profile grants it. Without side effects; an unknown permission is not granted.
    pub(crate) fn query(&self, permission: &str, target: Option<&str>) -> bool {
        self.state.guard.query(permission, target)
    }

    /// Gives a permission up for good, folders included that are open; connections and files that are open stay so,
    /// and variables that were read are known. A name that is none ends the caller: a right that was meant to go must
    /// not stay.
    pub(crate) fn drop_permission(&mut self, permission: &str) -> Result<(), Fault> {
        if self.state.guard.drop_permission(permission) {
            if Permission::from_name(permission) == Some(Permission::Files) {
                self.state.wasi.close_folders();
            }
            return Ok(());
        }
        Err(Misuse::Permission {
            given: rusm_caps::printable(permission),
        }
        .into())
    }
}
