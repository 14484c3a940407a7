//! Preview 1 under a profile without grants.

use super::classes::PREVIEW1;
use crate::forge::module;
use crate::trial::{Court, nothing};
use rusm_core::ExitReason;

const EBADF: i32 = 8;

/// Every function of preview 1, as the text of its import.
pub(super) fn imports() -> String {
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
