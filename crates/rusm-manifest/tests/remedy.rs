//! The line that a denial advises is a line of a manifest, and it allows what was denied: no less,
//! and nothing beside it.
#![expect(
    clippy::unwrap_used,
    reason = "what is not as expected has to fail the test"
)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use rusm_caps::{Access, Denied, NetHost, Peer, Profile, Protocol, Relation, Request, decide};
use rusm_manifest::parse;

/// The profile `web` of a manifest with these lines under it.
fn web(lines: &str) -> Profile {
    let text = format!(
        "[app]\nname = \"a\"\n[components.worker]\nwasm = \"w.wasm\"\n[capabilities.web]\n{lines}\n"
    );
    let manifest = parse("rusm.toml", &text).unwrap_or_else(|errors| panic!("{lines}\n{errors}"));
    Profile::clone(&manifest.profile("web").unwrap())
}

/// The denial of a request by a profile with some of everything.
fn denied(request: &Request<'_>) -> Option<Denied> {
    let profile = web(
        "allow-send = [\"ledger\"]\nallow-network = [\"api.example.com:443\"]\nenv = [\"APP_*\"]",
    );
    decide(&profile, request).err()
}

/// Pastes the advice, if there is some, and gives the profile that it makes.
fn advised(request: &Request<'_>) -> Option<Profile> {
    let denied = denied(request)?;
    let line = denied.help.strip_suffix(" under [capabilities.web]")?;
    assert!(denied.to_string().contains("To allow it: "), "{denied}");
    Some(web(line))
}

/// Text that guests like to use: patterns, paths, escapes, names of rules.
fn text() -> impl Strategy<Value = String> {
    let chosen = [
        "*",
        "a*",
        "public",
        "localhost",
        "api.example.com",
        "API.example.com.",
        "*.example.com",
        "127.0.0.1",
        "::1",
        "0.0.0.0",
        "2130706433",
        "a_b",
        "a b",
        "\"",
        "\\",
        "\u{202e}",
        "APP_X",
        "acme:billing/charge",
        "acme:billing/charge@1.0.0#pay",
        "worker",
        "orders",
        "",
    ];
    prop_oneof![
        3 => select(chosen.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[a-z.:*-]{0,20}",
    ]
}

fn addr() -> impl Strategy<Value = SocketAddr> {
    let ip = prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
        any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))),
        any::<u32>().prop_map(|bits| IpAddr::V6(Ipv4Addr::from_bits(bits).to_ipv6_mapped())),
        select(vec![
            "0.0.0.0",
            "::",
            "127.0.0.1",
            "::1",
            "64:ff9b::7f00:1",
            "2606:4700::5efe:a00:1"
        ])
        .prop_map(|text| text.parse().unwrap()),
    ];
    (ip, prop_oneof![Just(0), Just(443), any::<u16>()]).prop_map(SocketAddr::from)
}

proptest! {
    /// Whatever is asked for, in whatever text: pasted, the advice allows it.
    #[test]
    fn the_advice_allows_what_was_denied(text in text(), addr in addr(), port in any::<u16>(), write in any::<bool>()) {
        let to = Peer { pid: 7, name: None, component: "bank", relation: Relation::Other };
        let access = if write { Access::Write } else { Access::Read };
        let names: [Arc<str>; 1] = [text.as_str().into()];
        let requests = [
            Request::Send { to },
            Request::Link { to },
            Request::Signal { to },
            Request::ProcessControl { to },
            Request::ListProcesses,
            Request::Spawn { component: "worker" },
            Request::Load,
            Request::Storage { bucket: &text, key: "k", access },
            Request::OpenDir { host: Path::new("data"), guest: "/data", access },
            Request::Env { name: &text },
            Request::Connect { addr, proto: Protocol::Tcp, names: &[] },
            Request::Connect { addr, proto: Protocol::Udp, names: &names },
            Request::ConnectName { name: &text, port },
            Request::ResolveName { name: &text },
            Request::Bind { addr, proto: Protocol::Tcp },
            Request::Listen { addr },
            Request::Stdio,
            Request::HostFunction { name: &text },
        ];
        for request in requests {
            if let Some(profile) = advised(&request) {
                prop_assert!(decide(&profile, &request).is_ok(), "{request:?}: {:?}", denied(&request));
            }
        }
    }

    /// Nothing that a guest asks for makes advice that opens all of a kind, or another kind of thing.
    #[test]
    fn the_advice_opens_nothing_beside_it(text in text(), other in "[a-z]{1,8}") {
        if let Some(profile) = advised(&Request::Env { name: &text }) {
            prop_assert!(profile.env().iter().all(|grant| grant.exact_name() == Some(&text)));
        }
        let bucket = Request::Storage { bucket: &text, key: "", access: Access::Read };
        if let Some(profile) = advised(&bucket) {
            prop_assert!(!profile.storage().covers(&text, Access::Write));
            prop_assert_eq!(profile.storage().covers(&other, Access::Read), other == text);
        }
        if let Some(profile) = advised(&Request::ResolveName { name: &text }) {
            for rule in profile.network().rules() {
                prop_assert!(match rule.host() {
                    NetHost::Public => false,
                    NetHost::Range(range) => text.parse().is_ok_and(|ip| *range == rusm_caps::Cidr::single(ip)),
                    NetHost::Name(pattern) => pattern.exact_name().is_some() && pattern.covers(&text),
                }, "{rule}");
            }
        }
    }
}
