//! A program that waits for a commit: who runs meanwhile, and what a kill leaves.

use super::{CLIENTS, Node};
use crate::storage::held::{Brake, Held, wait_until};
use rusm_core::ExitReason;
use rusm_kv::{Options, Store};
use std::sync::Arc;

/// Every function that writes, each on keys of its own.
const WRITES: [&str; 5] = [
    "set a 1",
    "delete b",
    "increment c 1",
    "set-many d 1 e 1",
    "delete-many f g",
];

/// The second draft has one more.
fn writes(client: &str) -> Vec<&str> {
    let swap = (client == "stock_kv").then_some("cas h then swap 1");
    WRITES.into_iter().chain(swap).collect()
}

/// A node with one worker, over a store whose commits can be held up.
fn slow(options: Options) -> (Node, Arc<Brake>) {
    let held = Held::default();
    let brake = held.brake();
    let store = Store::with_backend(held, options).expect("there is memory for it");
    (Node::with(store, |builder| builder.workers(1)), brake)
}

impl Node {
    fn waits_for_writes(&self, n_writes: usize) {
        wait_until(|| self.store.status().waiting_writes == n_writes);
    }
}

/// Whatever writes waits without the worker, which runs others meanwhile; they read what was committed before.
#[test]
fn a_write_that_waits_holds_no_worker() {
    for client in CLIENTS {
        let (node, brake) = slow(Options::default());
        node.fill("b", ["a", "b", "f"].map(str::to_owned));
        brake.pull();
        let start = |(n, write): (usize, &&str)| {
            let script = format!("open b then {write} then say done");
            node.start(&format!("writer-{n}"), client, &script)
        };
        let writes = writes(client);
        let writers: Vec<_> = writes.iter().enumerate().map(start).collect();
        node.waits_for_writes(writers.len());
        let lines = node.says(client, "open b then list - then get a");
        assert_eq!(lines, ["open=ok", "list=a,b,f end", "get=a"], "{client}");
        brake.release();
        for (n, writer) in writers.iter().enumerate() {
            assert_eq!(writer.wait(), ExitReason::Normal, "{client}");
            let lines = node.court.scenario.recorder.lines(&format!("writer-{n}"));
            assert_eq!(lines.last().map(String::as_str), Some("say=done"));
        }
        let swapped = if client == "stock_kv" { ",h" } else { "" };
        let lines = node.says(client, "open b then list -");
        assert_eq!(lines[1], format!("list=a,c,d,e{swapped} end"), "{client}");
    }
}

/// A kill takes effect while the commit still waits. What was not accepted by then is never written, and what was may be.
#[test]
fn a_kill_ends_a_write_that_waits() {
    for client in CLIENTS {
        let (node, brake) = slow(Options::default().queue_slots(1));
        node.fill("b", ["b", "f"].map(str::to_owned));
        brake.pull();
        let accepted = node.start("accepted", client, "open b then set accepted v");
        brake.wait_until_felt();
        for (n, write) in writes(client).into_iter().enumerate() {
            let script = format!("open b then {write} then say done");
            let name = format!("victim-{n}");
            let victim = node.start(&name, client, &script);
            node.waits_for_writes(2);
            victim.kill();
            assert_eq!(victim.wait(), ExitReason::Killed, "{client}: {write}");
            // It has left, and the next one waits in its place.
            node.waits_for_writes(1);
            let lines = node.court.scenario.recorder.lines(&name);
            assert!(!lines.contains(&"say=done".to_owned()), "{lines:?}");
        }
        accepted.kill();
        assert_eq!(accepted.wait(), ExitReason::Killed);
        brake.release();
        node.waits_for_writes(0);
        let lines = node.says(
            client,
            "open b then get-many a c then get b then get f then set a 1 then get a",
        );
        let absent = ["get-many=a:- c:-", "get-many=-:- -:-"];
        let expected = [
            "open=ok",
            absent[usize::from(client != "stock_kv")],
            "get=b",
            "get=f",
            "set=ok",
            "get=1",
        ];
        assert_eq!(lines, expected, "{client}");
    }
}

/// A swap whose moment was right when it asked, and wrong when its turn to commit came, has failed.
#[test]
fn a_swap_is_compared_at_the_moment_of_its_commit() {
    let (node, brake) = slow(Options::default());
    node.fill("b", ["k".to_owned()]);
    brake.pull();
    let first = node.start("first", "stock_kv", "open b then cas k then swap first");
    node.waits_for_writes(1);
    brake.wait_until_felt();
    // It still sees the old value, as everybody does.
    let second = node.start(
        "second",
        "stock_kv",
        "open b then cas k then swap second then current then swap second then get k",
    );
    node.waits_for_writes(2);
    brake.release();
    assert_eq!(first.wait(), ExitReason::Normal);
    assert_eq!(second.wait(), ExitReason::Normal);
    let lines = |name| node.court.scenario.recorder.lines(name);
    assert_eq!(lines("first")[2], "swap=ok");
    let expected = ["swap=failed", "current=first", "swap=ok", "get=second"];
    assert_eq!(lines("second")[2..], expected);
}
