//! `rusm kv`: on the file of a stopped node, on a running node, and with whatever a guest may have written.

mod broken;
mod commands;
mod exports;
mod nodes;

use crate::programs;
use crate::support::{Outcome, Place, Run};
use std::io::{BufRead, BufReader};
use std::process::Child;

/// An app with a store. Its socket is there while its node runs.
const APP: &str = r#"
    [app]
    name = "shop"
    [node]
    store = "data/shop.redb"
    control = "data/shop.sock"
    store-max-mb = 256
    [components.waits]
    wasm = "waits.wasm"
    restart = "permanent"
"#;

/// A place with an app whose node does not run, and whose store is not made yet.
fn shop() -> Place {
    let place = Place::new();
    place.write("rusm.toml", APP);
    place.program("waits.wasm", &programs::sleeps());
    place
}

/// A node that runs until it is dropped.
struct Node(Child);

impl Node {
    /// Starts the app of a place, and waits until it is up.
    fn of(place: &Place) -> Self {
        let mut child = place.rusm(["-vv", "run"]).start();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let is_up = log.any(|line| line.unwrap().contains("all children are started"));
        assert!(is_up, "the node did not start");
        std::thread::spawn(move || log.for_each(drop));
        Self(child)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Tries the same twice: on the file of a stopped node, and on a running one.
fn stopped_and_running(test: impl Fn(&Place)) {
    test(&shop());
    let place = shop();
    let _node = Node::of(&place);
    test(&place);
}

fn kv(place: &Place, args: &[&str]) -> Run {
    place.rusm(["kv"].iter().chain(args))
}

/// Runs it, and takes what it printed.
#[track_caller]
fn prints(place: &Place, args: &[&str]) -> String {
    kv(place, args).finish().ends_with(0).stdout().to_owned()
}

/// Puts text values.
#[track_caller]
fn put_all(place: &Place, bucket: &str, pairs: &[(&str, &str)]) {
    for (key, value) in pairs {
        kv(place, &["put", bucket, key, value])
            .finish()
            .ends_with(0);
    }
}

/// Fails with the exit code, and says these words.
#[track_caller]
fn fails(place: &Place, code: i32, args: &[&str], words: &[&str]) -> Outcome {
    kv(place, args).finish().ends_with(code).says(words)
}
