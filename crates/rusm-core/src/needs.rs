//! What each import can be used for: the one table from imports to permissions.
//!
//! `rusm check`, `rusm inspect` and whoever else compares code with grants asks [`needs_of`]. The
//! imports of rusm come from [`rusm_abi::IMPORTS`]; WASI's are in the table below, some that no node
//! links yet among them, so that they can be explained.
//!
//! A need is what an import can be used for at most. That code imports it does not mean that it is
//! ever called.

use rusm_abi::{Gate, IMPORTS, MODULE};
use rusm_caps::Permission;

/// One thing that an import can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// The permission that answers for it.
    pub permission: Permission,
    /// Whether it can change what it reaches, and not only look. Told for files and storage alone;
    /// for everything else it is true.
    pub writes: bool,
    /// Whether the standard libraries of languages import it whether the program uses it or not, so
    /// that the import says little.
    pub is_routine: bool,
}

impl Need {
    const fn new(permission: Permission) -> Need {
        Need {
            permission,
            writes: true,
            is_routine: false,
        }
    }

    const fn routine(permission: Permission) -> Need {
        Need {
            is_routine: true,
            ..Need::new(permission)
        }
    }

    const fn looking(permission: Permission) -> Need {
        Need {
            writes: false,
            ..Need::new(permission)
        }
    }
}

/// What an import can be used for, or nothing beyond the process itself.
///
/// `import` is an interface of a component, with or without a version (`wasi:sockets/tcp@0.2.3`), or
/// a function of a core module (`rusm/send`). For an interface, `functions` are those that are
/// imported, as the component model names them (`[method]tcp-socket.start-connect`).
pub fn needs_of(import: &str, functions: &[String]) -> Vec<Need> {
    let name = import.split_once('@').map_or(import, |(name, _)| name);
    let mut needs: Vec<Need> = match name.split_once('/') {
        Some((MODULE, function)) => rusm(None, function),
        Some(("rusm:actor", interface)) => functions
            .iter()
            .flat_map(|function| rusm(Some(interface), function))
            .collect(),
        _ if name.starts_with("wasi") => wasi(name, functions),
        // An interface or a type without a function to call.
        _ if functions.is_empty() && !is_function_of_a_module(name) => Vec::new(),
        // Whoever embeds the runtime may provide it.
        _ => vec![Need::new(Permission::HostFunctions)],
    };
    needs.sort_unstable();
    needs.dedup();
    needs
}

fn is_function_of_a_module(name: &str) -> bool {
    name.contains('/') && !name.contains(':')
}

/// An interface of none is any: core modules name the function alone.
fn rusm(interface: Option<&str>, function: &str) -> Vec<Need> {
    let found = IMPORTS.iter().find(|import| {
        import.name == function && interface.is_none_or(|wanted| import.interface == Some(wanted))
    });
    let permission = match found.map(|import| import.gate) {
        Some(Gate::Grant(key)) => Permission::from_name(key),
        Some(Gate::Open) | None => None,
    };
    match permission {
        Some(Permission::Storage) => match function {
            "kv-get" | "kv-list" => vec![Need::looking(Permission::Storage)],
            "kv-put" | "kv-delete" => vec![Need::new(Permission::Storage)],
            _ => vec![
                Need::looking(Permission::Storage),
                Need::new(Permission::Storage),
            ],
        },
        // Relatives may always be addressed, and most programs address nobody else.
        Some(Permission::Send) => vec![Need::routine(Permission::Send)],
        // Linking, signalling and killing one's own children needs no grant.
        Some(Permission::ProcessControl) if interface_of(function) != Some("control") => {
            vec![Need::routine(Permission::ProcessControl)]
        }
        Some(permission) => vec![Need::new(permission)],
        None => Vec::new(),
    }
}

fn interface_of(function: &str) -> Option<&'static str> {
    let found = IMPORTS.iter().find(|import| import.name == function)?;
    found.interface
}

fn wasi(name: &str, functions: &[String]) -> Vec<Need> {
    let plain = |function: &String| match function.split_once(']') {
        Some((_, plain)) => plain.to_owned(),
        None => function.clone(),
    };
    let functions: Vec<String> = functions.iter().map(plain).collect();
    let rows = TABLE.iter().filter(|row| row.import == name);
    rows.filter(|row| {
        // A function of a core module is an import by itself.
        let is_function = !row.import.contains(':');
        let names = |function: &String| row.functions.contains(&function.as_str());
        is_function
            || match row.functions {
                [] => !functions.is_empty(),
                _ => functions.iter().any(names),
            }
    })
    .map(|row| row.need)
    .collect()
}

/// These functions of that import can be used for this; no function named is all of them.
struct Row {
    import: &'static str,
    functions: &'static [&'static str],
    need: Need,
}

const fn row(import: &'static str, functions: &'static [&'static str], need: Need) -> Row {
    Row {
        import,
        functions,
        need,
    }
}

const NETWORK: Need = Need::new(Permission::Network);
const LISTEN: Need = Need::new(Permission::Listen);
const STDIO: Need = Need::routine(Permission::Stdio);
const ENV: Need = Need::routine(Permission::Env);
const FILES: Need = Need::new(Permission::Files);
const FILES_READ: Need = Need::looking(Permission::Files);
const FILES_ROUTINE: Need = Need::routine(Permission::Files);
const FILES_READ_ROUTINE: Need = Need {
    writes: false,
    ..FILES_ROUTINE
};
const STORE: Need = Need::new(Permission::Storage);
const STORE_READ: Need = Need::looking(Permission::Storage);

/// Binding chooses the port of a client as well, and that needs no listening.
const BIND: Need = Need::routine(Permission::Listen);

const TABLE: &[Row] = &[
    row("wasi:cli/environment", &["get-environment"], ENV),
    row("wasi:cli/stdin", &[], STDIO),
    row("wasi:cli/stdout", &[], STDIO),
    row("wasi:cli/stderr", &[], STDIO),
    row("wasi:cli/terminal-stdin", &[], STDIO),
    row("wasi:cli/terminal-stdout", &[], STDIO),
    row("wasi:cli/terminal-stderr", &[], STDIO),
    row("wasi:filesystem/preopens", &[], FILES_READ_ROUTINE),
    row("wasi:filesystem/types", FILE_READING, FILES_READ),
    row("wasi:filesystem/types", FILE_WRITING, FILES),
    row(
        "wasi:sockets/ip-name-lookup",
        &["resolve-addresses"],
        NETWORK,
    ),
    row("wasi:sockets/tcp", &["tcp-socket.start-connect"], NETWORK),
    row(
        "wasi:sockets/tcp",
        &["tcp-socket.start-listen", "tcp-socket.accept"],
        LISTEN,
    ),
    row(
        "wasi:sockets/udp",
        &["outgoing-datagram-stream.send"],
        NETWORK,
    ),
    row(
        "wasi:sockets/udp",
        &["udp-socket.stream", "incoming-datagram-stream.receive"],
        NETWORK,
    ),
    row("wasi:sockets/udp", &["udp-socket.start-bind"], BIND),
    row("wasi:sockets/types", &["tcp-socket.connect"], NETWORK),
    row(
        "wasi:sockets/types",
        &["udp-socket.connect", "udp-socket.send"],
        NETWORK,
    ),
    row("wasi:sockets/types", &["udp-socket.receive"], NETWORK),
    row("wasi:sockets/types", &["tcp-socket.listen"], LISTEN),
    row("wasi:sockets/types", &["udp-socket.bind"], BIND),
    row("wasi:http/outgoing-handler", &[], NETWORK),
    row("wasi:http/client", &[], NETWORK),
    row("wasi:http/handler", &[], NETWORK),
    row("wasi:keyvalue/store", KEYVALUE_READING, STORE_READ),
    row("wasi:keyvalue/store", KEYVALUE_WRITING, STORE),
    row("wasi:keyvalue/atomics", &[], STORE_READ),
    row("wasi:keyvalue/atomics", &["increment", "swap"], STORE),
    row("wasi:keyvalue/batch", &["get-many"], STORE_READ),
    row("wasi:keyvalue/batch", &["set-many", "delete-many"], STORE),
    row("wasi_snapshot_preview1/environ_get", &[], ENV),
    row("wasi_snapshot_preview1/environ_sizes_get", &[], ENV),
    row("wasi_snapshot_preview1/fd_read", &[], STDIO),
    row("wasi_snapshot_preview1/fd_write", &[], STDIO),
    row(
        "wasi_snapshot_preview1/fd_prestat_get",
        &[],
        FILES_READ_ROUTINE,
    ),
    row(
        "wasi_snapshot_preview1/fd_prestat_dir_name",
        &[],
        FILES_READ_ROUTINE,
    ),
    row("wasi_snapshot_preview1/fd_readdir", &[], FILES_READ),
    row("wasi_snapshot_preview1/path_create_directory", &[], FILES),
    row("wasi_snapshot_preview1/path_filestat_get", &[], FILES_READ),
    row("wasi_snapshot_preview1/path_filestat_set_times", &[], FILES),
    row("wasi_snapshot_preview1/path_link", &[], FILES),
    row("wasi_snapshot_preview1/path_open", &[], FILES_ROUTINE),
    row("wasi_snapshot_preview1/path_readlink", &[], FILES_READ),
    row("wasi_snapshot_preview1/path_remove_directory", &[], FILES),
    row("wasi_snapshot_preview1/path_rename", &[], FILES),
    row("wasi_snapshot_preview1/path_symlink", &[], FILES),
    row("wasi_snapshot_preview1/path_unlink_file", &[], FILES),
    row("wasi_snapshot_preview1/sock_accept", &[], LISTEN),
    row("wasi_snapshot_preview1/sock_recv", &[], NETWORK),
    row("wasi_snapshot_preview1/sock_send", &[], NETWORK),
];

const FILE_READING: &[&str] = &[
    "descriptor.read",
    "descriptor.read-directory",
    "descriptor.read-via-stream",
    "descriptor.readlink-at",
    "descriptor.stat",
    "descriptor.stat-at",
    "descriptor.get-flags",
    "descriptor.get-type",
    "descriptor.is-same-object",
    "descriptor.metadata-hash",
    "descriptor.metadata-hash-at",
    "directory-entry-stream.read-directory-entry",
];

/// `open-at` is here because it can create and empty files.
const FILE_WRITING: &[&str] = &[
    "descriptor.append-via-stream",
    "descriptor.create-directory-at",
    "descriptor.link-at",
    "descriptor.open-at",
    "descriptor.remove-directory-at",
    "descriptor.rename-at",
    "descriptor.set-size",
    "descriptor.set-times",
    "descriptor.set-times-at",
    "descriptor.symlink-at",
    "descriptor.unlink-file-at",
    "descriptor.write",
    "descriptor.write-via-stream",
];

const KEYVALUE_READING: &[&str] = &["bucket.exists", "bucket.get", "bucket.list-keys"];
const KEYVALUE_WRITING: &[&str] = &["bucket.delete", "bucket.set"];

#[cfg(test)]
mod tests;
