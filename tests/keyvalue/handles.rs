//! Handles: how many there may be, and that nobody has one by guessing.

use super::bounds::keeper_with;
use super::{CLIENTS, Node};
use crate::forge::{Interfaces, Wasi};
use crate::storage::{in_memory, keeper};
use rusm_core::ExitReason;
use rusm_kv::Options;

/// `max-handles` is for buckets as for files and sockets; what is closed makes room.
#[test]
fn handles_to_buckets_are_bounded() {
    for client in CLIENTS {
        let profile = keeper_with(|limits| limits.max_handles = 10);
        let outcome = Node::new().run(profile, client, "opens 1000 then opens 10 then opens 11");
        let full = "10 other:there is no room for one more handle: the profile allows 10 (max-handles), and the node has a bound, too";
        let expected = [
            format!("opens={full}"),
            "opens=10 ".to_owned(),
            format!("opens={full}"),
        ];
        assert_eq!(outcome.lines, expected, "{client}");
    }
}

/// The same for handles to swap with, and a failed swap gives one for one.
#[test]
fn handles_to_swap_with_are_bounded() {
    let profile = keeper_with(|limits| limits.max_handles = 10);
    let outcome = Node::new().run(
        profile,
        "stock_kv",
        "open b then hold k 1000 then hold k 9 then cas k then set k v then hold k 8 then swap x then hold k 9
        then swap x then hold k 9",
    );
    let full = |n| {
        format!(
            "hold={n} other:there is no room for one more handle: the profile allows 10 (max-handles), and the node has a bound, too"
        )
    };
    let expected = [
        "open=ok".to_owned(),
        full(9),
        "hold=9 ".to_owned(),
        "cas=ok".to_owned(),
        "set=ok".to_owned(),
        "hold=8 ".to_owned(),
        "swap=failed".to_owned(),
        full(8),
        "swap=ok".to_owned(),
        "hold=9 ".to_owned(),
    ];
    assert_eq!(outcome.lines, expected);
}

/// What is closed, or given away for a swap, is the node's again at once: another process may have it.
#[test]
fn a_closed_handle_is_room_for_others() {
    let store = in_memory(Options::default());
    let node = Node::with(store, |builder| builder.max_handles(6));
    let first = node.start(
        "first",
        "stock_kv",
        "open b then opens 10 then cas k then swap v then say closed then until others-are-done",
    );
    node.court
        .scenario
        .recorder
        .wait_for_line("first", "say=closed");
    let lines = node.says(
        "stock_kv",
        "open b then opens 4 then opens 5 then set others-are-done 1",
    );
    assert_eq!(lines[1], "opens=4 ");
    assert!(lines[2].starts_with("opens=4 other:"), "{}", lines[2]);
    assert_eq!(first.wait(), ExitReason::Normal);
    let lines = node.court.scenario.recorder.lines("first");
    assert!(lines[1].starts_with("opens=5 other:"), "{}", lines[1]);
}

const STORE: &str = "wasi:keyvalue/store@0.2.0-draft2";
const ATOMICS: &str = "wasi:keyvalue/atomics@0.2.0-draft2";

/// Runs a body that may use every bucket and ends the guest where it must; answers the trap's text.
#[track_caller]
fn trap_of(body: &str) -> String {
    let items = format!(
        r#"(import "{STORE}" "open" (func $open (param i32 i32 i32)))
        (import "{STORE}" "[method]bucket.exists" (func $exists (param i32 i32 i32 i32)))
        (import "{STORE}" "[resource-drop]bucket" (func $close (param i32)))
        (import "{ATOMICS}" "[static]cas.new" (func $cas (param i32 i32 i32 i32)))
        (import "{ATOMICS}" "[method]cas.current" (func $current (param i32 i32)))
        (import "{ATOMICS}" "swap" (func $swap (param i32 i32 i32 i32)))
        (data (i32.const 16) "k")
        (func $opened (result i32)
            (call $open (i32.const 16) (i32.const 1) (i32.const 64))
            (call $check (i32.eqz (i32.load8_u (i32.const 64))))
            (i32.load (i32.const 68)))
        (func $looked (param i32) (result i32)
            (call $cas (local.get 0) (i32.const 16) (i32.const 1) (i32.const 64))
            (call $check (i32.eqz (i32.load8_u (i32.const 64))))
            (i32.load (i32.const 68)))
        (func $use (param i32)
            (call $exists (local.get 0) (i32.const 16) (i32.const 1) (i32.const 64)))"#
    );
    let wasm = Interfaces::of(Wasi::V02).component(&items, body);
    let outcome = Node::new().court.run_as(keeper(), "forger", &wasm, [""; 0]);
    let ExitReason::Trap(text) = outcome.reason else {
        panic!("{body}: {}", outcome.reason)
    };
    text.to_string()
}

/// A number that is no handle, one of another kind, and one that was closed or given away are nothing.
#[test]
fn a_forged_handle_is_a_trap() {
    let forged = [
        "(call $use (i32.const 77))",
        "(call $use (i32.const -1))",
        "(call $current (i32.const 77) (i32.const 64))",
        "(call $swap (i32.const 77) (i32.const 0) (i32.const 0) (i32.const 64))",
        // A bucket that is closed, and closed again.
        "(local.set $n (call $opened)) (call $use (local.get $n)) (call $close (local.get $n)) (call $use (local.get $n))",
        "(local.set $n (call $opened)) (call $close (local.get $n)) (call $close (local.get $n))",
        // A swap consumes its handle.
        "(local.set $n (call $looked (call $opened)))
        (call $swap (local.get $n) (i32.const 16) (i32.const 1) (i32.const 64))
        (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $current (local.get $n) (i32.const 64))",
    ];
    for body in forged {
        let text = trap_of(body);
        assert!(text.contains("unknown handle index"), "{body}: {text}");
    }
    // One kind for the other.
    let mixed = [
        "(call $current (call $opened) (i32.const 64))",
        "(call $use (call $looked (call $opened)))",
    ];
    for body in mixed {
        let text = trap_of(body);
        assert!(text.contains("handle index"), "{body}: {text}");
    }
}
