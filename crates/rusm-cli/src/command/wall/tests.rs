//! What is granted is never closed by the wall.

use super::*;
use rusm_caps::{Access, DirGrant, NetGrant, Protocol, Request, decide};
use std::net::SocketAddr;

const RULES: [&str; 7] = [
    "public",
    "public:443",
    "127.0.0.1:8000-8100",
    "[::1]",
    "api.example.com:443",
    "*.example.com",
    "10.1.0.0/16:5432",
];
const LOCAL: [&str; 5] = [
    "127.0.0.1:9000",
    "[::1]:8000-8100",
    "0.0.0.0:80",
    "127.0.0.1",
    "10.1.0.0/16:5432",
];
const FOLDERS: [&str; 4] = ["data", "data/in", "/srv/app", "./logs"];
const ADDRESSES: [&str; 5] = ["127.0.0.1", "::1", "8.8.8.8", "10.1.2.3", "0.0.0.0"];
const PORTS: [u16; 8] = [0, 53, 80, 443, 5432, 8_000, 8_100, 9_000];
const NAMES: [&str; 3] = ["api.example.com", "a.b.example.com", "other.org"];

/// Profiles of one grant each, of every kind that the wall knows.
fn profiles() -> Vec<Profile> {
    let builder = || Profile::builder("one");
    let network = RULES.map(|rule| NetGrant::Rules(vec![rule.parse().unwrap()]));
    let listen = LOCAL.map(|rule| ListenGrant::Rules(vec![rule.parse().unwrap()]));
    let folders = FOLDERS.iter().flat_map(|folder| {
        [
            DirGrant::read_only(folder, "/data").unwrap(),
            DirGrant::read_write(folder, "/data").unwrap(),
        ]
    });
    let listen = listen.into_iter().chain([ListenGrant::Anywhere]);
    let builders = network.into_iter().map(|grant| builder().network(grant));
    let builders = builders.chain(listen.map(|grant| builder().listen(grant)));
    let builders = builders.chain(folders.map(|grant| builder().dir(grant)));
    let builders = builders.chain([builder()]);
    builders.map(|builder| builder.build().unwrap()).collect()
}

fn plan_of(profiles: &[&Profile]) -> Plan {
    let mut needs = Needs::default();
    for profile in profiles {
        grant(&mut needs, profile, Path::new("/app"));
    }
    Plan::of(&needs)
}

/// Whatever the reference monitor allows under either of two profiles lies within the plan that is made of both:
/// folders as they are granted, ports that are connected to, bound or listened on, look-ups.
#[test]
fn what_is_granted_lies_within_the_plan() {
    let profiles = profiles();
    let mut n_allowed = 0;
    for (at, one) in profiles.iter().enumerate() {
        for other in profiles.iter().skip(at) {
            let plan = plan_of(&[one, other]);
            for profile in [one, other] {
                n_allowed += folders_lie_within(&plan, profile);
                n_allowed += network_lies_within(&plan, profile);
            }
        }
    }
    assert!(
        n_allowed > 1_000,
        "only {n_allowed} requests were allowed at all"
    );
}

fn folders_lie_within(plan: &Plan, profile: &Profile) -> usize {
    let mut n_allowed = 0;
    for dir in profile.dirs() {
        let (host, guest) = (dir.host(), dir.guest());
        let place = Path::new("/app").join(host).join("below");
        for (access, needed) in [
            (Access::Read, rusm_harden::Access::Read),
            (Access::Write, rusm_harden::Access::Write),
        ] {
            let request = Request::OpenDir {
                host,
                guest,
                access,
            };
            if decide(profile, &request).is_ok() {
                assert!(plan.opens(&place, needed), "{dir:?} {access:?}");
                n_allowed += 1;
            }
        }
    }
    n_allowed
}

fn network_lies_within(plan: &Plan, profile: &Profile) -> usize {
    let names = NAMES.map(Into::into);
    let proto = Protocol::Tcp;
    let mut n_allowed = 0;
    for (address, port) in ADDRESSES.iter().flat_map(|ip| PORTS.map(|port| (ip, port))) {
        let addr = SocketAddr::new(address.parse().unwrap(), port);
        let connect = Request::Connect {
            addr,
            proto,
            names: &names,
        };
        let requests = [
            (connect, plan.connect()),
            (Request::Bind { addr, proto }, plan.bind()),
            (Request::Listen { addr }, plan.bind()),
        ];
        for (request, ports) in requests {
            if decide(profile, &request).is_ok() {
                assert!(ports.contains(port) && plan.sockets(), "{request:?}");
                n_allowed += 1;
            }
        }
    }
    for name in NAMES {
        if decide(profile, &Request::ResolveName { name }).is_ok() {
            assert!(plan.names(), "{name}");
            n_allowed += 1;
        }
    }
    n_allowed
}

/// Nothing is granted, so next to nothing stays open.
#[test]
fn a_sandbox_opens_nothing() {
    let plan = plan_of(&[&Profile::sandboxed()]);
    assert!(!plan.sockets() && !plan.names());
    let asked_for = plan.places().filter(|(_, place)| place.is_asked_for);
    assert_eq!(asked_for.count(), 0);
}

/// The words of the command line come before those of the manifest.
#[test]
fn what_is_typed_comes_first() {
    assert_eq!(mode(None, HardenDecl::Require), Mode::Require);
    assert_eq!(mode(Some(HardenWhen::Off), HardenDecl::Require), Mode::Off);
    assert_eq!(
        mode(Some(HardenWhen::Require), HardenDecl::Off),
        Mode::Require
    );
}
