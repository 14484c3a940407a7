//! How much one name, key, value, page and transaction may hold: the largest is taken, the next is refused with its own
//! answer, and of what is refused nothing is written.

use super::{for_both_paths, granted, keeper};
use rusm_caps::{BucketSet, Profile};
use rusm_core::{ExitReason, Limit};

const TOO_LARGE: &str = "error:key, value, batch or bucket is over its bound";

/// Room enough for the largest transaction, on both sides.
fn roomy() -> Profile {
    let builder = keeper().to_builder("roomy");
    let roomy = builder.with_limits(|limits| {
        limits.max_memory_bytes = 1 << 30;
        limits.max_call_bytes = 256 << 20;
    });
    roomy.build().expect("it can be honoured")
}

/// Room for small things only.
fn poor() -> Profile {
    let builder = keeper().to_builder("poor");
    let poor = builder.with_limits(|limits| limits.max_call_bytes = 64 << 10);
    poor.build().expect("it can be honoured")
}

/// The largest of everything is taken and found again.
#[test]
fn what_is_within_every_bound_is_taken() {
    for_both_paths(|vault| {
        let outcome = vault.run(
            roomy(),
            "kv-put letters:255 letters:1024 bytes:16777216 then kv-get letters:255 letters:1024
            then kv-transact page puts 1000 v then kv-list page 000999 - 1000
            then kv-transact sum put a bytes:16777216 put b bytes:16777216 put c bytes:16777216 put d bytes:16777212
            then kv-get sum d",
        );
        let expected = [
            "kv-put=ok",
            "kv-get=ok:bytes:16777216",
            "kv-transact=ok",
            "kv-list=ok:000999=v",
            "kv-transact=ok",
            "kv-get=ok:bytes:16777212",
        ];
        assert_eq!(
            outcome.lines, expected,
            "{:?} {:?}",
            vault.path, outcome.reason
        );
    });
}

/// One more than that is too large, whatever it is that there is one more of, and nothing is written.
#[test]
fn what_is_over_a_bound_is_too_large() {
    for_both_paths(|vault| {
        for step in [
            "kv-get letters:256 k",
            "kv-put letters:256 k v",
            "kv-delete letters:256 k",
            "kv-list letters:256",
            "kv-transact letters:256 put k v",
            "kv-increment letters:256 k 1",
            "kv-get b letters:1025",
            "kv-put b letters:1025 v",
            "kv-delete b letters:1025",
            "kv-list b letters:1025",
            "kv-list b - letters:1025",
            "kv-transact b put k v put letters:1025 v",
            "kv-transact b put k v delete letters:1025",
            "kv-transact b put k v expect letters:1025 v",
            "kv-transact b put k v absent letters:1025",
            "kv-increment b letters:1025 1",
            "kv-list b - - 1001",
            "kv-list b - - 4294967295",
            "kv-put b k bytes:16777217",
            "kv-transact b put k v put l bytes:16777217",
            "kv-transact b put k v expect k bytes:16777217",
            "kv-transact b puts 1001 v",
            "kv-transact b puts 100000 v",
            "kv-transact b put a bytes:16777216 put b bytes:16777216 put c bytes:16777216 put d bytes:16777213",
        ] {
            let outcome = vault.run(roomy(), &format!("{step} then kv-list b"));
            let [refused, listed] = outcome.lines.as_slice() else {
                panic!("{:?} {step}: {outcome:#?}", vault.path);
            };
            assert!(
                refused.ends_with(TOO_LARGE),
                "{:?} {step}: {refused}",
                vault.path
            );
            assert_eq!(listed, "kv-list=ok", "{:?} {step}", vault.path);
        }
    });
}

/// A name or key that nothing can have is refused with what is wrong with it.
#[test]
fn an_unusable_name_is_refused_with_its_reason() {
    for_both_paths(|vault| {
        for (step, reason) in [
            ("kv-get - k", "bucket name"),
            ("kv-put - k v", "bucket name"),
            ("kv-list -", "bucket name"),
            ("kv-put control:b k v", "control character"),
            ("kv-increment control:b k 1", "control character"),
            ("kv-get b -", "key"),
            ("kv-put b - v", "key"),
            ("kv-transact b put k v delete -", "key"),
        ] {
            let lines = vault.says(&format!("{step} then kv-list b"));
            let [refused, listed] = lines.as_slice() else {
                panic!("{lines:#?}");
            };
            assert!(
                refused.contains("=error:the store did not do it: ") && refused.contains(reason),
                "{:?} {step}: {refused}",
                vault.path
            );
            assert_eq!(listed, "kv-list=ok", "{:?} {step}", vault.path);
        }
    });
}

/// A page ends before it is too large in bytes, and goes on where it ended.
#[test]
fn a_page_is_bounded_in_bytes() {
    for_both_paths(|vault| {
        let lines = vault.says(
            "kv-transact b puts 6 bytes:1000000 then kv-list b then kv-list b - 000004
            then kv-put c a bytes:5000000 then kv-put c b v then kv-list c",
        );
        let large = |keys: &[&str]| {
            let pairs: Vec<String> = keys
                .iter()
                .map(|key| format!("{key}=bytes:1000000"))
                .collect();
            pairs.join(" ")
        };
        let expected = [
            "kv-transact=ok".to_owned(),
            format!(
                "kv-list=ok:{} next=000004",
                large(&["000000", "000001", "000002", "000003"])
            ),
            format!("kv-list=ok:{}", large(&["000004", "000005"])),
            "kv-put=ok".to_owned(),
            "kv-put=ok".to_owned(),
            // What is larger alone is a page of its own.
            "kv-list=ok:a=bytes:5000000 next=b".to_owned(),
        ];
        assert_eq!(lines, expected, "{:?}", vault.path);
    });
}

/// The host copies no more of the store for a process than `max-call-kb` allows: what another has written does not
/// end it, but is too large for it.
#[test]
fn a_read_is_bounded_by_the_profile() {
    for_both_paths(|vault| {
        let filled = vault.says(
            "kv-put b a bytes:60000 then kv-put b b bytes:65537 then kv-put b c bytes:60000 then kv-put b d v",
        );
        assert_eq!(filled, ["kv-put=ok"; 4]);
        let outcome = vault.run(
            poor(),
            "kv-get b a then kv-get b b then kv-list b then kv-list b - b then kv-list b - c",
        );
        let expected = [
            "kv-get=ok:bytes:60000".to_owned(),
            format!("kv-get={TOO_LARGE}"),
            "kv-list=ok:a=bytes:60000 next=b".to_owned(),
            format!("kv-list={TOO_LARGE}"),
            "kv-list=ok:c=bytes:60000 d=v".to_owned(),
        ];
        assert_eq!(outcome.lines, expected, "{:?}", vault.path);
        assert_eq!(outcome.reason, ExitReason::Normal);
    });
}

/// What a process hands over beyond `max-call-kb` ends it, as in every other call, and is not written.
#[test]
fn a_write_is_bounded_by_the_profile() {
    for_both_paths(|vault| {
        for step in [
            "kv-put b k bytes:65536",
            "kv-transact b put k bytes:40000 put l bytes:40000",
            "kv-transact b expect k bytes:65536",
            "kv-get b letters:70000",
        ] {
            let outcome = vault.run(poor(), step);
            assert_eq!(
                outcome.reason,
                ExitReason::Limit(Limit::Memory),
                "{:?} {step}",
                vault.path
            );
        }
        let reader = granted(BucketSet::Every, BucketSet::Nothing);
        assert_eq!(vault.run(reader, "kv-list b").lines, ["kv-list=ok"]);
    });
}
