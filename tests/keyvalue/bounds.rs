//! Sizes: each bound, what is at it and what is over it.

use super::{CLIENTS, Node};
use crate::storage::keeper;
use rusm_abi::limits::{MAX_BUCKET, MAX_KEY, MAX_VALUE};
use rusm_caps::{Limits, Profile};
use rusm_core::{ExitReason, Limit};

/// Who may use every bucket, within other bounds.
pub(super) fn keeper_with(change: impl FnOnce(&mut Limits)) -> Profile {
    let profile = keeper().to_builder("keeper").with_limits(change);
    profile.build().expect("it can be honoured")
}

/// Room for a few values of the longest kind.
fn roomy() -> Profile {
    keeper_with(|limits| {
        limits.max_call_bytes = 512 << 20;
        limits.max_memory_bytes = 512 << 20;
    })
}

/// The answers that begin with `other` are shortened to that.
fn kinds(lines: &[String]) -> Vec<String> {
    let kind = |line| match str::split_once(line, "=other:") {
        Some((step, _)) => format!("{step}=other"),
        None => line.to_owned(),
    };
    lines.iter().map(|line| kind(line)).collect()
}

#[test]
fn a_key_is_bounded() {
    for client in CLIENTS {
        let (fits, over) = (MAX_KEY, MAX_KEY + 1);
        let script = format!(
            "open b then set %{fits} v then get %{fits} then exists %{fits} then increment %{over} 1
            then set %{over} v then get %{over} then exists %{over} then delete %{over}
            then set %0 v then get %0 then exists %0 then delete %0 then increment %0 1
            then list - then delete %{fits} then list -"
        );
        let lines = Node::new().says(client, &script);
        let listed = format!("list={} end", "k".repeat(fits));
        let expected = [
            "open=ok",
            "set=ok",
            "get=v",
            "exists=true",
            "increment=other",
            "set=other",
            "get=other",
            "exists=other",
            "delete=other",
            "set=other",
            "get=other",
            "exists=other",
            "delete=other",
            "increment=other",
            listed.as_str(),
            "delete=ok",
            "list= end",
        ];
        assert_eq!(kinds(&lines), expected, "{client}");
    }
}

/// Any text is a key: what means something to a path, a pattern, a terminal or a query means nothing here.
#[test]
fn a_key_is_any_text() {
    let odd = [
        "../../etc/passwd",
        "/",
        ".",
        "*",
        "a\u{0}b",
        "\u{1b}[2J",
        "ключ",
        "\u{10ffff}",
        "a'--",
        "%",
        "\n",
    ];
    for client in CLIENTS {
        let node = Node::new();
        node.fill("b", odd.map(str::to_owned));
        let lines = node.says(
            client,
            "open b then walk then get ../../etc/passwd then get * then get ключ",
        );
        let n_keys = odd.len();
        let expected = [
            "open=ok".to_owned(),
            format!("walk={n_keys} sorted=true"),
            "get=../../etc/passwd".to_owned(),
            "get=*".to_owned(),
            "get=ключ".to_owned(),
        ];
        assert_eq!(lines, expected, "{client}");
        assert_eq!(
            node.says(client, "open b then drain then list -")[2],
            "list= end"
        );
    }
}

#[test]
fn a_name_of_a_bucket_is_bounded() {
    for client in CLIENTS {
        let (fits, over) = (MAX_BUCKET, MAX_BUCKET + 1);
        let script =
            format!("open %{fits} then set k v then open %{over} then open %0 then open a\u{1}b");
        let lines = Node::new().says(client, &script);
        let expected = [
            "open=ok",
            "set=ok",
            "open=other",
            "open=other",
            "open=other",
        ];
        assert_eq!(kinds(&lines), expected, "{client}");
    }
}

#[test]
fn a_value_is_bounded() {
    for client in CLIENTS {
        let (fits, over) = (MAX_VALUE, MAX_VALUE + 1);
        let script = format!(
            "open b then size k {over} then exists k then size k {fits} then get k then exists k"
        );
        let outcome = Node::new().run(roomy(), client, &script);
        let got = format!("get={fits} bytes");
        let expected = [
            "open=ok",
            "size=other",
            "exists=false",
            "size=ok",
            &got,
            "exists=true",
        ];
        assert_eq!(kinds(&outcome.lines), expected, "{client}: {outcome:#?}");
    }
}

/// Values that together are over the bound of a batch are not written, though each may be.
#[test]
fn the_bytes_of_a_batch_are_bounded() {
    for client in CLIENTS {
        let script =
            format!("open b then batch 5 {MAX_VALUE} then list - then batch 3 {MAX_VALUE}");
        let outcome = Node::new().run(roomy(), client, &script);
        let expected = ["open=ok", "batch=other", "list= end", "batch=ok"];
        assert_eq!(kinds(&outcome.lines), expected, "{client}: {outcome:#?}");
    }
}

/// What one call copies out of the store for a program is bounded by its profile, however often it names a key.
#[test]
fn what_one_call_reads_is_bounded() {
    for client in CLIENTS {
        let profile = keeper_with(|limits| limits.max_call_bytes = 4 << 20);
        let script =
            "open b then size k 1000000 then fetch k 4 then fetch k 5 then fetch k 1000 then get k";
        let outcome = Node::new().run(profile, client, script);
        let expected = [
            "open=ok",
            "size=ok",
            "fetch=4",
            "fetch=other",
            "fetch=other",
            "get=1000000 bytes",
        ];
        assert_eq!(kinds(&outcome.lines), expected, "{client}");
    }
}

/// A value for which a profile lends a call no room is not read, by whatever function; it is there all the same.
#[test]
fn a_value_that_a_call_has_no_room_for_is_not_read() {
    let node = Node::new();
    node.says("stock_kv", "open b then size k 1000000 then set l v");
    let poor = || keeper_with(|limits| limits.max_call_bytes = 64 << 10);
    for client in CLIENTS {
        let script =
            "open b then get k then get-many l k then get-many l l then exists k then list -";
        let outcome = node.run(poor(), client, script);
        let expected = [
            "open=ok",
            "get=other",
            "get-many=other",
            "get-many=l:v l:v",
            "exists=true",
            "list=k,l end",
        ];
        assert_eq!(kinds(&outcome.lines), expected, "{client}");
    }
    let outcome = node.run(poor(), "stock_kv", "open b then cas k then get l");
    assert_eq!(kinds(&outcome.lines), ["open=ok", "cas=other", "get=v"]);
}

/// Whoever hands over more than its profile lends a call has run into its bound, as everywhere.
#[test]
fn what_one_call_hands_over_is_bounded() {
    for client in CLIENTS {
        let node = Node::new();
        let profile = keeper_with(|limits| limits.max_call_bytes = 1 << 20);
        let outcome = node.run(profile, client, "open b then size k 2000000");
        assert_eq!(outcome.reason, ExitReason::Limit(Limit::Memory), "{client}");
        assert_eq!(node.says(client, "open b then list -")[1], "list= end");
    }
}
