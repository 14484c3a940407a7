//! What is explained is what is decided.

#![expect(
    clippy::unwrap_used,
    reason = "strategies build what is known to be valid"
)]

#[allow(dead_code, reason = "shared with the laws, which use more of it")]
#[path = "laws/arbitrary.rs"]
mod arbitrary;
#[allow(dead_code, reason = "shared with the laws, which use more of it")]
#[path = "laws/asked.rs"]
mod asked;

use arbitrary::profile;
use asked::asked;
use proptest::prelude::*;
use rusm_caps::*;
use std::sync::Arc;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// An explanation says yes where the decision does, and its denial is the decision's own.
    #[test]
    fn explanations_agree_with_decisions(profile in profile(), asked in prop::collection::vec(asked(), 40)) {
        for asked in &asked {
            let request = asked.request();
            let explained = explain(&profile, &request);
            prop_assert_eq!(explained.permission, request.permission());
            match decide(&profile, &request) {
                Ok(()) => prop_assert!(explained.is_allowed(), "{:?}", request),
                Err(denied) => prop_assert_eq!(explained.verdict, Verdict::Denied(Box::new(denied))),
            }
        }
    }

    /// What a guest is told by a query is what a person is told.
    #[test]
    fn explanations_agree_with_queries(profile in profile(), target in target()) {
        let guard = Guard::new(Arc::new(profile.clone()), Subject::new("c", 1, "1"), Arc::new(RecordingSink::denials()));
        for permission in Permission::ALL {
            prop_assert_eq!(
                !entries(&profile, permission).is_empty(),
                guard.query(permission.name(), None)
            );
            if let Ok(explained) = explain_target(&profile, permission, Some(&target)) {
                prop_assert_eq!(
                    explained.iter().all(Explanation::is_allowed),
                    guard.query(permission.name(), Some(&target)),
                    "{} {}", permission, target
                );
            }
        }
    }

    /// No text that a person types is too strange.
    #[test]
    fn any_target_is_answered(profile in profile(), target in any::<String>()) {
        for permission in Permission::ALL {
            match explain_target(&profile, permission, Some(&target)) {
                Ok(explained) => prop_assert!(!explained.is_empty()),
                Err(error) => prop_assert!(!error.to_string().contains(is_steering), "{}", error),
            }
        }
    }
}

fn target() -> impl Strategy<Value = String> {
    let known = arbitrary::BUCKETS
        .into_iter()
        .chain(arbitrary::VARIABLES)
        .chain([
            "8.8.8.8:443",
            "10.1.1.1:5432",
            "127.0.0.1:80",
            "10.1.1.1",
            "[::1]",
            "api.example.com:443",
            "api.example.com",
            "localhost:80",
            "worker",
            "read:orders-1",
            "write:config",
            "/data",
            "/data/in",
            "/",
            "acme:billing/charge",
            "acme:billing/charge#pay",
        ]);
    prop::sample::select(known.collect::<Vec<_>>()).prop_map(str::to_owned)
}

fn web() -> Profile {
    Profile::builder("web")
        .network(NetGrant::Rules(vec![
            "api.example.com:443".parse().unwrap(),
            "10.1.0.0/16:5432".parse().unwrap(),
        ]))
        .dir("in::/data::ro".parse().unwrap())
        .dir("out::/data/out".parse().unwrap())
        .storage(KvGrant {
            read: BucketSet::Every,
            write: BucketSet::Listed(vec!["o-*".parse().unwrap()]),
        })
        .build()
        .unwrap()
}

fn granted(permission: Permission, target: &str) -> Vec<(&'static str, String, Option<usize>)> {
    let explained = explain_target(&web(), permission, Some(target)).unwrap();
    let entries = explained.into_iter().flat_map(|found| match found.verdict {
        Verdict::Granted(entries) => entries,
        Verdict::Always | Verdict::Denied(_) | Verdict::Nothing => Vec::new(),
    });
    entries
        .map(|entry| (entry.key, entry.text, entry.position))
        .collect()
}

/// The entry that decides is named, with its place among the others.
#[test]
fn the_deciding_entry_is_named() {
    assert_eq!(
        granted(Permission::Network, "10.1.2.3:5432"),
        [("allow-network", "10.1.0.0/16:5432".to_owned(), Some(1))]
    );
    assert_eq!(
        granted(Permission::Network, "api.example.com:443"),
        [("allow-network", "api.example.com:443".to_owned(), Some(0))]
    );
    assert_eq!(
        granted(Permission::Storage, "o-1"),
        [
            ("allow-storage.read", "true".to_owned(), None),
            ("allow-storage.write", "o-*".to_owned(), Some(0))
        ]
    );
    assert_eq!(
        granted(Permission::Files, "/data/out/x:rw"),
        [("preopen", "out::/data/out".to_owned(), Some(1))]
    );
    assert_eq!(granted(Permission::Files, "/data/in:rw"), []);
}

/// A target that is none says what one looks like.
#[test]
fn bad_targets_say_what_is_expected() {
    let error = |permission, target| {
        let error = explain_target(&web(), permission, Some(target)).unwrap_err();
        format!("{error} ({})", error.expected)
    };
    assert_eq!(
        error(Permission::Network, "api.example.com:https"),
        "cannot read api.example.com:https as a target of network: a port is a number from 1 to \
         65535 (write api.example.com:443, 10.1.2.3:5432 or [fd00::1]:80; or a name or an address \
         alone)"
    );
    for (permission, target) in [
        (Permission::Network, "*.example.com:443"),
        (Permission::Network, "10.0.0.0/8"),
        (Permission::Network, "a b"),
        (Permission::Network, ""),
        (Permission::Network, "x:0"),
        (Permission::Listen, "9000"),
        (Permission::Files, "data"),
        (Permission::Files, "/data/../etc"),
        (Permission::Env, "APP_*"),
        (Permission::Env, "A=1"),
        (Permission::Load, "code"),
        (Permission::HostFunctions, "charge"),
    ] {
        assert!(
            error(permission, target).contains(" ("),
            "{permission} {target}"
        );
    }
}
