//! The line of a manifest that grants a permission, with a target that stands for the real one.

use rusm_caps::Permission;
use rusm_core::Need;

/// A line that grants all that these needs can ask for, and no more than the manifest can tell
/// apart. Folders, variables and addresses are examples: only the operator knows them.
pub(super) fn all_of(permission: Permission, needs: &[Need]) -> String {
    let reads = needs.iter().any(|need| !need.writes);
    let writes = needs.iter().any(|need| need.writes);
    let line = match permission {
        Permission::Network => "allow-network = true",
        Permission::Listen => "allow-listen = [\"127.0.0.1:8080\"]",
        Permission::Spawn => "allow-spawn = true",
        Permission::Storage if !writes => "allow-storage = { read = [\"*\"] }",
        Permission::Storage if !reads => "allow-storage = { write = [\"*\"] }",
        Permission::Storage => "allow-storage = true",
        Permission::ProcessControl => "allow-process-control = true",
        Permission::Send => "allow-send = true",
        Permission::Load => "allow-load = true",
        Permission::Stdio => "allow-stdio = true",
        Permission::Env => "env = [\"NAME\"]",
        Permission::Files if writes => "preopen = [{ host = \"data\", guest = \"/data\" }]",
        Permission::Files => "preopen = [{ host = \"data\", guest = \"/data\", read-only = true }]",
        Permission::HostFunctions => "host-functions = [\"namespace:package/interface\"]",
    };
    line.to_owned()
}
