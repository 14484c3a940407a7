//! Arbitrary profiles and requests, from small pools.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rusm_caps::*;

const NAMES: [&str; 4] = ["api", "worker", "ledger", "web"];
pub(crate) const BUCKETS: [&str; 5] = ["config", "orders", "orders-1", "orders-2", "o"];
pub(crate) const VARIABLES: [&str; 4] = ["HOME", "APP_A", "APP_AB", "APP"];
const PORTS: [u16; 5] = [1, 80, 443, 444, 65535];
const ADDRESSES: [&str; 24] = [
    "8.8.8.8",
    "1.1.1.1",
    "10.1.2.3",
    "10.0.0.0",
    "127.0.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "0.0.0.0",
    "0.0.0.1",
    "192.0.2.1",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001::1",
    "2606:4700::1",
    "fd00::1",
    "fe80::1",
    "ff02::1",
];
const DIRS: [&str; 6] = [
    "a::/a",
    "a::/a::ro",
    "b::/b",
    "b::/b::ro",
    "a::/b",
    "/srv::/srv::ro",
];

/// A request that owns its text.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Peer(&'static str, &'static str, Option<&'static str>, Relation),
    Spawn(&'static str),
    Storage(&'static str, Access),
    OpenDir(PathBuf, &'static str, Access),
    Env(&'static str),
    Connect(SocketAddr, Protocol),
    Bind(SocketAddr, Protocol),
    Listen(SocketAddr),
    ResolveName(&'static str),
    HostFunction(&'static str),
    Plain(&'static str),
}

impl Asked {
    pub(crate) fn request(&self) -> Request<'_> {
        match self {
            Asked::Peer(how, component, name, relation) => {
                let to = Peer {
                    pid: 7,
                    name: *name,
                    component,
                    relation: *relation,
                };
                match *how {
                    "send" => Request::Send { to },
                    "link" => Request::Link { to },
                    "signal" => Request::Signal { to },
                    _ => Request::ProcessControl { to },
                }
            }
            Asked::Spawn(component) => Request::Spawn { component },
            Asked::Storage(bucket, access) => Request::Storage {
                bucket,
                key: "k",
                access: *access,
            },
            Asked::OpenDir(host, guest, access) => Request::OpenDir {
                host,
                guest,
                access: *access,
            },
            Asked::Env(name) => Request::Env { name },
            Asked::Connect(addr, proto) => Request::Connect {
                addr: *addr,
                proto: *proto,
                names: &[],
            },
            Asked::Bind(addr, proto) => Request::Bind {
                addr: *addr,
                proto: *proto,
            },
            Asked::Listen(addr) => Request::Listen { addr: *addr },
            Asked::ResolveName(name) => Request::ResolveName { name },
            Asked::HostFunction(name) => Request::HostFunction { name },
            Asked::Plain("load") => Request::Load,
            Asked::Plain("stdio") => Request::Stdio,
            Asked::Plain(_) => Request::ListProcesses,
        }
    }

    /// Whether it is open to every process: see the table in the tests of `decide`.
    pub(crate) fn is_about_a_relative(&self) -> bool {
        let Asked::Peer(how, _, _, relation) = self else {
            return false;
        };
        match relation {
            Relation::Own | Relation::Child => true,
            Relation::Parent => matches!(*how, "send" | "link"),
            Relation::Descendant => *how != "link",
            Relation::Other => false,
        }
    }
}

/// Every variant of `Request`.
pub(crate) fn asked() -> impl Strategy<Value = Asked> {
    let relations = [
        Relation::Own,
        Relation::Child,
        Relation::Parent,
        Relation::Descendant,
        Relation::Other,
        Relation::Other,
    ];
    let peer = (
        select(&["send", "link", "signal", "control"]),
        select(&NAMES),
        option::of(select(&NAMES)),
        select(relations.to_vec()),
    );
    let access = || select(vec![Access::Read, Access::Write]);
    let proto = || select(vec![Protocol::Tcp, Protocol::Udp]);
    prop_oneof![
        3 => peer.prop_map(|(how, component, name, relation)| Asked::Peer(how, component, name, relation)),
        1 => select(&NAMES).prop_map(Asked::Spawn),
        2 => (select(&BUCKETS), access()).prop_map(|(bucket, access)| Asked::Storage(bucket, access)),
        2 => (select(&["a", "b", "/srv"]), select(&["/a", "/b", "/srv"]), access()).prop_map(|(host, guest, access)| Asked::OpenDir(host.into(), guest, access)),
        1 => select(&VARIABLES).prop_map(Asked::Env),
        4 => (addr(), proto()).prop_map(|(addr, proto)| Asked::Connect(addr, proto)),
        1 => (addr(), proto()).prop_map(|(addr, proto)| Asked::Bind(addr, proto)),
        1 => addr().prop_map(Asked::Listen),
        1 => select(&["example.com", "10.1.2.3", "127.0.0.1", "::1"]).prop_map(Asked::ResolveName),
        1 => select(&NAMES).prop_map(Asked::HostFunction),
        1 => select(&["load", "stdio", "list"]).prop_map(Asked::Plain),
    ]
}

pub(crate) fn addr() -> impl Strategy<Value = SocketAddr> {
    let pool = select(&ADDRESSES).prop_map(|text| text.parse::<IpAddr>().unwrap());
    let any_v4 = any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
    let any_v6 = any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)));
    let mapped =
        any::<u32>().prop_map(|bits| IpAddr::V6(Ipv4Addr::from_bits(bits).to_ipv6_mapped()));
    let ip = prop_oneof![6 => pool, 1 => any_v4, 1 => any_v6, 1 => mapped];
    (ip, prop_oneof![select(&PORTS), Just(0), any::<u16>()])
        .prop_map(|(ip, port)| SocketAddr::new(ip, port))
}

pub(crate) fn net_rule() -> impl Strategy<Value = NetRule> {
    let range = (addr(), 0..=128u8).prop_map(|(addr, prefix)| range_around(addr.ip(), prefix));
    let single = addr().prop_map(|addr| range_around(addr.ip(), 128));
    let host = prop_oneof![
        Just(NetHost::Public),
        range.prop_map(NetHost::Range),
        single.prop_map(NetHost::Range)
    ];
    let ports = prop_oneof![
        Just(PortRange::ALL),
        (select(&PORTS), select(&PORTS))
            .prop_map(|(a, b)| PortRange::new(a.min(b), a.max(b)).unwrap())
    ];
    (host, ports).prop_filter_map(
        "a rule for the unspecified address alone cannot be written",
        |(host, ports)| {
            let rule = NetRule::new(host, ports);
            let NetHost::Range(range) = rule.host() else {
                return Some(rule);
            };
            let is_nobody =
                range.network().is_unspecified() && *range == Cidr::single(range.network());
            (!is_nobody).then_some(rule)
        },
    )
}

/// The range of that prefix length around an address.
fn range_around(ip: IpAddr, prefix: u8) -> Cidr {
    match ip {
        IpAddr::V4(v4) => {
            let prefix = prefix.min(32);
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            Cidr::new(IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask)), prefix).unwrap()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            Cidr::new(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask)), prefix).unwrap()
        }
    }
}

pub(crate) fn env_text() -> impl Strategy<Value = String> {
    (select(&VARIABLES), any::<bool>())
        .prop_map(|(name, prefix)| format!("{name}{}", if prefix { "*" } else { "" }))
}

pub(crate) fn bucket_text() -> impl Strategy<Value = String> {
    let starred = (select(&BUCKETS), any::<bool>())
        .prop_map(|(name, prefix)| format!("{name}{}", if prefix { "*" } else { "" }));
    prop_oneof![4 => starred, 1 => Just("*".to_owned())]
}

pub(crate) fn dir() -> impl Strategy<Value = DirGrant> {
    select(&DIRS).prop_map(|text| text.parse().unwrap())
}

pub(crate) fn buckets() -> impl Strategy<Value = BucketSet> {
    let listed = prop::collection::vec(bucket_text(), 0..3).prop_map(|texts| {
        BucketSet::Listed(texts.iter().map(|text| text.parse().unwrap()).collect())
    });
    prop_oneof![Just(BucketSet::Nothing), Just(BucketSet::Every), listed]
}

fn limits() -> impl Strategy<Value = Limits> {
    let time = || option::of((1..4u64).prop_map(Duration::from_secs));
    (1..4u64, time(), time(), 0..3u32).prop_map(|(mb, cpu, timeout, n_processes)| Limits {
        max_memory_bytes: mb << 20,
        max_cpu: cpu,
        timeout,
        max_processes: n_processes,
        ..Limits::sandboxed()
    })
}

/// Each grant is nothing, something or everything, so that some profiles cover others.
pub(crate) fn profile() -> impl Strategy<Value = Profile> {
    let network = prop_oneof![
        2 => Just(NetGrant::Off),
        1 => Just(NetGrant::public()),
        1 => prop::collection::vec(net_rule(), 0..3).prop_map(NetGrant::Rules)
    ];
    let spawn = prop_oneof![
        2 => Just(SpawnGrant::Nobody),
        1 => Just(SpawnGrant::Anyone),
        1 => subsequence(NAMES.to_vec(), 0..4).prop_map(SpawnGrant::listed)
    ];
    let send = prop_oneof![
        2 => Just(SendGrant::Anyone),
        1 => subsequence(NAMES.to_vec(), 0..4).prop_map(SendGrant::listed)
    ];
    let storage = prop_oneof![
        2 => Just(KvGrant::default()),
        1 => Just(KvGrant::every()),
        1 => (buckets(), buckets()).prop_map(|(read, write)| KvGrant { read, write })
    ];
    let env = prop::collection::vec(env_text(), 0..2);
    let dirs = prop_oneof![2 => Just(None), 1 => dir().prop_map(Some)];
    let switches = (any::<bool>(), any::<bool>(), any::<bool>());
    (network, spawn, send, storage, env, dirs, switches, limits()).prop_map(
        |(network, spawn, send, storage, env, dir, (control, load, stdio), limits)| {
            let mut builder = Profile::builder("p")
                .network(network)
                .spawn(spawn)
                .send(send)
                .storage(storage)
                .limits(limits);
            builder = env
                .iter()
                .fold(builder, |builder, text| builder.env(text.parse().unwrap()));
            builder = dir.into_iter().fold(builder, ProfileBuilder::dir);
            builder = if control {
                builder.allow_process_control()
            } else {
                builder
            };
            builder = if load { builder.allow_load() } else { builder };
            builder = if stdio {
                builder.allow_stdio()
            } else {
                builder
            };
            builder.build().unwrap()
        },
    )
}

pub(crate) fn restrictions() -> impl Strategy<Value = Restrictions> {
    let names = Permission::ALL
        .map(|permission| permission.name().to_owned())
        .to_vec();
    let revoke = subsequence(names, 0..4);
    (
        revoke,
        option::of(0..4u32),
        option::of(0..4000u64),
        option::of(0..4000u64),
    )
        .prop_map(
            |(revoke, max_memory_mb, max_cpu_ms, timeout_ms)| Restrictions {
                revoke,
                max_memory_mb,
                max_cpu_ms,
                timeout_ms,
            },
        )
}

/// Two profiles that differ in few grants, so that one often covers the other.
pub(crate) fn kin() -> impl Strategy<Value = (Profile, Profile)> {
    let shared = prop::array::uniform10(prop::bool::weighted(0.8));
    (profile(), profile(), shared).prop_map(|(first, other, shared)| {
        let [
            network,
            spawn,
            send,
            storage,
            control,
            load,
            stdio,
            env,
            dirs,
            limits,
        ] = shared.map(|shared| if shared { &first } else { &other });
        let mut builder = Profile::builder("kin")
            .network(network.network().clone())
            .spawn(spawn.spawn().clone())
            .send(send.send().clone())
            .storage(storage.storage().clone())
            .limits(limits.limits().clone());
        builder = env.env().iter().cloned().fold(builder, ProfileBuilder::env);
        builder = dirs
            .dirs()
            .iter()
            .cloned()
            .fold(builder, ProfileBuilder::dir);
        builder = if control.process_control() {
            builder.allow_process_control()
        } else {
            builder
        };
        builder = if load.load() {
            builder.allow_load()
        } else {
            builder
        };
        builder = if stdio.stdio() {
            builder.allow_stdio()
        } else {
            builder
        };
        let kin = builder.build().unwrap();
        (first, kin)
    })
}
