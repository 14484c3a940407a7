//! Who may use which bucket: nobody by default, by name or prefix, reading and writing apart, and for good when it is
//! given up.

use super::{Vault, for_both_paths, granted, keeper};
use crate::app::{probe, scripted};
use crate::stage::{actor, component};
use crate::support::BOTH_PATHS;
use crate::trial::nothing;
use rusm_caps::BucketSet;
use rusm_core::ExitReason;

/// Every operation, on the bucket `BUCKET`.
const EVERY_OPERATION: &str =
    "kv-get BUCKET k then kv-put BUCKET k v then kv-delete BUCKET k then kv-list BUCKET
    then kv-transact BUCKET put k v then kv-transact BUCKET then kv-increment BUCKET n 1";

fn listed(patterns: &[&str]) -> BucketSet {
    let patterns = patterns.iter().map(|text| text.parse());
    BucketSet::Listed(
        patterns
            .collect::<Result<_, _>>()
            .expect("they are patterns"),
    )
}

fn on(bucket: &str) -> String {
    EVERY_OPERATION.replace("BUCKET", bucket)
}

/// Whether each line of a report is a refusal for want of the right to store.
fn denials(lines: &[String]) -> Vec<bool> {
    let is_denied = |line: &String| line.ends_with("=denied:storage");
    lines.iter().map(is_denied).collect()
}

/// Without a grant every operation is refused and recorded, and the answer is the same whether there is a store, such
/// a bucket, or such a name for one.
#[test]
fn without_a_grant_nothing_can_be_learnt() {
    for path in BOTH_PATHS {
        let with = Vault::new(path);
        let without = Vault::with(path, |builder| builder);
        with.says("kv-put there k v");
        for bucket in ["there", "not-there", "-", "letters:256", "control:x"] {
            let outcomes = [&with, &without].map(|vault| vault.run(nothing(), &on(bucket)));
            for outcome in outcomes {
                assert_eq!(outcome.reason, ExitReason::Normal, "{path:?} {bucket}");
                assert_eq!(denials(&outcome.lines), [true; 7], "{:#?}", outcome.lines);
                // A refusal of the same again is counted, and not written again.
                assert!(!outcome.denied.is_empty(), "{path:?} {bucket}");
            }
        }
    }
}

/// Reading and writing are two rights, and what does both needs both.
#[test]
fn reading_and_writing_are_granted_apart() {
    for_both_paths(|vault| {
        let reader = granted(listed(&["b"]), BucketSet::Nothing);
        let writer = granted(BucketSet::Nothing, listed(&["b"]));
        for (profile, expected) in [
            (&reader, [false, true, true, false, true, false, true]),
            (&writer, [true, false, false, true, false, true, true]),
        ] {
            let outcome = vault.run(profile.clone(), &on("b"));
            assert_eq!(
                denials(&outcome.lines),
                expected,
                "{:?}: {:#?}",
                vault.path,
                outcome.lines
            );
        }
        // A comparison looks, so it needs the right to read, and a refused transaction has written nothing.
        let outcome = vault.run(writer, "kv-transact b put new v absent k");
        assert_eq!(outcome.lines, ["kv-transact=denied:storage"]);
        let outcome = vault.run(reader, "kv-transact b absent new then kv-list b");
        assert_eq!(outcome.lines, ["kv-transact=ok", "kv-list=ok:k=v"]);
    });
}

/// A grant is a name or a prefix: the bucket itself, or all whose names begin so, and no other.
#[test]
fn a_grant_is_by_name_or_prefix() {
    for_both_paths(|vault| {
        let set = || listed(&["config", "orders-*"]);
        let profile = granted(set(), set());
        for (bucket, is_denied) in [
            ("config", false),
            ("orders-", false),
            ("orders-1", false),
            ("orders", true),
            ("config-2", true),
            ("confi", true),
            ("Config", true),
            ("orders*", true),
            ("-", true),
        ] {
            let outcome = vault.run(profile.clone(), &on(bucket));
            assert_eq!(
                denials(&outcome.lines),
                [is_denied; 7],
                "{:?} {bucket}: {:#?}",
                vault.path,
                outcome.lines
            );
        }
    });
}

/// A query tells what would be allowed, and what was given up is not to be had again.
#[test]
fn a_right_that_is_given_up_is_gone() {
    for_both_paths(|vault| {
        let profile = granted(listed(&["b"]), BucketSet::Nothing);
        let outcome = vault.run(
            profile,
            "query storage read:b then query storage write:b then query storage read:other
            then kv-get b k then drop storage then kv-get b k then query storage read:b",
        );
        let expected = [
            "query=ok:granted",
            "query=ok:denied",
            "query=ok:denied",
            "kv-get=ok:none",
            "drop=ok",
            "kv-get=denied:storage",
            "query=ok:denied",
        ];
        assert_eq!(outcome.lines, expected, "{:?}", vault.path);
    });
}

/// A spawner takes the right from a child whose own profile grants it.
#[test]
fn a_spawner_can_withhold_the_store() {
    for_both_paths(|vault| {
        let runtime = &vault.court.scenario.runtime;
        let program = probe(&vault.court.scenario, vault.path);
        let child = component(vault.path);
        runtime.declare(child, &program, keeper());
        let spawn = |revoke: &str| {
            format!(
                "spawn {child} monitor {revoke} args kv-put b k v also kv-get b k then receive-down"
            )
        };
        let script = format!("{} then {}", spawn(""), spawn("revoke=storage"));
        let parent = scripted("parent", &program, &script).profile(actor("parent", |_| ()));
        let parent = runtime.spawn(parent).expect("there is room for it");
        assert_eq!(parent.wait(), ExitReason::Normal);
        assert_eq!(
            vault.court.scenario.recorder.lines(child),
            [
                "kv-put=ok",
                "kv-get=ok:v",
                "kv-put=denied:storage",
                "kv-get=denied:storage"
            ],
            "{:?}",
            vault.path
        );
    });
}
