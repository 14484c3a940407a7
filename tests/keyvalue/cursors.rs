//! `list-keys`: pages, and where a cursor leads, also one that nobody handed out.

use super::{CLIENTS, Node, nth};

#[test]
fn a_listing_goes_over_all_keys_in_order_and_each_once() {
    for client in CLIENTS {
        let node = Node::new();
        assert_eq!(
            node.says(client, "open b then walk")[1],
            "walk=0 sorted=true"
        );
        node.fill("b", (0..1_000).map(nth));
        assert_eq!(
            node.says(client, "open b then walk")[1],
            "walk=1000 sorted=true"
        );
        node.fill("b", (1_000..2_500).map(nth));
        assert_eq!(
            node.says(client, "open b then walk")[1],
            "walk=1000+1000+500 sorted=true",
            "{client}"
        );
    }
}

/// Whoever removes what a page names and goes on with its cursor misses nothing.
#[test]
fn keys_may_be_removed_while_they_are_listed() {
    for client in CLIENTS {
        let node = Node::new();
        node.fill("b", (0..2_500).map(nth));
        let lines = node.says(client, "open b then drain then walk");
        assert_eq!(
            lines,
            ["open=ok", "drain=2500", "walk=0 sorted=true"],
            "{client}"
        );
    }
}

/// Nor does it matter to the cursor that a handle gave last what came in before it.
#[test]
fn a_cursor_of_the_first_draft_holds_its_place_in_its_handle() {
    let node = Node::new();
    node.fill("b", (0..1_002).map(nth));
    let lines = node.says(
        "stock_kv_draft",
        "open b then list - then set-many a 1 b 2 then list 1000 then list 1002 then open b then list 1000",
    );
    let [_, first, _, rest, end, _, counted] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    assert_eq!(first, "list=1000 1000");
    assert_eq!(rest, "list=key-001000,key-001001 end");
    // Another handle counts: two more keys come first now.
    assert_eq!(end, "list=key-001000,key-001001 end");
    assert_eq!(
        counted,
        "list=key-000998,key-000999,key-001000,key-001001 end"
    );
}

/// A cursor is only a place: one that was made up leads to keys of the same bucket or to none.
#[test]
fn a_cursor_that_lies_leads_nowhere_else() {
    let node = Node::new();
    node.fill("b", ["k1", "k2", "k3"].map(str::to_owned));
    for other in ["a", "c", "b/", "secret"] {
        node.fill(other, ["k0", "k2x", "k9"].map(str::to_owned));
    }
    let numbers = format!(
        "open b then list 0 then list 1 then list 3 then list 4 then list 1000000 then list {}",
        u64::MAX
    );
    let expected = [
        "open=ok",
        "list=k1,k2,k3 end",
        "list=k2,k3 end",
        "list= end",
        "list= end",
        "list= end",
        "list= end",
    ];
    assert_eq!(node.says("stock_kv_draft", &numbers), expected);
    let texts = "open b then list k then list k2 then list k2x then list k9 then list ../secret/k9
        then list secret then list %0 then list %1024 then list %1025";
    let lines = node.says("stock_kv", texts);
    let expected = [
        "open=ok",
        "list=k1,k2,k3 end",
        "list=k2,k3 end",
        "list=k3 end",
        "list= end",
        "list=k1,k2,k3 end",
        "list= end",
        "list=k1,k2,k3 end",
        "list= end",
    ];
    assert_eq!(lines[..9], expected);
    assert!(lines[9].starts_with("list=other:"), "{}", lines[9]);
}

/// A page costs the host a page, however many keys there are, and a profile that lends a call less gets a shorter one.
#[test]
fn a_page_is_bounded() {
    for client in CLIENTS {
        let node = Node::new();
        // Keys as long as they may be.
        node.fill("b", (0..1_500).map(|n| format!("{n:01024}")));
        assert_eq!(
            node.says(client, "open b then walk")[1],
            "walk=1000+500 sorted=true"
        );
        let profile = super::bounds::keeper_with(|limits| limits.max_call_bytes = 128 << 10);
        let outcome = node.run(profile, client, "open b then walk");
        let lengths: Vec<usize> = outcome.lines[1]
            .trim_start_matches("walk=")
            .trim_end_matches(" sorted=true")
            .split('+')
            .map(|length| length.parse().expect("it is a number"))
            .collect();
        assert_eq!(lengths.iter().sum::<usize>(), 1_500, "{client}");
        assert!(lengths.iter().all(|length| *length <= 128), "{lengths:?}");
        assert!(lengths.len() < 20, "{lengths:?}");
    }
}
