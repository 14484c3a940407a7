//! The closed list of permissions, by the names that a manifest and a guest use for them.
//!
//! A permission is what can be asked about, denied, revoked and dropped. A request belongs to
//! exactly one permission; a grant answers for exactly one permission.

use std::fmt;

/// One family of rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Outgoing connections, datagrams and name look-ups.
    Network,
    /// Accepting connections and datagrams at a chosen port.
    Listen,
    /// Starting processes.
    Spawn,
    /// Buckets of the node's key-value store.
    Storage,
    /// Inspecting, signalling, linking and killing processes that are no relatives.
    ProcessControl,
    /// Sending messages to processes that are no relatives.
    Send,
    /// Registering code that the process brings itself.
    Load,
    /// The real terminal.
    Stdio,
    /// Environment variables.
    Env,
    /// Preopened folders.
    Files,
    /// Functions of the embedding program.
    HostFunctions,
}

impl Permission {
    /// Every permission, in the order of the manifest's documentation.
    pub const ALL: [Permission; 11] = [
        Permission::Network,
        Permission::Listen,
        Permission::Spawn,
        Permission::Storage,
        Permission::ProcessControl,
        Permission::Send,
        Permission::Load,
        Permission::Stdio,
        Permission::Env,
        Permission::Files,
        Permission::HostFunctions,
    ];

    /// The name that `permissions.query`, `permissions.drop` and `restrict` use.
    pub fn name(self) -> &'static str {
        match self {
            Permission::Network => "network",
            Permission::Listen => "listen",
            Permission::Spawn => "spawn",
            Permission::Storage => "storage",
            Permission::ProcessControl => "process-control",
            Permission::Send => "send",
            Permission::Load => "load",
            Permission::Stdio => "stdio",
            Permission::Env => "env",
            Permission::Files => "files",
            Permission::HostFunctions => "host-functions",
        }
    }

    /// The key of a `[capabilities.*]` table that grants it.
    pub fn manifest_key(self) -> &'static str {
        match self {
            Permission::Network => "allow-network",
            Permission::Listen => "allow-listen",
            Permission::Spawn => "allow-spawn",
            Permission::Storage => "allow-storage",
            Permission::ProcessControl => "allow-process-control",
            Permission::Send => "allow-send",
            Permission::Load => "allow-load",
            Permission::Stdio => "allow-stdio",
            Permission::Env => "env",
            Permission::Files => "preopen",
            Permission::HostFunctions => "host-functions",
        }
    }

    /// The permission of that name. The manifest's own key (`allow-network`, `preopen`) is
    /// understood as well.
    pub fn from_name(name: &str) -> Option<Permission> {
        Permission::ALL
            .into_iter()
            .find(|permission| permission.name() == name || permission.manifest_key() == name)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both names of a permission lead back to it, and no two permissions share one.
    #[test]
    fn names_are_unique_and_lead_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_name(permission.name()), Some(permission));
            assert_eq!(
                Permission::from_name(permission.manifest_key()),
                Some(permission)
            );
        }
        assert_eq!(Permission::from_name("Network"), None);
        assert_eq!(Permission::from_name(""), None);
    }
}
