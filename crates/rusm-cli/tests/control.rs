//! `rusm run` with a control socket: it answers behind the wall, is private, and is the only one of its place.

use crate::programs;
use crate::support::{Outcome, Place, signal};
use rusm_control::{Client, ClientError};
use std::io::{BufRead, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::process::Child;

/// An app with a socket that runs until it is told to stop.
fn place(node: &str) -> Place {
    let place = Place::new();
    place.program("x.wasm", &programs::sleeps());
    place.write("rusm.toml", manifest(node, ""));
    place
}

fn manifest(node: &str, grants: &str) -> String {
    format!(
        "[app]\nname = \"orders\"\n[node]\ncontrol = \"data/rusm.sock\"\n{node}\n[components.x]\nwasm = \"x.wasm\"\ncapability = \"own\"\nrestart = \"temporary\"\n[capabilities.own]\n{grants}\n"
    )
}

/// The whole wall where this machine has it.
fn harden() -> &'static str {
    match rusm_harden::probe().is_whole() {
        true => "harden = \"require\"",
        false => "harden = \"auto\"",
    }
}

/// Starts the app and waits until its process runs.
fn started(place: &Place) -> Child {
    let mut node = place.rusm(["run"]).start();
    let mut log = BufReader::new(node.stderr.take().unwrap());
    let mut said = String::new();
    while !said.ends_with("| ready\n") {
        assert_ne!(log.read_line(&mut said).unwrap(), 0, "{said}");
    }
    node.stderr = Some(log.into_inner());
    node
}

fn client(place: &Place) -> Client {
    Client::connect(&place.path("data/rusm.sock")).unwrap()
}

#[test]
fn a_running_node_answers_at_its_control_socket_behind_the_whole_wall() {
    let node = format!(
        "store = \"data/a.redb\"\naudit = \"data/audit\"\n{}",
        harden()
    );
    let place = place(&node);
    let node = started(&place);
    let socket = place.path("data/rusm.sock");
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);

    let client = client(&place);
    client.put("b", "k", "hunter2", None).unwrap();
    assert_eq!(client.get("b", "k").unwrap().unwrap().value, b"hunter2");
    let line = "{\"bucket\":\"i\",\"key\":\"k\",\"value\":\"hunter2\"}\n";
    assert_eq!(client.import(line.as_bytes()).unwrap(), 1);
    let mut exported = String::new();
    client
        .export(Some("i"))
        .unwrap()
        .read_to_string(&mut exported)
        .unwrap();
    assert_eq!(exported, line);
    assert!(client.delete("b", "k").unwrap());
    client.compact().unwrap();
    assert_eq!(client.status().unwrap().poisoned, None);

    // Another node finds it, and disturbs nothing.
    place.rusm(["run"]).finish().ends_with(4).says(&[
        "another node answers",
        "rusm.sock",
        "control = ",
    ]);
    assert_eq!(client.get("b", "k").unwrap(), None);

    signal(&node, "TERM");
    Outcome::of(node).ends_with(0);
    assert!(!socket.exists());
    let refused = client.status().unwrap_err();
    assert!(
        matches!(refused, ClientError::NobodyListens(_)),
        "{refused}"
    );

    // What the operator did is written down, and no value.
    place.rusm(["audit", "verify"]).finish().ends_with(0);
    let shown = place.rusm(["audit"]).finish().ends_with(0);
    for deed in [
        "operator put bucket 'b' key 'k', entries: 1",
        "operator import bucket 'i', entries: 1",
        "operator delete bucket 'b' key 'k', entries: 1",
        "operator compact, entries: 0",
    ] {
        assert!(shown.stdout().contains(deed), "{}", shown.stdout());
    }
    for file in std::fs::read_dir(place.path("data/audit")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
    }
}

/// Where the manifest lies beside it, the kernel could not allow to remove the one without the other.
#[test]
fn a_socket_beside_the_manifest_is_replaced_by_the_next_node() {
    let place = place(harden());
    let manifest = manifest(harden(), "").replace("data/rusm.sock", "rusm.sock");
    place.write("rusm.toml", manifest);
    for _ in 0..2 {
        let node = started(&place);
        Client::connect(&place.path("rusm.sock")).unwrap();
        signal(&node, "TERM");
        Outcome::of(node).ends_with(0);
    }
}

#[test]
fn what_a_killed_node_left_is_replaced_and_whatever_else_is_there_stays() {
    let place = place("");
    let node = started(&place);
    signal(&node, "KILL");
    Outcome::of(node);
    let socket = place.path("data/rusm.sock");
    assert!(socket.exists());
    let node = started(&place);
    // Without a store it says so, and is there.
    let refused = client(&place).status().unwrap_err().to_string();
    assert!(refused.contains("no store"), "{refused}");
    signal(&node, "TERM");
    Outcome::of(node).ends_with(0);

    std::fs::write(&socket, "mine").unwrap();
    let refused = place.rusm(["run"]).finish().ends_with(4);
    refused.says(&["there is a file at", "rusm.sock"]);
    assert_eq!(std::fs::read(&socket).unwrap(), b"mine");
}

/// A check starts nothing: it makes no socket, and finds none in its way.
#[test]
fn a_check_makes_no_socket() {
    let place = place("");
    place.rusm(["run", "--check-only"]).finish().ends_with(0);
    assert!(!place.path("data").exists());
    std::fs::create_dir(place.path("data")).unwrap();
    let _another = UnixListener::bind(place.path("data/rusm.sock")).unwrap();
    place.rusm(["run", "--check-only"]).finish().ends_with(0);
}

/// Who could write beside the socket could put another in its place, and hear what the operator sends.
#[test]
fn no_guest_may_write_where_the_socket_is() {
    let place = place("");
    let grants = "preopen = [{ host = \"./data\", guest = \"/data\" }]";
    place.write("rusm.toml", manifest("", grants));
    let run = place.rusm(["run"]).finish();
    run.says(&["the control socket", "rusm.sock", "read-only = true"]);
}
