//! WASI 0.3 under a profile without grants.

use crate::forge::{Interfaces, Wasi};
use crate::trial::{Court, assert_sentence, nothing};
use rusm_core::ExitReason;

/// No variable, no folder, no terminal, no byte of the node's input, no argument but its own.
#[test]
pub(super) fn a_concurrent_component_sees_nothing_of_the_host() {
    let items = r#"
        (import "wasi:cli/environment@0.3.0" "get-environment" (func $environment (param i32)))
        (import "wasi:cli/environment@0.3.0" "get-arguments" (func $arguments (param i32)))
        (import "wasi:cli/environment@0.3.0" "get-initial-cwd" (func $cwd (param i32)))
        (import "wasi:filesystem/preopens@0.3.0" "get-directories" (func $folders (param i32)))
        (import "wasi:cli/terminal-stdin@0.3.0" "get-terminal-stdin" (func $terminal-in (param i32)))
        (import "wasi:cli/terminal-stdout@0.3.0" "get-terminal-stdout" (func $terminal-out (param i32)))
        (import "wasi:cli/terminal-stderr@0.3.0" "get-terminal-stderr" (func $terminal-error (param i32)))
        (import "wasi:cli/stdin@0.3.0" "read-via-stream" (func $stdin (param i32)))
        (import "wasi:cli/stdin@0.3.0" "[async-lower][stream-read-0]read-via-stream"
            (func $read (param i32 i32 i32) (result i32)))
        (import "$root" "[waitable-set-new]" (func $set (result i32)))
        (import "$root" "[waitable-join]" (func $join (param i32 i32)))
        (import "$root" "[waitable-set-wait]" (func $wait (param i32 i32) (result i32)))
        (global $waiting (mut i32) (i32.const 0))"#;
    // Lists are (pointer, length), options begin with a byte. A read that cannot end at once answers -1 and is waited
    // for; one that found no byte and no writer comes to 1.
    let body = "
        (call $environment (i32.const 64)) (call $check (i32.eqz (i32.load (i32.const 68))))
        (call $arguments (i32.const 64)) (call $check (i32.eq (i32.load (i32.const 68)) (i32.const 2)))
        (call $folders (i32.const 64)) (call $check (i32.eqz (i32.load (i32.const 68))))
        (i64.store (i32.const 64) (i64.const -1))
        (call $cwd (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (i64.store (i32.const 64) (i64.const -1))
        (call $terminal-in (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $terminal-out (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $terminal-error (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $stdin (i32.const 64))
        (local.set $n (call $read (i32.load (i32.const 64)) (i32.const 1024) (i32.const 100)))
        (if (i32.eq (local.get $n) (i32.const -1)) (then
            (global.set $waiting (call $set))
            (call $join (i32.load (i32.const 64)) (global.get $waiting))
            (drop (call $wait (global.get $waiting) (i32.const 128)))
            (local.set $n (i32.load (i32.const 132)))))
        (call $check (i32.eq (local.get $n) (i32.const 1)))";
    let wasm = Interfaces::of(Wasi::V03).component(items, body);
    let outcome = Court::new().run_as(nothing(), "surroundings", &wasm, ["own"]);
    assert_eq!(outcome.reason, ExitReason::Normal);
    assert_eq!(outcome.denied, []);
}

/// Sockets and look-ups answer `access-denied`, the audit is told each time, and the guest goes on.
#[test]
pub(super) fn a_concurrent_component_gets_no_socket_and_no_address() {
    let items = r#"
        (import "wasi:sockets/types@0.3.0" "[static]tcp-socket.create" (func $tcp (param i32 i32)))
        (import "wasi:sockets/types@0.3.0" "[static]udp-socket.create" (func $udp (param i32 i32)))
        (import "wasi:sockets/ip-name-lookup@0.3.0" "resolve-addresses" (func $resolve (param i32 i32 i32)))
        (data (i32.const 16) "localhost")"#;
    // An error (1) with the case `access-denied` (0).
    let is_denied = "
        (call $check (i32.eq (i32.load8_u (i32.const 64)) (i32.const 1)))
        (call $check (i32.eqz (i32.load8_u (i32.const 68))))
        (i64.store (i32.const 64) (i64.const 0)) (i64.store (i32.const 68) (i64.const -1))";
    let calls = [
        "(call $tcp (i32.const 0) (i32.const 64))",
        "(call $udp (i32.const 0) (i32.const 64))",
        "(call $resolve (i32.const 16) (i32.const 9) (i32.const 64))",
    ];
    let begin = "(i64.store (i32.const 68) (i64.const -1))";
    let body: String = calls
        .iter()
        .map(|call| format!("{begin}{call}{is_denied}"))
        .collect();
    let outcome = Court::new().run(
        "sockets",
        &Interfaces::of(Wasi::V03).component(items, &body),
    );
    assert_eq!(outcome.reason, ExitReason::Normal);
    let deeds = ["open a socket", "open a socket", "look up localhost"];
    assert_eq!(outcome.denied.len(), deeds.len(), "{:#?}", outcome.denied);
    for (record, deed) in outcome.denied.iter().zip(deeds) {
        assert_sentence(record, "sockets", "network", deed);
    }
}
