//! Look-ups and leave to connect, against resolvers that lie, stall and overdo it.

use super::*;
use rusm_caps::{NetGrant, Profile, RecordingSink, Subject};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers every name with this, and counts how often it was asked.
struct Fixed {
    answer: Result<Vec<IpAddr>, ResolveError>,
    n_asked: AtomicUsize,
}

impl Resolver for Fixed {
    fn resolve(&self, _name: &Arc<str>) -> Resolving {
        self.n_asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answer.clone();
        Box::pin(std::future::ready(answer))
    }
}

/// Never answers.
struct Silent;

impl Resolver for Silent {
    fn resolve(&self, _name: &Arc<str>) -> Resolving {
        Box::pin(std::future::pending())
    }
}

fn network(rules: &[&str], resolver: Arc<dyn Resolver>) -> (Network, Arc<RecordingSink>) {
    let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    let profile = Profile::builder("net").network(NetGrant::Rules(rules));
    let sink = Arc::new(RecordingSink::denials());
    let guard = Guard::new(
        Arc::new(profile.build().unwrap()),
        Subject::new("api", 1, "<0.1.1>"),
        Arc::clone(&sink) as _,
    );
    (Network::new(guard, resolver), sink)
}

fn fixed(addresses: &[&str]) -> Arc<Fixed> {
    let addresses = addresses.iter().map(|text| text.parse().unwrap());
    Arc::new(Fixed {
        answer: Ok(addresses.collect()),
        n_asked: AtomicUsize::new(0),
    })
}

fn block_on<R>(future: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

fn look_up(network: &Network, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
    let host = network.may_look_up(Host::read(name).unwrap()).unwrap();
    block_on(network.look_up(host))
}

fn may_connect(network: &Network, addr: &str) -> bool {
    network
        .may_connect(addr.parse().unwrap(), Protocol::Tcp)
        .is_ok()
}

/// A name is asked of the guard before the resolver hears of it.
#[test]
fn nobody_is_asked_for_a_name_that_no_rule_covers() {
    let resolver = fixed(&["93.184.216.34"]);
    let (network, sink) = network(&["api.example:443"], Arc::clone(&resolver) as _);
    for name in ["other.example", "example", "x.api.example", "localhost"] {
        assert!(
            network.may_look_up(Host::read(name).unwrap()).is_err(),
            "{name}"
        );
    }
    let by_port = |port| network.may_connect_by_name(Host::read("api.example").unwrap(), port);
    assert!(by_port(80).is_err() && by_port(443).is_ok());
    assert_eq!(sink.records().len(), 5);
    assert_eq!(resolver.n_asked.load(Ordering::Relaxed), 0);
}

/// A rule by name opens what the name led to, on its port, and only to who looked it up.
#[test]
fn a_name_opens_the_public_addresses_that_it_led_to() {
    let (network, _) = network(&["api.example:443"], fixed(&["93.184.216.34"]));
    assert!(
        !may_connect(&network, "93.184.216.34:443"),
        "not yet looked up"
    );
    assert_eq!(look_up(&network, "API.Example.").unwrap().len(), 1);
    assert!(may_connect(&network, "93.184.216.34:443"));
    assert!(may_connect(&network, "[::ffff:93.184.216.34]:443"));
    assert!(!may_connect(&network, "93.184.216.34:80"));
    assert!(!may_connect(&network, "93.184.216.35:443"));
}

/// Whoever answers for a name cannot point it at what is not public.
#[test]
fn a_name_that_leads_to_a_reserved_address_opens_nothing() {
    let reserved = [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "fe80::1",
        "fd00::1",
        "224.0.0.1",
        "255.255.255.255",
    ];
    for address in reserved {
        for rules in [&["evil.example"][..], &["*.example"], &["public"]] {
            let (network, sink) = network(rules, fixed(&[address]));
            for found in look_up(&network, "evil.example").unwrap() {
                let allowed = network.may_connect(SocketAddr::new(found, 80), Protocol::Tcp);
                assert!(allowed.is_err(), "{address} {rules:?}");
            }
            assert_eq!(sink.records().len(), 1, "{address}");
        }
    }
}

/// `localhost` is this machine, whatever the resolver would say, and asks nobody.
#[test]
fn localhost_asks_nobody() {
    let resolver = fixed(&["93.184.216.34"]);
    let (network, _) = network(
        &["localhost:8080", "*.localhost"],
        Arc::clone(&resolver) as _,
    );
    let loopback: [IpAddr; 2] = ["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
    assert_eq!(look_up(&network, "sub.localhost").unwrap(), loopback);
    assert!(!may_connect(&network, "127.0.0.1:8080"), "not by that name");
    assert_eq!(look_up(&network, "LOCALHOST.").unwrap(), loopback);
    assert!(may_connect(&network, "127.0.0.1:8080") && may_connect(&network, "[::1]:8080"));
    assert!(!may_connect(&network, "127.0.0.1:80"));
    assert_eq!(resolver.n_asked.load(Ordering::Relaxed), 0);
}

/// An address in place of a name is its own answer.
#[test]
fn an_address_asks_nobody() {
    let resolver = fixed(&["93.184.216.34"]);
    let (network, _) = network(&["192.0.2.0/24:443"], Arc::clone(&resolver) as _);
    let expected: IpAddr = Ipv4Addr::new(192, 0, 2, 7).into();
    assert_eq!(look_up(&network, "0xc0.0.0x207").unwrap(), [expected]);
    assert!(network.may_look_up(Host::read("127.1").unwrap()).is_err());
    assert_eq!(resolver.n_asked.load(Ordering::Relaxed), 0);
}

#[test]
fn an_answer_is_bounded_in_length_and_without_repetition() {
    let many: Vec<_> = (0..1_000_u32)
        .map(|number| Ipv4Addr::from(0x5db8_0000 + number / 2).to_string())
        .collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let (network, _) = network(&["public"], fixed(&many));
    assert_eq!(
        look_up(&network, "many.example").unwrap().len(),
        ADDRESSES_MAX / 2
    );
}

#[test]
fn no_answer_is_an_error_that_says_which() {
    let failing = |answer| {
        Arc::new(Fixed {
            answer,
            n_asked: AtomicUsize::new(0),
        })
    };
    let rows = [
        (Ok(Vec::new()), ResolveError::NotFound),
        (Err(ResolveError::NotFound), ResolveError::NotFound),
        (Err(ResolveError::Unavailable), ResolveError::Unavailable),
    ];
    for (answer, expected) in rows {
        let (network, _) = network(&["public"], failing(answer));
        assert_eq!(look_up(&network, "a.example"), Err(expected));
    }
    let (mut network, _) = network(&["public"], Arc::new(Silent));
    network.look_up_time = Duration::ZERO;
    assert_eq!(look_up(&network, "a.example"), Err(ResolveError::TimedOut));
}
