//! The table against everything that is linked, and what follows from its rows.

use super::*;
use crate::linked_imports;

/// Linked imports that reach nothing beyond the process: its arguments, clocks, chance, waiting,
/// handles that it holds already, and types.
const HARMLESS: &[&str] = &[
    "wasi:cli/exit",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/types",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/system-clock",
    "wasi:clocks/timezone",
    "wasi:clocks/types",
    "wasi:clocks/wall-clock",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/network",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp-create-socket",
    "wasi_snapshot_preview1/args_get",
    "wasi_snapshot_preview1/args_sizes_get",
    "wasi_snapshot_preview1/clock_res_get",
    "wasi_snapshot_preview1/clock_time_get",
    "wasi_snapshot_preview1/fd_advise",
    "wasi_snapshot_preview1/fd_allocate",
    "wasi_snapshot_preview1/fd_close",
    "wasi_snapshot_preview1/fd_datasync",
    "wasi_snapshot_preview1/fd_fdstat_get",
    "wasi_snapshot_preview1/fd_fdstat_set_flags",
    "wasi_snapshot_preview1/fd_fdstat_set_rights",
    "wasi_snapshot_preview1/fd_filestat_get",
    "wasi_snapshot_preview1/fd_filestat_set_size",
    "wasi_snapshot_preview1/fd_filestat_set_times",
    "wasi_snapshot_preview1/fd_pread",
    "wasi_snapshot_preview1/fd_pwrite",
    "wasi_snapshot_preview1/fd_renumber",
    "wasi_snapshot_preview1/fd_seek",
    "wasi_snapshot_preview1/fd_sync",
    "wasi_snapshot_preview1/fd_tell",
    "wasi_snapshot_preview1/poll_oneoff",
    "wasi_snapshot_preview1/proc_exit",
    "wasi_snapshot_preview1/proc_raise",
    "wasi_snapshot_preview1/random_get",
    "wasi_snapshot_preview1/sched_yield",
    "wasi_snapshot_preview1/sock_shutdown",
];

/// Whoever links an import says here or in the table what it can be used for.
#[test]
fn every_linked_import_is_accounted_for() {
    let linked = linked_imports();
    let wasi = linked.functions.iter().chain(&linked.interfaces);
    for import in wasi.filter(|name| name.starts_with("wasi")) {
        let has_row = TABLE.iter().any(|row| row.import == import);
        let is_harmless = HARMLESS.contains(&import.as_str());
        assert!(
            has_row != is_harmless,
            "{import}: in the table {has_row}, harmless {is_harmless}"
        );
    }
}

fn permissions(import: &str, functions: &[&str]) -> Vec<Permission> {
    let functions: Vec<String> = functions.iter().map(|name| (*name).to_owned()).collect();
    let mut permissions: Vec<Permission> = needs_of(import, &functions)
        .into_iter()
        .map(|need| need.permission)
        .collect();
    permissions.dedup();
    permissions
}

/// The functions of an interface decide, and not its name; both guest paths say the same.
#[test]
fn functions_decide() {
    let rows: [(&str, &[&str], &[Permission]); 12] = [
        (
            "wasi:sockets/tcp@0.2.3",
            &["[method]tcp-socket.start-connect"],
            &[Permission::Network],
        ),
        (
            "wasi:sockets/tcp@0.2.3",
            &["[method]tcp-socket.start-listen"],
            &[Permission::Listen],
        ),
        (
            "wasi:sockets/tcp@0.2.3",
            &["[method]tcp-socket.subscribe"],
            &[],
        ),
        ("wasi:sockets/tcp@0.2.3", &[], &[]),
        (
            "wasi:http/outgoing-handler@0.2.3",
            &["handle"],
            &[Permission::Network],
        ),
        ("wasi:cli/environment@0.2.3", &["get-arguments"], &[]),
        ("rusm:actor/spawner@0.1.0", &["spawn"], &[Permission::Spawn]),
        ("rusm/load", &[], &[Permission::Load]),
        ("rusm:actor/kv@0.1.0", &["kv-get"], &[Permission::Storage]),
        ("rusm/self", &[], &[]),
        (
            "wasi_snapshot_preview1/path_unlink_file",
            &[],
            &[Permission::Files],
        ),
        (
            "acme:billing/charge",
            &["charge"],
            &[Permission::HostFunctions],
        ),
    ];
    for (import, functions, expected) in rows {
        assert_eq!(
            permissions(import, functions),
            expected,
            "{import} {functions:?}"
        );
    }
}

/// Every function of rusm that has a gate needs the permission of that gate.
#[test]
fn the_gates_of_rusm_are_its_needs() {
    for import in IMPORTS {
        let expected = match import.gate {
            Gate::Grant(key) => vec![Permission::from_name(key).unwrap()],
            Gate::Open => Vec::new(),
        };
        assert_eq!(permissions(&format!("rusm/{}", import.name), &[]), expected);
        if let Some(interface) = import.interface {
            let name = format!("rusm:actor/{interface}@0.1.0");
            assert_eq!(permissions(&name, &[import.name]), expected, "{name}");
        }
    }
}

/// Looking and changing are told apart where a grant tells them apart.
#[test]
fn reading_is_not_writing() {
    let writes = |import: &str| -> Vec<bool> {
        let needs = needs_of(import, &[]);
        needs.iter().map(|need| need.writes).collect()
    };
    assert_eq!(writes("rusm/kv-get"), [false]);
    assert_eq!(writes("rusm/kv-put"), [true]);
    assert_eq!(writes("rusm/kv-increment"), [false, true]);
    assert_eq!(writes("wasi_snapshot_preview1/path_readlink"), [false]);
    assert_eq!(writes("wasi_snapshot_preview1/path_open"), [true]);
}

/// Of `wasi:keyvalue`, opening a bucket needs nothing: what is done with it does.
#[test]
fn key_value_storage_is_told_apart_by_function() {
    let writes = |interface: &str, function: &str| -> Vec<bool> {
        let import = format!("wasi:keyvalue/{interface}@0.2.0-draft2");
        let needs = needs_of(&import, &[function.to_owned()]);
        assert!(
            needs
                .iter()
                .all(|need| need.permission == Permission::Storage)
        );
        needs.iter().map(|need| need.writes).collect()
    };
    let expected: [(&str, &str, &[bool]); 13] = [
        ("store", "open", &[]),
        ("store", "[method]bucket.get", &[false]),
        ("store", "[method]bucket.exists", &[false]),
        ("store", "[method]bucket.list-keys", &[false]),
        ("store", "[method]bucket.set", &[true]),
        ("store", "[method]bucket.delete", &[true]),
        ("atomics", "[static]cas.new", &[false]),
        ("atomics", "[method]cas.current", &[false]),
        ("atomics", "swap", &[false, true]),
        ("atomics", "increment", &[false, true]),
        ("batch", "get-many", &[false]),
        ("batch", "set-many", &[true]),
        ("batch", "delete-many", &[true]),
    ];
    for (interface, function, needed) in expected {
        assert_eq!(writes(interface, function), needed, "{function}");
    }
}
