//! The laws of capabilities, over arbitrary profiles and requests.
//!
//! Names, buckets, addresses and ports come from small pools, so that grants and requests meet
//! often enough for a law to be tried on both sides of its edge.

#![expect(
    clippy::unwrap_used,
    reason = "strategies build what is known to be valid"
)]

#[path = "laws/arbitrary.rs"]
mod arbitrary;
#[path = "laws/asked.rs"]
mod asked;
#[path = "laws/attenuation.rs"]
mod attenuation;

use arbitrary::{kin, profile, restrictions};
use asked::{Asked, asked};
use proptest::prelude::*;
use rusm_caps::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Subset law: whatever a covered profile allows, the profile that covers it allows.
    #[test]
    fn a_covered_profile_allows_no_more((wide, narrow) in kin(), asked in prop::collection::vec(asked(), 40)) {
        if wide.covers(&narrow).is_ok() {
            for asked in &asked {
                prop_assert!(!allowed(&narrow, asked) || allowed(&wide, asked), "{asked:?}");
            }
        }
    }

    /// The same law for what a spawner takes away: covered by what it was taken from, always.
    #[test]
    fn a_restricted_profile_allows_no_more(origin in profile(), narrowing in restrictions(), asked in prop::collection::vec(asked(), 40)) {
        if let Ok(narrow) = origin.restrict(&narrowing) {
            prop_assert_eq!(origin.covers(&narrow), Ok(()));
            for asked in &asked {
                prop_assert!(!allowed(&narrow, asked) || allowed(&origin, asked), "{asked:?}");
            }
        }
    }

    /// Covering is reflexive and transitive, so narrowing step by step never adds up to more.
    #[test]
    fn covering_is_an_order((a, b) in kin(), c in profile()) {
        prop_assert_eq!(a.covers(&a), Ok(()));
        if a.covers(&b).is_ok() && b.covers(&c).is_ok() {
            prop_assert_eq!(a.covers(&c), Ok(()));
        }
    }

    /// A network rule covers another only if it allows every address that the other allows.
    #[test]
    fn a_covered_rule_allows_no_more(outer in arbitrary::net_rule(), inner in arbitrary::net_rule(), addrs in prop::collection::vec(arbitrary::addr(), 60)) {
        let (outer, inner) = (NetGrant::Rules(vec![outer]), NetGrant::Rules(vec![inner]));
        if outer.covers_grant(&inner) {
            for addr in addrs {
                prop_assert!(!inner.covers(addr) || outer.covers(addr), "{addr}");
            }
        }
    }

    /// The same for names: whatever a covered rule lets a process look up, and whatever it opens to
    /// who did, the covering rule does.
    #[test]
    fn a_covered_rule_opens_no_more_names(
        outer in arbitrary::net_rule(),
        inner in arbitrary::net_rule(),
        addrs in prop::collection::vec(arbitrary::addr(), 20),
    ) {
        let (outer, inner) = (NetGrant::Rules(vec![outer]), NetGrant::Rules(vec![inner]));
        if outer.covers_grant(&inner) {
            for name in arbitrary::HOSTS {
                prop_assert!(!inner.covers_lookup(name) || outer.covers_lookup(name), "{name}");
                for addr in &addrs {
                    let names = [name.into()];
                    let opens = |grant: &NetGrant| grant.covers_connect(*addr, &names);
                    prop_assert!(!opens(&inner) || opens(&outer), "{name} {addr}");
                    let port = addr.port();
                    prop_assert!(!inner.covers_name(name, port) || outer.covers_name(name, port), "{name}:{port}");
                }
            }
        }
    }

    /// The same for listening.
    #[test]
    fn a_covered_listener_listens_no_further(
        outer in arbitrary::listen(),
        inner in arbitrary::listen(),
        addrs in prop::collection::vec(arbitrary::addr(), 40),
    ) {
        if outer.covers_grant(&inner) {
            for addr in addrs {
                prop_assert!(!inner.covers(addr) || outer.covers(addr), "{addr}");
            }
        }
    }

    /// A query tells what a request would have been answered, for every request that a query can mean.
    #[test]
    fn a_query_agrees_with_the_decision(origin in profile(), asked in asked()) {
        if let Some((permission, target)) = asked.queried() {
            let guard = Guard::new(
                std::sync::Arc::new(origin.clone()),
                Subject::new("api", 1, "<0.0.1>"),
                std::sync::Arc::new(RecordingSink::denials()),
            );
            prop_assert_eq!(guard.query(permission, Some(&target)), allowed(&origin, &asked), "{} {}", permission, target);
            prop_assert!(!allowed(&origin, &asked) || guard.query(permission, None), "{}", permission);
        }
    }

    /// No rule by name opens an address that is not public, whatever it is called; but `localhost`,
    /// which opens loopback.
    #[test]
    fn names_open_nothing_reserved(rule in arbitrary::net_rule(), addr in arbitrary::addr()) {
        if let NetHost::Name(pattern) = rule.host() {
            let opened = NetGrant::Rules(vec![rule.clone()])
                .covers_connect(addr, &arbitrary::HOSTS.map(Into::into));
            let by_localhost = pattern.exact_name() == Some("localhost") && addr.ip().to_canonical().is_loopback();
            prop_assert!(!opened || by_localhost || NetGrant::public().covers(addr), "{addr}");
        }
    }

    /// The same for variables, buckets and folders, tried with every name of their pools.
    #[test]
    fn a_covered_grant_allows_no_more(
        env in (arbitrary::env_text(), arbitrary::env_text()),
        buckets in (arbitrary::buckets(), arbitrary::buckets()),
        dirs in (arbitrary::dir(), arbitrary::dir()),
    ) {
        let (outer, inner): (EnvGrant, EnvGrant) = (env.0.parse().unwrap(), env.1.parse().unwrap());
        let shows_more = |name: &&str| inner.covers(name) && !outer.covers(name);
        prop_assert!(!outer.covers_grant(&inner) || !arbitrary::VARIABLES.iter().any(shows_more), "{outer} {inner}");

        let (outer, inner) = buckets;
        let opens_more = |name: &&str| inner.covers(name) && !outer.covers(name);
        prop_assert!(!outer.covers_set(&inner) || !arbitrary::BUCKETS.iter().any(opens_more), "{outer} {inner}");

        let (outer, inner) = dirs;
        let writes_more = outer.is_read_only() && !inner.is_read_only();
        let elsewhere = (outer.host(), outer.guest()) != (inner.host(), inner.guest());
        prop_assert!(!outer.covers_grant(&inner) || !(writes_more || elsewhere), "{outer} {inner}");
    }

    /// A covered profile has no bound that is wider.
    #[test]
    fn a_covered_profile_uses_no_more((wide, narrow) in kin()) {
        if wide.covers(&narrow).is_ok() {
            let (wide, narrow) = (wide.limits(), narrow.limits());
            let time = |limit: Option<std::time::Duration>| limit.unwrap_or(std::time::Duration::MAX);
            let times = |limits: &Limits| [limits.max_cpu, limits.max_slice, limits.timeout].map(time);
            let counts = |limits: &Limits| [limits.max_processes, limits.max_handles, limits.max_timers, limits.max_table_elements];
            let bytes = |limits: &Limits| [limits.max_memory_bytes, limits.max_output_bytes, limits.max_body_bytes, limits.max_random_bytes, limits.max_call_bytes];
            let within = |narrow: &[u64], wide: &[u64]| narrow.iter().zip(wide).all(|(narrow, wide)| narrow <= wide);
            prop_assert!(times(narrow).iter().zip(times(wide)).all(|(narrow, wide)| *narrow <= wide));
            prop_assert!(within(&counts(narrow).map(u64::from), &counts(wide).map(u64::from)));
            prop_assert!(within(&bytes(narrow), &bytes(wide)));
        }
    }

    /// What was revoked is denied, whatever was asked, save what is open to every process.
    #[test]
    fn a_revoked_permission_is_denied(origin in profile(), asked in asked()) {
        let permission = asked.request().permission();
        let narrow = origin.revoke(permission.name()).unwrap();
        prop_assert!(!narrow.holds(permission));
        let nothing = Profile::builder("nothing").build().unwrap();
        prop_assert_eq!(allowed(&narrow, &asked), allowed(&nothing, &asked));
    }

    /// The profile with nothing denies every request that has an effect on anything but relatives.
    #[test]
    fn the_empty_profile_denies_everything(asked in asked()) {
        let nothing = Profile::builder("nothing").build().unwrap();
        prop_assert_eq!(allowed(&nothing, &asked), asked.is_about_a_relative());
    }

    /// No grant opens what no grant exists for: the unspecified address as a target, by any name, and
    /// look-ups of what a resolver would take for an address.
    #[test]
    fn nothing_grants_what_no_grant_exists_for(
        own in profile(),
        target in prop::sample::select(vec!["0.0.0.0:80", "[::]:80", "[::ffff:0.0.0.0]:80"]),
        disguised in prop::sample::select(vec!["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "a.b.1"]),
    ) {
        let names = arbitrary::HOSTS.map(Into::into);
        let built_in = Profile::BUILT_IN.map(|name| Profile::built_in(name).unwrap());
        for profile in built_in.into_iter().chain([own]) {
            for request in [
                Request::Connect { addr: target.parse().unwrap(), proto: Protocol::Tcp, names: &names },
                Request::ResolveName { name: disguised },
                Request::ConnectName { name: disguised, port: 80 },
            ] {
                prop_assert!(decide(&profile, &request).is_err(), "{request:?}");
            }
        }
    }

    /// A denial is one printable line, whatever the guest asked for.
    #[test]
    fn a_denial_is_one_printable_line(origin in profile(), text in any::<String>()) {
        let requests = [
            Request::Env { name: &text },
            Request::Spawn { component: &text },
            Request::Storage { bucket: &text, key: &text, access: Access::Write },
            Request::HostFunction { name: &text },
        ];
        for request in requests {
            if let Err(denied) = decide(&origin, &request) {
                let sentence = format!("{denied} {} {}", denied.target, denied.help);
                prop_assert!(!sentence.chars().any(is_steering), "{sentence:?}");
                prop_assert!(sentence.len() < 8_000);
            }
        }
    }

    /// Every grant that has a written form is read back as itself.
    #[test]
    fn grants_are_read_back(rule in arbitrary::net_rule(), listen in arbitrary::listen_rule(), function in arbitrary::function_text(), env in arbitrary::env_text(), bucket in arbitrary::bucket_text(), dir in arbitrary::dir()) {
        prop_assert_eq!(rule.to_string().parse(), Ok(rule.clone()));
        prop_assert_eq!(rule.ports().to_string().parse::<PortRange>().ok(), (rule.ports() != PortRange::ALL).then_some(rule.ports()));
        if let NetHost::Range(range) = rule.host() {
            prop_assert_eq!(range.to_string().parse(), Ok(*range));
        }
        prop_assert_eq!(listen.to_string().parse(), Ok(listen));
        prop_assert_eq!(function.parse::<HostFunctionName>().unwrap().to_string(), function);
        prop_assert_eq!(env.parse::<EnvGrant>().unwrap().to_string(), env);
        prop_assert_eq!(bucket.parse::<BucketPattern>().unwrap().to_string(), bucket);
        prop_assert_eq!(dir.to_string().parse(), Ok(dir));
    }

    /// Any text is a grant or an error with a reason; if it is a grant, its written form is one too.
    #[test]
    fn any_text_is_a_grant_or_an_error(text in prop_oneof![any::<String>(), "[0-9a-f:.\\[\\]/*-]{0,40}", "[a-z*.:0-9-]{0,30}"]) {
        match text.parse::<NetRule>() {
            Ok(rule) => prop_assert_eq!(rule.to_string().parse(), Ok(rule)),
            Err(error) => prop_assert!(!error.reason().is_empty()),
        }
        if let Ok(rule) = text.parse::<ListenRule>() {
            prop_assert_eq!(rule.to_string().parse(), Ok(rule));
        }
        if let Ok(name) = text.parse::<HostFunctionName>() {
            prop_assert_eq!(name.to_string(), text.as_str());
        }
        if let Ok(dir) = text.parse::<DirGrant>() {
            prop_assert_eq!(dir.to_string().parse(), Ok(dir));
        }
        let _ = (text.parse::<EnvGrant>(), text.parse::<BucketPattern>(), text.parse::<PortRange>(), text.parse::<Cidr>());
        let _ = Profile::trusted().revoke(&text);
    }
}

fn allowed(profile: &Profile, asked: &Asked) -> bool {
    decide(profile, &asked.request()).is_ok()
}

/// The laws above are not about nothing: one profile often covers the other, and requests
/// are both allowed and denied by them.
#[test]
fn the_pools_meet() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let (mut n_covered, mut n_allowed, mut n_denied) = (0, 0, 0);
    for _ in 0..2_000 {
        let ((wide, narrow), asked) = (kin(), asked()).new_tree(&mut runner).unwrap().current();
        n_covered += u32::from(wide.covers(&narrow).is_ok());
        if allowed(&wide, &asked) {
            n_allowed += 1
        } else {
            n_denied += 1
        }
    }
    assert!(
        n_covered > 200 && n_allowed > 200 && n_denied > 200,
        "{n_covered} {n_allowed} {n_denied}"
    );
}
