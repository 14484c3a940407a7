//! Names of the imports that exist, so that an unknown one is told with what it may have meant.

use super::super::error::{CodeError, shown};
use super::super::shape::Kind;
use super::ImportNames;

const PREVIEW1: &str = "wasi_snapshot_preview1";

/// Functions of preview 1.
const PREVIEW1_FUNCTIONS: [&str; 46] = [
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_pwrite",
    "fd_read",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "proc_exit",
    "proc_raise",
    "random_get",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];

/// Interfaces of WASI 0.2 and 0.3 and of `wasi:keyvalue`, without versions.
const INTERFACES: [&str; 38] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/types",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/system-clock",
    "wasi:clocks/timezone",
    "wasi:clocks/types",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:http/client",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:keyvalue/atomics",
    "wasi:keyvalue/batch",
    "wasi:keyvalue/store",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/types",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// An import whose name nobody provides is an error that names the nearest one that somebody does.
pub(crate) fn check(kind: Kind, import: &str, added: &ImportNames) -> Result<(), CodeError> {
    let base = match kind {
        Kind::Component => import.split_once('@').map_or(import, |(base, _)| base),
        Kind::Module => import,
    };
    let known = known_names(kind, added);
    if known.iter().any(|name| name == base) {
        return Ok(());
    }
    // A name of a hundred thousand characters resembles nothing.
    let nearest = if base.len() > 200 {
        None
    } else {
        nearest(base, &known)
    };
    Err(CodeError::UnknownImport {
        import: shown(import),
        nearest,
    })
}

/// Everything that code of this kind can import: functions of modules, interfaces of components.
pub(crate) fn known_names(kind: Kind, added: &ImportNames) -> Vec<String> {
    match kind {
        Kind::Module => PREVIEW1_FUNCTIONS
            .iter()
            .map(|name| format!("{PREVIEW1}/{name}"))
            .chain(added.functions.iter().cloned())
            .collect(),
        Kind::Component => INTERFACES
            .iter()
            .map(|name| (*name).to_owned())
            .chain(added.interfaces.iter().cloned())
            .collect(),
    }
}

/// The known name with the fewest edits, if it is near at all.
fn nearest(wanted: &str, known: &[String]) -> Option<String> {
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
        .min()
        .filter(|(edits, _)| *edits <= wanted.chars().count() / 3)
        .map(|(_, name)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_import_gets_a_suggestion_and_an_alien_one_does_not() {
        let added = ImportNames {
            functions: vec!["rusm/kv-get".to_owned()],
            interfaces: vec!["rusm:actor/process".to_owned()],
        };
        let nearest = |kind, import: &str| {
            let Err(CodeError::UnknownImport { nearest, .. }) = check(kind, import, &added) else {
                panic!("{import} is not unknown");
            };
            nearest
        };
        assert_eq!(
            nearest(Kind::Module, "rusm/kv-gte").as_deref(),
            Some("rusm/kv-get")
        );
        assert_eq!(
            nearest(Kind::Module, "wasi_snapshot_preview1/fd_wirte").as_deref(),
            Some("wasi_snapshot_preview1/fd_write")
        );
        assert_eq!(
            nearest(Kind::Component, "rusm:actor/proces@0.1.0").as_deref(),
            Some("rusm:actor/process")
        );
        assert_eq!(nearest(Kind::Module, "env/emscripten_memcpy_big"), None);
        assert_eq!(nearest(Kind::Module, &"x".repeat(100_000)), None);
        assert!(check(Kind::Component, "wasi:cli/stdout@0.2.3", &added).is_ok());
        assert!(
            check(Kind::Module, "rusm:actor/process", &added).is_err(),
            "a module does not import interfaces"
        );
    }
}
