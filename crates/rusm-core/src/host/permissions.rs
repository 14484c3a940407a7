//! What the caller may do, and giving it up.

use super::{Fault, Host, Misuse};
use crate::event::RuntimeEvent;
use rusm_caps::Permission;
use std::sync::Arc;

impl Host<'_> {
    /// Whether the profile grants it. Without side effects; an unknown permission is not granted.
    pub(crate) fn query(&self, permission: &str, target: Option<&str>) -> bool {
        self.state.guard.query(permission, target)
    }

    /// Gives a permission up for good, folders included that are open; connections, files and the terminal's input that are open
    /// stay so, and variables that were read are known. A name that is none ends the caller: a right that was meant to go must
    /// not stay.
    pub(crate) fn drop_permission(&mut self, permission: &str) -> Result<(), Fault> {
        let known = Permission::from_name(permission);
        let is_held = |permission| {
            self.state
                .guard
                .with_profile(|profile| profile.holds(permission))
        };
        let was_held = known.is_some_and(is_held);
        if self.state.guard.drop_permission(permission) {
            if let Some(permission) = known {
                match permission {
                    _ if !was_held => {}
                    Permission::Files => self.state.wasi.close_folders(),
                    Permission::Env | Permission::Stdio => self.state.wasi.take_back(),
                    Permission::Network
                    | Permission::Listen
                    | Permission::Spawn
                    | Permission::Send
                    | Permission::ProcessControl
                    | Permission::Storage
                    | Permission::Load
                    | Permission::HostFunctions => {}
                }
                self.report_drop(permission);
            }
            return Ok(());
        }
        Err(Misuse::Permission {
            given: rusm_caps::printable(permission),
        }
        .into())
    }

    fn report_drop(&self, permission: Permission) {
        let component = Arc::clone(&self.state.identity().component.name);
        let pid = self.state.context().pid();
        self.state.runtime.reporter.report(&RuntimeEvent::Dropped {
            component,
            pid,
            permission,
        });
    }
}
