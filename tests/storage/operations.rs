//! Every operation, and what it answers.

use super::{ManualClock, Vault, for_both_paths, in_memory};
use crate::support::BOTH_PATHS;
use rusm_kv::Options;
use std::sync::Arc;

/// Values are bytes: text, any bytes, none at all, and many.
#[test]
fn a_value_is_what_was_put() {
    for_both_paths(|vault| {
        let lines = vault.says(
            "kv-put b text two words then kv-get b text
            then kv-put b bytes hex:00ff0a80 then kv-get b bytes
            then kv-put b empty then kv-get b empty
            then kv-put b long bytes:1000000 then kv-get b long
            then kv-put b text another then kv-get b text
            then kv-get b nothing then kv-get other text",
        );
        let expected = [
            "kv-put=ok",
            "kv-get=ok:two words",
            "kv-put=ok",
            "kv-get=ok:hex:00ff0a80",
            "kv-put=ok",
            "kv-get=ok",
            "kv-put=ok",
            "kv-get=ok:bytes:1000000",
            "kv-put=ok",
            "kv-get=ok:another",
            "kv-get=ok:none",
            "kv-get=ok:none",
        ];
        assert_eq!(lines, expected, "{:?}", vault.path);
    });
}

/// A delete says whether there was something.
#[test]
fn what_is_deleted_is_gone() {
    for_both_paths(|vault| {
        let lines = vault.says(
            "kv-put b k v then kv-delete b k then kv-get b k then kv-delete b k then kv-delete other k",
        );
        let expected = [
            "kv-put=ok",
            "kv-delete=ok:true",
            "kv-get=ok:none",
            "kv-delete=ok:false",
            "kv-delete=ok:false",
        ];
        assert_eq!(lines, expected, "{:?}", vault.path);
    });
}

/// Keys are listed in the order of their bytes, those of one bucket alone, however close the name of another is.
#[test]
fn a_listing_is_in_byte_order_and_of_one_bucket() {
    for_both_paths(|vault| {
        let filled = vault.says(
            "kv-transact b put z 1 put ключ 2 put a 3 put a/b 4 put a0 5 put 🗝 6 put A 7
            then kv-put ba not-mine x then kv-put a not-mine x",
        );
        assert_eq!(filled, ["kv-transact=ok", "kv-put=ok", "kv-put=ok"]);
        let lines = vault.says(
            "kv-list b then kv-list b a then kv-list b a a0 then kv-list b - a0
            then kv-list b a Z then kv-list b a b then kv-list b zz then kv-list nothing",
        );
        let expected = [
            "kv-list=ok:A=7 a=3 a/b=4 a0=5 z=1 ключ=2 🗝=6",
            "kv-list=ok:a=3 a/b=4 a0=5",
            "kv-list=ok:a0=5",
            "kv-list=ok:a0=5 z=1 ключ=2 🗝=6",
            "kv-list=ok:a=3 a/b=4 a0=5",
            "kv-list=ok",
            "kv-list=ok",
            "kv-list=ok",
        ];
        assert_eq!(lines, expected, "{:?}", vault.path);
    });
}

/// Each page begins with the key that the one before named, and the last names none.
#[test]
fn pages_follow_each_other_to_the_end() {
    for_both_paths(|vault| {
        let lines = vault.says(
            "kv-transact b puts 5 v then kv-list b - - 2 then kv-list b - 000002 2
            then kv-list b - 000004 2 then kv-list b - - 5 then kv-list b 00000 000003 1 then kv-list b - - 0",
        );
        let expected = [
            "kv-transact=ok",
            "kv-list=ok:000000=v 000001=v next=000002",
            "kv-list=ok:000002=v 000003=v next=000004",
            "kv-list=ok:000004=v",
            "kv-list=ok:000000=v 000001=v 000002=v 000003=v 000004=v",
            "kv-list=ok:000003=v next=000004",
            "kv-list=ok:next=000000",
        ];
        assert_eq!(lines, expected, "{:?}", vault.path);
    });
}

/// All of a transaction happens, in order, each operation seeing those before it.
#[test]
fn a_transaction_happens_whole_and_in_order() {
    for_both_paths(|vault| {
        let lines = vault.says(
            "kv-put b old 1
            then kv-transact b expect old 1 absent new put new 2 expect new 2 put new 3 delete old absent old
            then kv-list b then kv-transact b then kv-transact b expect new 3",
        );
        let expected = [
            "kv-put=ok",
            "kv-transact=ok",
            "kv-list=ok:new=3",
            "kv-transact=ok",
            "kv-transact=ok",
        ];
        assert_eq!(lines, expected, "{:?}", vault.path);
    });
}

/// A comparison that fails undoes all, and is named by its place.
#[test]
fn a_conflict_names_its_operation_and_nothing_is_written() {
    for_both_paths(|vault| {
        let lines = vault.says(
            "kv-put b k 1
            then kv-transact b put new 1 delete k expect k 1
            then kv-transact b expect k 2 put new 1
            then kv-transact b put new 1 expect k 1 absent k
            then kv-transact b put new 1 expect nothing hex:
            then kv-list b",
        );
        let conflict = |index| {
            format!(
                "kv-transact=error:nothing was written: operation {index} found another value than expected"
            )
        };
        let expected = [
            "kv-put=ok".to_owned(),
            conflict(2),
            conflict(0),
            conflict(2),
            conflict(1),
            "kv-list=ok:k=1".to_owned(),
        ];
        assert_eq!(lines, expected, "{:?}", vault.path);
    });
}

/// A counter begins at 0, is decimal text to everybody else, and does not wrap.
#[test]
fn a_counter_counts() {
    for_both_paths(|vault| {
        let lines = vault.says(
            "kv-increment b n 1 then kv-increment b n -3 then kv-get b n
            then kv-put b n 41 then kv-increment b n 1 then kv-increment b n 9223372036854775765",
        );
        let expected = [
            "kv-increment=ok:1",
            "kv-increment=ok:-2",
            "kv-get=ok:-2",
            "kv-put=ok",
            "kv-increment=ok:42",
            "kv-increment=ok:9223372036854775807",
        ];
        assert_eq!(lines, expected, "{:?}", vault.path);

        let lines = vault.says(
            "kv-increment b n 1 then kv-put b word forty then kv-increment b word 1
            then kv-get b n then kv-get b word",
        );
        let [too_far, _, no_number, n, word] = lines.as_slice() else {
            panic!("{lines:#?}");
        };
        assert!(
            too_far.starts_with("kv-increment=error:") && too_far.contains("64 bits"),
            "{too_far}"
        );
        assert!(
            no_number.starts_with("kv-increment=error:") && no_number.contains("decimal"),
            "{no_number}"
        );
        let unchanged = ["kv-get=ok:9223372036854775807", "kv-get=ok:forty"];
        assert_eq!([n, word], unchanged, "{:?}", vault.path);
    });
}

/// What has expired is absent for every operation, from the very millisecond on, and was there until then.
#[test]
fn what_has_expired_is_absent() {
    for path in BOTH_PATHS {
        let clock = Arc::new(ManualClock::default());
        let options = Options::default().clock(Arc::clone(&clock) as Arc<_>);
        let vault = Vault::over(path, in_memory(options));
        vault.says("kv-transact b put-for 1000 a 1 put-for 1001 c 1 put stays 1 put-for 1000 d 1 put-for 1000 n 5");
        clock.advance(999);
        assert_eq!(
            vault.says("kv-list b then kv-transact b expect a 1"),
            ["kv-list=ok:a=1 c=1 d=1 n=5 stays=1", "kv-transact=ok"],
            "{path:?}"
        );
        clock.advance(1);
        let lines = vault.says(
            "kv-get b a then kv-list b then kv-transact b absent a then kv-delete b d then kv-increment b n 1",
        );
        let expected = [
            "kv-get=ok:none",
            "kv-list=ok:c=1 stays=1",
            "kv-transact=ok",
            "kv-delete=ok:false",
            "kv-increment=ok:1",
        ];
        assert_eq!(lines, expected, "{path:?}");
        // A put without an expiry takes an earlier one away.
        vault.says("kv-put b c 2");
        clock.advance(1_000_000_000);
        assert_eq!(
            vault.says("kv-list b"),
            ["kv-list=ok:c=2 n=1 stays=1"],
            "{path:?}"
        );
    }
}

/// There is one store, whatever a guest is.
#[test]
fn both_paths_share_the_store() {
    let store = in_memory(Options::default());
    let vaults = BOTH_PATHS.map(|path| Vault::over(path, store.clone()));
    for (one, other) in [(0, 1), (1, 0)] {
        let (writer, reader) = (&vaults[one], &vaults[other]);
        writer.says(&format!("kv-put b k {one} then kv-increment b n 1"));
        assert_eq!(
            reader.says("kv-get b k then kv-increment b n 1"),
            [
                format!("kv-get=ok:{one}"),
                format!("kv-increment=ok:{}", 2 + 2 * one)
            ]
        );
    }
}
