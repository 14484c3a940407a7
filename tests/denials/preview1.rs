//! Preview 1 under a profile without grants.

use super::classes::{CHANCE, Class, END, OWN, TIME, WAIT};
use crate::forge::module;
use crate::trial::{Court, nothing};
use rusm_core::ExitReason;

const EBADF: i32 = 8;

/// What takes a descriptor, and finds none.
const DESCRIPTOR: Class = Class::Refused(a_core_module_has_no_descriptor_to_use);
const EMPTY: Class = Class::Refused(a_core_module_sees_nothing_of_the_host);

/// Every function of preview 1 with its core parameters (`i` is 32 bits, `I` is 64) and its class.
pub(crate) const PREVIEW1: &[(&str, &str, Class)] = &[
    ("args_get", "ii", Class::Harmless(OWN)),
    ("args_sizes_get", "ii", Class::Harmless(OWN)),
    ("clock_res_get", "ii", Class::Harmless(TIME)),
    ("clock_time_get", "iIi", Class::Harmless(TIME)),
    ("environ_get", "ii", EMPTY),
    ("environ_sizes_get", "ii", EMPTY),
    ("fd_advise", "iIIi", DESCRIPTOR),
    ("fd_allocate", "iII", DESCRIPTOR),
    ("fd_close", "i", DESCRIPTOR),
    ("fd_datasync", "i", DESCRIPTOR),
    ("fd_fdstat_get", "ii", DESCRIPTOR),
    ("fd_fdstat_set_flags", "ii", DESCRIPTOR),
    ("fd_fdstat_set_rights", "iII", DESCRIPTOR),
    ("fd_filestat_get", "ii", DESCRIPTOR),
    ("fd_filestat_set_size", "iI", DESCRIPTOR),
    ("fd_filestat_set_times", "iIIi", DESCRIPTOR),
    ("fd_pread", "iiiIi", DESCRIPTOR),
    ("fd_prestat_dir_name", "iii", DESCRIPTOR),
    ("fd_prestat_get", "ii", DESCRIPTOR),
    ("fd_pwrite", "iiiIi", DESCRIPTOR),
    ("fd_read", "iiii", DESCRIPTOR),
    ("fd_readdir", "iiiIi", DESCRIPTOR),
    ("fd_renumber", "ii", DESCRIPTOR),
    ("fd_seek", "iIii", DESCRIPTOR),
    ("fd_sync", "i", DESCRIPTOR),
    ("fd_tell", "ii", DESCRIPTOR),
    ("fd_write", "iiii", DESCRIPTOR),
    ("path_create_directory", "iii", DESCRIPTOR),
    ("path_filestat_get", "iiiii", DESCRIPTOR),
    ("path_filestat_set_times", "iiiiIIi", DESCRIPTOR),
    ("path_link", "iiiiiii", DESCRIPTOR),
    ("path_open", "iiiiiIIii", DESCRIPTOR),
    ("path_readlink", "iiiiii", DESCRIPTOR),
    ("path_remove_directory", "iii", DESCRIPTOR),
    ("path_rename", "iiiiii", DESCRIPTOR),
    ("path_symlink", "iiiii", DESCRIPTOR),
    ("path_unlink_file", "iii", DESCRIPTOR),
    ("poll_oneoff", "iiii", Class::Harmless(WAIT)),
    ("proc_exit", "i", Class::Harmless(END)),
    (
        "proc_raise",
        "i",
        Class::Harmless("is not supported, and says so"),
    ),
    ("random_get", "ii", Class::Harmless(CHANCE)),
    ("sched_yield", "", Class::Harmless("gives way")),
    ("sock_accept", "iii", DESCRIPTOR),
    ("sock_recv", "iiiiii", DESCRIPTOR),
    ("sock_send", "iiiii", DESCRIPTOR),
    ("sock_shutdown", "ii", DESCRIPTOR),
];

/// Every function of preview 1, as the text of its import.
pub(crate) fn imports() -> String {
    let import = |(name, params, _): &(&str, &str, _)| {
        let params: Vec<_> = params
            .chars()
            .map(|param| if param == 'I' { "i64" } else { "i32" })
            .collect();
        let result = if *name == "proc_exit" {
            ""
        } else {
            "(result i32)"
        };
        let params = params.join(" ");
        format!(
            r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {params}) {result}))"#
        )
    };
    PREVIEW1.iter().map(import).collect()
}

/// Nothing but the standard streams is open: whatever number a module uses, no function does anything with it.
#[test]
pub(super) fn a_core_module_has_no_descriptor_to_use() {
    let takes_descriptor = |name: &str| {
        ["fd_", "path_", "sock_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    };
    let mut body = String::new();
    for (name, params, _) in PREVIEW1
        .iter()
        .filter(|(name, _, _)| takes_descriptor(name))
    {
        // Only these have the descriptor somewhere else than in front.
        let place = if *name == "path_symlink" { 2 } else { 0 };
        for descriptor in [3, 4, 5, 100, -1] {
            let argument = |(index, param): (usize, char)| match param {
                'I' => "(i64.const 1)".to_owned(),
                _ if index == place => format!("(i32.const {descriptor})"),
                _ => "(i32.const 0)".to_owned(),
            };
            let arguments: String = params.chars().enumerate().map(argument).collect();
            body.push_str(&format!(
                "(call $check (i32.eq (call ${name} {arguments}) (i32.const {EBADF})))\n"
            ));
        }
    }
    let outcome = Court::new().run("descriptors", &module(&imports(), &body));
    assert_eq!(outcome.reason, ExitReason::Normal);
}

/// No variable, no argument but its own, no byte of the node's input.
#[test]
pub(super) fn a_core_module_sees_nothing_of_the_host() {
    let body = "
        (call $check (i32.eqz (call $environ_sizes_get (i32.const 64) (i32.const 68))))
        (call $check (i32.eqz (i32.load (i32.const 64))))
        (call $check (i32.eqz (call $environ_get (i32.const 128) (i32.const 256))))
        (call $check (i32.eqz (i32.load (i32.const 128))))
        (call $check (i32.eqz (call $args_sizes_get (i32.const 64) (i32.const 68))))
        (call $check (i32.eq (i32.load (i32.const 64)) (i32.const 2)))
        (i32.store (i32.const 512) (i32.const 1024)) (i32.store (i32.const 516) (i32.const 100))
        (i32.store (i32.const 64) (i32.const -1))
        (call $check (i32.eqz (call $fd_read (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 64))))
        (call $check (i32.eqz (i32.load (i32.const 64))))";
    let outcome = Court::new().run_as(
        nothing(),
        "surroundings",
        &module(&imports(), body),
        ["own"],
    );
    assert_eq!(outcome.reason, ExitReason::Normal);
    assert_eq!(outcome.denied, []);
}
