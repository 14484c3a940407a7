//! Preview 1 has four functions for sockets and none that makes one. The node hands no socket over either, so that
//! whatever descriptor they are given, they answer an error: none of them ends the process or reaches the network.

use crate::forge::module;
use crate::trial::Court;
use crate::trial::nothing;
use rusm_caps::{DirGrant, ListenGrant, NetGrant};
use rusm_core::ExitReason;

/// Errors of preview 1.
const BADF: u32 = 8;
const NOTSOCK: u32 = 57;

#[test]
fn the_socket_functions_of_preview_1_answer_errors() {
    let items = r#"
        (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "sock_recv" (func $recv (param i32 i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "sock_send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "sock_shutdown" (func $shutdown (param i32 i32) (result i32)))"#;
    // Standard streams, a folder, the first that is not there, and two that never will be.
    let descriptors = [
        (0, NOTSOCK),
        (1, NOTSOCK),
        (2, NOTSOCK),
        (3, NOTSOCK),
        (4, BADF),
        (1 << 30, BADF),
        (-1, BADF),
    ];
    let body: String = descriptors
        .iter()
        .map(|(descriptor, errno)| {
            let is = |call: &str| format!("(call $check (i32.eq {call} (i32.const {errno})))");
            let fd = format!("(i32.const {descriptor})");
            [
                is(&format!("(call $accept {fd} (i32.const 0) (i32.const 64))")),
                is(&format!("(call $recv {fd} (i32.const 64) (i32.const 0) (i32.const 0) (i32.const 72) (i32.const 76))")),
                is(&format!("(call $send {fd} (i32.const 64) (i32.const 0) (i32.const 0) (i32.const 72))")),
                is(&format!("(call $shutdown {fd} (i32.const 3))")),
            ]
            .concat()
        })
        .collect();
    let folder = tempfile::tempdir().expect("there is room for it");
    let profile = nothing()
        .to_builder("generous")
        .network(NetGrant::public())
        .listen(ListenGrant::Anywhere)
        .dir(DirGrant::read_only(folder.path(), "/data").expect("it is a folder"))
        .build()
        .expect("it can be honoured");
    let outcome = Court::new().run_as(profile, "module", &module(items, &body), [""; 0]);
    assert_eq!(outcome.reason, ExitReason::Normal);
    assert_eq!(outcome.denied, []);
}
