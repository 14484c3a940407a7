//! Every function, and what it answers.

use super::{CLIENTS, Node};
use crate::storage::keeper;
use crate::support::{BOTH_PATHS, guest};

#[test]
fn one_key_is_set_read_found_and_deleted() {
    for client in CLIENTS {
        let lines = Node::new().says(
            client,
            "open b then get k then exists k then set k one then get k then exists k
            then set k two then get k then delete k then get k then exists k then delete k
            then set empty %0 then get empty then exists empty then size long 1000000 then get long",
        );
        let expected = [
            "open=ok",
            "get=none",
            "exists=false",
            "set=ok",
            "get=one",
            "exists=true",
            "set=ok",
            "get=two",
            "delete=ok",
            "get=none",
            "exists=false",
            "delete=ok",
            "set=ok",
            "get=",
            "exists=true",
            "size=ok",
            "get=1000000 bytes",
        ];
        assert_eq!(lines, expected, "{client}");
    }
}

/// A key is found by itself, not by those that begin like it.
#[test]
fn a_key_that_begins_like_another_is_not_found_for_it() {
    for client in CLIENTS {
        let lines = Node::new().says(
            client,
            "open b then set kk v then exists k then get k then exists kkk then delete k then exists kk",
        );
        let expected = [
            "open=ok",
            "set=ok",
            "exists=false",
            "get=none",
            "exists=false",
            "delete=ok",
            "exists=true",
        ];
        assert_eq!(lines, expected, "{client}");
    }
}

/// The number is decimal text, so whoever reads the key can read it.
#[test]
fn a_number_is_incremented() {
    for client in CLIENTS {
        let lines = Node::new().says(
            client,
            "open b then increment n 5 then increment n 37 then get n then increment n 0
            then set n 99 then increment n 1",
        );
        let expected = [
            "open=ok",
            "increment=5",
            "increment=42",
            "get=42",
            "increment=42",
            "set=ok",
            "increment=100",
        ];
        assert_eq!(lines, expected, "{client}");
    }
}

/// What is no number, or would be none, is left as it is.
#[test]
fn what_cannot_be_counted_is_answered_and_left_alone() {
    for client in CLIENTS {
        let most = i64::MAX;
        let lines = Node::new().says(
            client,
            &format!(
                "open b then set k text then increment k 1 then get k
                then increment n {most} then increment n 1 then get n"
            ),
        );
        let [_, _, text, kept, filled, over, full] = lines.as_slice() else {
            panic!("{lines:?}");
        };
        assert!(text.starts_with("increment=other:"), "{text}");
        assert_eq!(kept, "get=text", "{client}");
        assert_eq!(*filled, format!("increment={most}"), "{client}");
        assert!(over.starts_with("increment=other:"), "{over}");
        assert_eq!(*full, format!("get={most}"), "{client}");
    }
}

#[test]
fn the_second_draft_counts_down() {
    let lines = Node::new().says("stock_kv", "open b then increment n -7 then increment n 2");
    assert_eq!(lines, ["open=ok", "increment=-7", "increment=-5"]);
}

/// The first draft has no number below 0, and adds none that 64 signed bits do not hold.
#[test]
fn the_first_draft_says_what_its_numbers_cannot() {
    let node = Node::new();
    node.says("stock_kv", "open b then increment n -7");
    let lines = node.says(
        "stock_kv_draft",
        &format!("open b then increment n {} then get n then increment n 2 then get n then increment n 9", u64::MAX),
    );
    let expected = [
        "open=ok",
        "increment=other:the delta is over the most of 9223372036854775807",
        "get=-7",
        "increment=other:the number is -5 now, which this draft of the interface cannot tell",
        "get=-5",
        "increment=4",
    ];
    assert_eq!(lines, expected);
}

/// There is one store: both drafts and rusm's own interface, through both paths, see the same keys.
#[test]
fn all_interfaces_are_about_the_same_keys() {
    let node = Node::new();
    let own = |path, name: &str, script: &str| {
        let wasm = guest("actor_probe", path);
        let outcome = node
            .court
            .run_as(keeper(), name, &wasm, script.split_whitespace());
        outcome.lines
    };
    for client in CLIENTS {
        for path in BOTH_PATHS {
            let name = format!("{client}-{path:?}");
            let set = format!("open b then set theirs {name} then increment n 1");
            assert_eq!(node.says(client, &set)[..2], ["open=ok", "set=ok"]);
            let script =
                format!("kv-get b theirs then kv-put b ours {name} then kv-increment b n 1");
            let lines = own(path, &name, &script);
            assert_eq!(
                lines[..2],
                [format!("kv-get=ok:{name}"), "kv-put=ok".to_owned()]
            );
            let lines = node.says(client, "open b then get ours then list -");
            let expected = [
                "open=ok".to_owned(),
                format!("get={name}"),
                "list=n,ours,theirs end".to_owned(),
            ];
            assert_eq!(lines, expected);
        }
    }
    let lines = node.says("stock_kv", "open b then get n");
    assert_eq!(
        lines,
        ["open=ok", "get=8"],
        "each of four rounds counted twice"
    );
}

/// A handle to a bucket is a name: two of them are about the same keys, and other buckets are untouched.
#[test]
fn buckets_are_apart_and_handles_are_not() {
    for client in CLIENTS {
        let node = Node::new();
        let lines = node.says(
            client,
            "open a then set k one then open ab then get k then set k two then list -
            then open a then get k then delete k then open ab then get k",
        );
        let expected = [
            "open=ok",
            "set=ok",
            "open=ok",
            "get=none",
            "set=ok",
            "list=k end",
            "open=ok",
            "get=one",
            "delete=ok",
            "open=ok",
            "get=two",
        ];
        assert_eq!(lines, expected, "{client}");
    }
}
