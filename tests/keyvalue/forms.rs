//! Which copies of the WIT a component may have been built with.

use super::Node;
use crate::forge::{Interfaces, Wasi};
use crate::storage::keeper;
use crate::trial::Court;
use rusm_core::ExitReason;

const TODAY: &str = "list<tuple<string, option<list<u8>>>>";
const EARLIER: &str = "list<option<tuple<string, list<u8>>>>";

/// Opens the bucket `k`, sets its key `k` to `v`, and asks for `k` and an absent key.
fn component(interfaces: &Interfaces, check: &str) -> Vec<u8> {
    let items = r#"
        (import "wasi:keyvalue/store@0.2.0-draft2" "open" (func $open (param i32 i32 i32)))
        (import "wasi:keyvalue/store@0.2.0-draft2" "[method]bucket.set" (func $set (param i32 i32 i32 i32 i32 i32)))
        (import "wasi:keyvalue/batch@0.2.0-draft2" "get-many" (func $get-many (param i32 i32 i32 i32)))
        (data (i32.const 16) "kv")
        ;; The keys: "k" and "v".
        (data (i32.const 24) "\10\00\00\00\01\00\00\00\11\00\00\00\01\00\00\00")
        (global $to (mut i32) (i32.const 4096))"#;
    let body = format!(
        "(call $open (i32.const 16) (i32.const 1) (i32.const 64))
        (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (local.set $n (i32.load (i32.const 68)))
        (call $set (local.get $n) (i32.const 16) (i32.const 1) (i32.const 17) (i32.const 1) (i32.const 64))
        (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $get-many (local.get $n) (i32.const 24) (i32.const 2) (i32.const 64))
        (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $check (i32.eq (i32.load (i32.const 72)) (i32.const 2)))
        (local.set $n (i32.load (i32.const 68)))
        {check}"
    );
    // Each piece that the host hands over has a place of its own.
    let realloc = "(local.get 2) (drop) (global.get $to)
        (global.set $to (i32.add (global.get $to) (i32.const 256)))";
    interfaces.component_with(items, realloc, &body)
}

/// `get-many` of the second draft is linked in the form that it has today, and in that of earlier copies.
#[test]
fn a_component_of_an_earlier_copy_is_linked() {
    // Today: (key, option), each 4 + 4 + 4 + 4 + 4 bytes; a key that is absent is told.
    let today = "
        (call $check (i32.eq (i32.load8_u (i32.load (local.get $n))) (i32.const 107)))
        (call $check (i32.eq (i32.load8_u offset=8 (local.get $n)) (i32.const 1)))
        (call $check (i32.eq (i32.load8_u (i32.load offset=12 (local.get $n))) (i32.const 118)))
        (call $check (i32.eq (i32.load8_u (i32.load offset=20 (local.get $n))) (i32.const 118)))
        (call $check (i32.eqz (i32.load8_u offset=28 (local.get $n))))";
    // Earlier: an option of (key, value).
    let earlier = "
        (call $check (i32.eq (i32.load8_u (local.get $n)) (i32.const 1)))
        (call $check (i32.eq (i32.load8_u (i32.load offset=4 (local.get $n))) (i32.const 107)))
        (call $check (i32.eq (i32.load8_u (i32.load offset=12 (local.get $n))) (i32.const 118)))
        (call $check (i32.eqz (i32.load8_u offset=20 (local.get $n))))";
    let copied = Interfaces::with_keyvalue(|wit| wit.replace(TODAY, EARLIER));
    let node = Node::new();
    let forms = [
        ("today", component(Interfaces::of(Wasi::V02), today)),
        ("earlier", component(&copied, earlier)),
        ("concurrent", component(Interfaces::of(Wasi::V03), today)),
        // Whatever was linked last.
        (
            "today again",
            component(Interfaces::of(Wasi::V02), &format!("{today} nop")),
        ),
    ];
    for (name, wasm) in forms {
        let outcome = node.court.run_as(keeper(), name, &wasm, [""; 0]);
        assert_eq!(outcome.reason, ExitReason::Normal, "{name}");
    }
}

/// Any other form is refused when the code is loaded, with the name of the import.
#[test]
fn a_form_that_nobody_has_is_refused_at_load() {
    let court = Court::new();
    for (from, to) in [
        (TODAY, "list<option<list<u8>>>"),
        (TODAY, "list<tuple<string, list<u8>>>"),
        ("result<_, cas-error>", "result<bool, cas-error>"),
        ("delta: s64", "delta: s32"),
    ] {
        let copied = Interfaces::with_keyvalue(|wit| wit.replace(from, to));
        let functions = copied.functions();
        let changed = functions
            .iter()
            .filter(|function| function.interface.ends_with("@0.2.0-draft2"))
            .filter(|function| ["get-many", "swap", "increment"].contains(&function.name.as_str()));
        let items: String = changed
            .enumerate()
            .map(|(n, function)| function.import_as(&format!("f{n}")))
            .collect();
        let runtime = &court.scenario.runtime;
        let error = runtime
            .load("other", &copied.component(&items, ""))
            .expect_err("no node has this form");
        let text = error.to_string();
        assert!(text.contains("wasi:keyvalue/"), "{text}");
    }
}
