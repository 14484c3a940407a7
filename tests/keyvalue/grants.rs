//! Who may open what, and do what with it; and that nobody learns anything of what is not theirs.

use super::{CLIENTS, Node, court, nth, run};
use crate::forge::{Interfaces, Wasi};
use crate::storage::{granted, keeper};
use crate::trial::{Outcome, assert_sentence, nothing};
use rusm_caps::BucketSet::{self, Every, Nothing};
use rusm_core::ExitReason;

/// The buckets that these patterns mean.
fn those(patterns: &[&str]) -> BucketSet {
    let pattern = |pattern: &&str| pattern.parse().expect("it is a pattern");
    BucketSet::Listed(patterns.iter().map(pattern).collect())
}

#[track_caller]
fn assert_denied(outcome: &Outcome, deeds: &[&str]) {
    let told: Vec<_> = outcome
        .denied
        .iter()
        .map(|record| &record.sentence)
        .collect();
    assert_eq!(outcome.denied.len(), deeds.len(), "{told:#?}");
    for (record, deed) in outcome.denied.iter().zip(deeds) {
        assert_sentence(record, &record.component, "storage", deed);
    }
}

/// `access-denied`, whether or not there is such a bucket, or a store at all; the audit is told, and the program goes on.
#[test]
pub(crate) fn without_a_grant_no_bucket_is_opened() {
    for client in CLIENTS {
        let script = "open orders then open nothing then say still-here";
        let node = Node::new();
        node.fill("orders", ["k".to_owned()]);
        let bare = court(|builder| builder);
        for outcome in [
            node.run(nothing(), client, script),
            run(&bare, nothing(), "bare", client, script),
        ] {
            assert_eq!(outcome.reason, ExitReason::Normal);
            assert_eq!(
                outcome.lines,
                ["open=access-denied", "open=access-denied", "say=still-here"],
                "{client}"
            );
            assert_denied(
                &outcome,
                &["read the bucket orders", "read the bucket nothing"],
            );
        }
    }
}

/// Whoever may use a bucket of a node without a store is told that there is none.
#[test]
fn without_a_store_no_bucket_is_opened() {
    for client in CLIENTS {
        for (read, write) in [(Every, Nothing), (Nothing, Every), (Every, Every)] {
            let bare = court(|builder| builder);
            let outcome = run(&bare, granted(read, write), "bare", client, "open orders");
            assert_eq!(outcome.lines, ["open=no-such-store"], "{client}");
            assert_denied(&outcome, &[]);
        }
    }
}

/// Every function that changes something is refused, and the handle goes on reading.
#[test]
fn who_may_read_may_not_write() {
    for client in CLIENTS {
        let node = Node::new();
        node.fill("orders", ["k".to_owned()]);
        let mut script = "open orders then set k v then delete k then increment k 1 then set-many k v
            then delete-many k then empty-batches then get k then exists k then get-many k then list -"
            .to_owned();
        let mut expected = vec![
            "open=ok",
            "set=access-denied",
            "delete=access-denied",
            "increment=access-denied",
            "set-many=access-denied",
            "delete-many=access-denied",
            "empty-batches=0 access-denied access-denied",
            "get=k",
            "exists=true",
            "get-many=k:k",
            "list=k end",
        ];
        let mut n_denied = 7;
        if client == "stock_kv" {
            script.push_str(" then cas k then current then swap v then get k");
            expected.extend(["cas=ok", "current=k", "swap=access-denied", "get=k"]);
            n_denied += 1;
        }
        let outcome = node.run(granted(Every, Nothing), client, &script);
        assert_eq!(outcome.reason, ExitReason::Normal);
        assert_eq!(outcome.lines, expected, "{client}");
        assert_eq!(outcome.denied.len(), n_denied, "{:#?}", outcome.denied);
    }
}

/// A swap is refused to who may not write, also where it would have failed anyway.
#[test]
fn a_swap_that_would_fail_is_refused_all_the_same() {
    let node = Node::new();
    node.fill("orders", ["k".to_owned()]);
    let reader = node.start_as(
        granted(Every, Nothing),
        "reader",
        "stock_kv",
        "open orders then cas k then say looked then until changed then swap v then get k",
    );
    let recorder = &node.court.scenario.recorder;
    recorder.wait_for_line("reader", "say=looked");
    node.says("stock_kv", "open orders then set k two then set changed 1");
    assert_eq!(reader.wait(), ExitReason::Normal);
    let lines = recorder.lines("reader");
    assert_eq!(lines[4..], ["swap=access-denied", "get=two"]);
}

/// Every function that tells what is there is refused, and the handle goes on writing.
#[test]
fn who_may_write_may_not_read() {
    for client in CLIENTS {
        let node = Node::new();
        node.fill("orders", ["k".to_owned(), "n".to_owned()]);
        let mut script =
            "open orders then get k then exists k then get-many k then list - then walk
            then increment n 1 then empty-batches then set k v then set-many k w x y then delete n
            then delete-many x"
                .to_owned();
        let mut expected = vec![
            "open=ok",
            "get=access-denied",
            "exists=access-denied",
            "get-many=access-denied",
            "list=access-denied",
            "walk=access-denied",
            "increment=access-denied",
            "empty-batches=access-denied ok ok",
            "set=ok",
            "set-many=ok",
            "delete=ok",
            "delete-many=ok",
        ];
        let mut n_denied = 7;
        if client == "stock_kv" {
            script.push_str(" then cas k");
            expected.push("cas=access-denied");
            n_denied += 1;
        }
        let outcome = node.run(granted(Nothing, Every), client, &script);
        assert_eq!(outcome.reason, ExitReason::Normal);
        assert_eq!(outcome.lines, expected, "{client}");
        assert_eq!(outcome.denied.len(), n_denied, "{:#?}", outcome.denied);
        let lines = node.says(client, "open orders then get k then list -");
        assert_eq!(lines[1..], ["get=w", "list=k end"], "{client}");
    }
}

/// A grant of a name opens this bucket, one of a prefix those that begin so, and nothing beside them.
#[test]
fn a_grant_opens_its_buckets_and_nothing_beside_them() {
    for client in CLIENTS {
        let node = Node::new();
        let theirs = [
            "order", "orders2", "mine", "mine2-a", "secret", "Orders", "*",
        ];
        for bucket in theirs {
            node.fill(bucket, (0..3).map(nth));
        }
        let profile = || granted(those(&["orders", "mine-*"]), those(&["orders", "mine-*"]));
        let refused: Vec<_> = theirs
            .iter()
            .map(|bucket| format!("open {bucket}"))
            .collect();
        let outcome = node.run(profile(), client, &refused.join(" then "));
        assert_eq!(outcome.lines, ["open=access-denied"; 7], "{client}");
        let outcome = node.run(
            profile(),
            client,
            "open orders then list - then get-many key-000000 then walk then set a 1 then list -
            then open mine-a then list - then set b 2 then list - then open mine- then list -",
        );
        let absent = ["get-many=key-000000:-", "get-many=-:-"];
        let expected = [
            "open=ok",
            "list= end",
            absent[usize::from(client != "stock_kv")],
            "walk=0 sorted=true",
            "set=ok",
            "list=a end",
            "open=ok",
            "list= end",
            "set=ok",
            "list=b end",
            "open=ok",
            "list= end",
        ];
        assert_eq!(outcome.lines, expected, "{client}");
        assert_denied(&outcome, &[]);
    }
}

/// A handle is a name: when the right is given up, what was opened before is worth nothing.
#[test]
fn a_handle_outlives_no_right() {
    let items = r#"
        (import "wasi:keyvalue/store@0.2.0-draft2" "open" (func $open (param i32 i32 i32)))
        (import "wasi:keyvalue/store@0.2.0-draft2" "[method]bucket.exists" (func $exists (param i32 i32 i32 i32)))
        (import "wasi:keyvalue/store@0.2.0-draft2" "[method]bucket.set" (func $set (param i32 i32 i32 i32 i32 i32)))
        (import "wasi:keyvalue/atomics@0.2.0-draft2" "[static]cas.new" (func $cas (param i32 i32 i32 i32)))
        (import "wasi:keyvalue/atomics@0.2.0-draft2" "[method]cas.current" (func $current (param i32 i32)))
        (import "wasi:keyvalue/atomics@0.2.0-draft2" "swap" (func $swap (param i32 i32 i32 i32)))
        (import "rusm:actor/permissions@0.1.0" "drop" (func $drop (param i32 i32)))
        (data (i32.const 16) "k")
        (data (i32.const 32) "storage")
        (global $bucket (mut i32) (i32.const 0))
        (func $fine (call $check (i32.eqz (i32.load8_u (i32.const 64)))))
        ;; The error `access-denied`; the one of a swap is inside `store-error`.
        (func $denied
            (call $check (i32.eq (i32.load8_u (i32.const 64)) (i32.const 1)))
            (call $check (i32.eq (i32.load8_u (i32.const 68)) (i32.const 1))))
        (func $swap-denied
            (call $check (i32.eq (i32.load8_u (i32.const 64)) (i32.const 1)))
            (call $check (i32.eq (i32.load8_u (i32.const 68)) (i32.const 0)))
            (call $check (i32.eq (i32.load8_u (i32.const 72)) (i32.const 1))))"#;
    let body = "
        (call $open (i32.const 16) (i32.const 1) (i32.const 64)) (call $fine)
        (global.set $bucket (i32.load (i32.const 68)))
        (call $cas (global.get $bucket) (i32.const 16) (i32.const 1) (i32.const 64)) (call $fine)
        (local.set $n (i32.load (i32.const 68)))
        (call $exists (global.get $bucket) (i32.const 16) (i32.const 1) (i32.const 64)) (call $fine)
        (call $current (local.get $n) (i32.const 64)) (call $fine)
        (call $drop (i32.const 32) (i32.const 7))
        (call $exists (global.get $bucket) (i32.const 16) (i32.const 1) (i32.const 64)) (call $denied)
        (call $set (global.get $bucket) (i32.const 16) (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 64)) (call $denied)
        (call $current (local.get $n) (i32.const 64)) (call $denied)
        (call $swap (local.get $n) (i32.const 16) (i32.const 1) (i32.const 64)) (call $swap-denied)
        (call $open (i32.const 16) (i32.const 1) (i32.const 64)) (call $denied)";
    let node = Node::new();
    let wasm = Interfaces::of(Wasi::V02).component(items, body);
    let outcome = node.court.run_as(keeper(), "waiver", &wasm, [""; 0]);
    assert_eq!(outcome.reason, ExitReason::Normal);
    assert_eq!(outcome.denied.len(), 5, "{:#?}", outcome.denied);
    assert_eq!(node.says("stock_kv", "open k then list -")[1], "list= end");
}
