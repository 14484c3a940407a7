//! WASI 0.2 under a profile without grants.

use crate::forge::{Interfaces, Wasi};
use crate::trial::{Court, assert_sentence, nothing};
use rusm_core::ExitReason;

/// No variable, no folder, no terminal, no byte of the node's input, no argument but its own.
#[test]
pub(super) fn a_component_sees_nothing_of_the_host() {
    let items = r#"
        (import "wasi:cli/environment@0.2.12" "get-environment" (func $environment (param i32)))
        (import "wasi:cli/environment@0.2.12" "get-arguments" (func $arguments (param i32)))
        (import "wasi:cli/environment@0.2.12" "initial-cwd" (func $cwd (param i32)))
        (import "wasi:filesystem/preopens@0.2.12" "get-directories" (func $folders (param i32)))
        (import "wasi:cli/terminal-stdin@0.2.12" "get-terminal-stdin" (func $terminal-in (param i32)))
        (import "wasi:cli/terminal-stdout@0.2.12" "get-terminal-stdout" (func $terminal-out (param i32)))
        (import "wasi:cli/terminal-stderr@0.2.12" "get-terminal-stderr" (func $terminal-error (param i32)))
        (import "wasi:cli/stdin@0.2.12" "get-stdin" (func $stdin (result i32)))
        (import "wasi:io/streams@0.2.12" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))"#;
    // Lists are (pointer, length), options begin with a byte; a read answers the error (1) `closed` (1).
    let body = "
        (call $environment (i32.const 64)) (call $check (i32.eqz (i32.load (i32.const 68))))
        (call $arguments (i32.const 64)) (call $check (i32.eq (i32.load (i32.const 68)) (i32.const 2)))
        (call $folders (i32.const 64)) (call $check (i32.eqz (i32.load (i32.const 68))))
        (i64.store (i32.const 64) (i64.const -1))
        (call $cwd (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $terminal-in (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $terminal-out (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $terminal-error (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $read (call $stdin) (i64.const 100) (i32.const 64))
        (call $check (i32.eq (i32.load8_u (i32.const 64)) (i32.const 1)))
        (call $check (i32.eq (i32.load8_u (i32.const 68)) (i32.const 1)))";
    let wasm = Interfaces::of(Wasi::V02).component(items, body);
    let outcome = Court::new().run_as(nothing(), "surroundings", &wasm, ["own"]);
    assert_eq!(outcome.reason, ExitReason::Normal);
    assert_eq!(outcome.denied, []);
}

/// Sockets and look-ups answer `access-denied`, the audit is told each time, and the guest goes on.
#[test]
pub(super) fn a_component_gets_no_socket_and_no_address() {
    let items = r#"
        (import "wasi:sockets/tcp-create-socket@0.2.12" "create-tcp-socket" (func $tcp (param i32 i32)))
        (import "wasi:sockets/udp-create-socket@0.2.12" "create-udp-socket" (func $udp (param i32 i32)))
        (import "wasi:sockets/instance-network@0.2.12" "instance-network" (func $network (result i32)))
        (import "wasi:sockets/ip-name-lookup@0.2.12" "resolve-addresses" (func $resolve (param i32 i32 i32 i32)))
        (data (i32.const 16) "localhost")"#;
    // An error (1) with the code `access-denied` (1).
    let is_denied = "
        (call $check (i32.eq (i32.load8_u (i32.const 64)) (i32.const 1)))
        (call $check (i32.eq (i32.load8_u (i32.const 68)) (i32.const 1)))
        (i64.store (i32.const 64) (i64.const 0))";
    let calls = [
        "(call $tcp (i32.const 0) (i32.const 64))",
        "(call $tcp (i32.const 1) (i32.const 64))",
        "(call $udp (i32.const 0) (i32.const 64))",
        "(call $resolve (call $network) (i32.const 16) (i32.const 9) (i32.const 64))",
    ];
    let body: String = calls
        .iter()
        .map(|call| format!("{call}{is_denied}"))
        .collect();
    let outcome = Court::new().run(
        "sockets",
        &Interfaces::of(Wasi::V02).component(items, &body),
    );
    assert_eq!(outcome.reason, ExitReason::Normal);
    let deeds = [
        "open a socket",
        "open a socket",
        "open a socket",
        "look up localhost",
    ];
    assert_eq!(outcome.denied.len(), deeds.len(), "{:#?}", outcome.denied);
    for (record, deed) in outcome.denied.iter().zip(deeds) {
        assert_sentence(record, "sockets", "network", deed);
    }
}
