//! Running nodes: which of them is asked, and what is said when none can be.

use super::{APP, Node, fails, kv, prints, put_all, shop};
use crate::support::Place;

fn without_control() -> String {
    let lines = APP.lines().filter(|line| !line.contains("control ="));
    lines.collect::<Vec<_>>().join("\n")
}

/// What was acknowledged outlives a node that is killed, and the file is free then.
#[test]
fn what_was_put_outlives_the_node() {
    let place = shop();
    put_all(&place, "b", &[("before", "1")]);
    let node = Node::of(&place);
    let by_file = ["buckets", "--store", "data/shop.redb"];
    fails(
        &place,
        1,
        &by_file,
        &["'data/shop.redb' is in use", "--manifest"],
    );
    put_all(&place, "b", &[("during", "2")]);
    let running = prints(&place, &["export"]);
    drop(node);
    assert_eq!(prints(&place, &["export"]), running);
    assert_eq!(prints(&place, &["get", "b", "during"]), "2");
}

/// A node without a socket cannot be asked: the error says which line to write, and that it counts from the next start on.
#[test]
fn a_node_without_a_socket_is_told() {
    let place = shop();
    place.write("rusm.toml", without_control());
    let _node = Node::of(&place);
    for args in [
        &["buckets"][..],
        &["put", "b", "k", "v"],
        &["export"],
        &["backup", "x"],
    ] {
        fails(
            &place,
            1,
            args,
            &[
                "the store './data/shop.redb' is in use",
                "'rusm.toml' names no socket",
                "write control = \"data/rusm.sock\" under [node]",
            ],
        );
    }
    place.write("rusm.toml", APP);
    fails(
        &place,
        1,
        &["buckets"],
        &["no node answers at './data/shop.sock'", "start it again"],
    );
}

/// Each of two nodes is asked by its own manifest, and neither for the other's store.
#[test]
fn two_nodes_are_two_stores() {
    let (one, other) = (shop(), shop());
    let _nodes = (Node::of(&one), Node::of(&other));
    put_all(&one, "b", &[("k", "one")]);
    put_all(&other, "b", &[("k", "other")]);
    let at = |asking: &Place, asked: &Place| {
        let manifest = asked.path("rusm.toml");
        prints(
            asking,
            &["get", "b", "k", "--manifest", manifest.to_str().unwrap()],
        )
    };
    assert_eq!(
        (at(&one, &one), at(&one, &other)),
        ("one".to_owned(), "other".to_owned())
    );
    // Another app that names the store of the first is not served by whoever answers.
    let store = one.path("data/shop.redb");
    let stranger = APP.replace("data/shop.redb", store.to_str().unwrap());
    let stranger = stranger.replace("data/shop.sock", "data/stranger.sock");
    let place = shop();
    place.write("rusm.toml", stranger);
    fails(
        &place,
        1,
        &["get", "b", "k"],
        &["in use", "no node answers at './data/stranger.sock'"],
    );
}

/// An expected value that does not fit into a request is refused, and nothing is written.
#[test]
fn a_long_condition_is_refused() {
    let place = shop();
    let value = "x".repeat(20_000);
    put_all(&place, "b", &[("k", &value)]);
    assert!(
        kv(&place, &["put", "b", "k", "v", "--if", &value])
            .finish()
            .code
            == Some(0)
    );
    put_all(&place, "b", &[("k", &value)]);
    let _node = Node::of(&place);
    fails(
        &place,
        1,
        &["put", "b", "k", "v", "--if", &value],
        &["16384 bytes"],
    );
    assert_eq!(prints(&place, &["get", "b", "k"]), value);
}
