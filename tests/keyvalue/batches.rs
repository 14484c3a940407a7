//! `batch`: many keys at once, all or nothing.

use super::{CLIENTS, Node};

/// The answers are in the order of the questions; a key that is absent is told so as each draft has it.
#[test]
fn many_keys_are_set_read_and_deleted() {
    for (client, absent) in CLIENTS.into_iter().zip(["none:-", "-:-"]) {
        let lines = Node::new().says(
            client,
            "open b then set-many b 2 a 1 c 3 a 9 then get-many c none a c b then list -
            then delete-many a none c a then list - then get-many a b",
        );
        let gone = absent.replace("none", "a");
        let expected = [
            "open=ok".to_owned(),
            "set-many=ok".to_owned(),
            format!("get-many=c:3 {absent} a:9 c:3 b:2"),
            "list=a,b,c end".to_owned(),
            "delete-many=ok".to_owned(),
            "list=b end".to_owned(),
            format!("get-many={gone} b:2"),
        ];
        assert_eq!(lines, expected, "{client}");
    }
}

/// One key that cannot be, and none of the others is written or removed.
#[test]
fn a_batch_is_all_or_nothing() {
    for client in CLIENTS {
        let node = Node::new();
        for bad in ["%0", "%1025"] {
            let lines = node.says(
                client,
                &format!(
                    "open b then set a 1 then set-many a 2 {bad} x c 3 then delete-many a {bad}
                    then get-many a {bad} then get a then list -"
                ),
            );
            let [_, _, set, deleted, got, kept, listed] = lines.as_slice() else {
                panic!("{lines:?}");
            };
            for refused in [set, deleted, got] {
                assert!(refused.contains("=other:"), "{client}: {refused}");
            }
            assert_eq!(kept, "get=1", "{client}");
            assert_eq!(listed, "list=a end", "{client}");
        }
    }
}

/// A batch is one commit, however many keys it has.
#[test]
fn a_batch_is_one_commit() {
    for client in CLIENTS {
        let node = Node::new();
        let before = node.store.status().commits;
        assert_eq!(node.says(client, "open b then fill 1000")[1], "fill=ok");
        assert_eq!(node.store.status().commits, before + 1, "{client}");
    }
}

/// As many operations as there may be, and one more; as many bytes, and more.
#[test]
fn a_batch_is_bounded() {
    for client in CLIENTS {
        let lines = Node::new().says(
            client,
            "open b then batch 1001 0 then list - then fetch k 1001 then batch 1000 0 then fetch k 1000
            then empty-batches",
        );
        let [_, set, listed, got, fits, fetched, nothing] = lines.as_slice() else {
            panic!("{lines:?}");
        };
        assert!(set.starts_with("batch=other:"), "{client}: {set}");
        assert_eq!(listed, "list= end", "{client}: nothing was written");
        assert!(got.starts_with("fetch=other:"), "{client}: {got}");
        assert_eq!(fits, "batch=ok", "{client}");
        assert_eq!(fetched, "fetch=1000", "{client}");
        assert_eq!(nothing, "empty-batches=0 ok ok", "{client}");
    }
}
