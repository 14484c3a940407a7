//! Arbitrary profiles and requests, from small pools.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rusm_caps::*;

pub(crate) const NAMES: [&str; 4] = ["api", "worker", "ledger", "web"];
pub(crate) const BUCKETS: [&str; 5] = ["config", "orders", "orders-1", "orders-2", "o"];
pub(crate) const VARIABLES: [&str; 4] = ["HOME", "APP_A", "APP_AB", "APP"];
pub(crate) const PORTS: [u16; 5] = [1, 80, 443, 444, 65535];
pub(crate) const HOSTS: [&str; 9] = [
    "example.com",
    "api.example.com",
    "A.API.Example.com.",
    "localhost",
    "a.localhost",
    "example.org",
    "10.1.2.3",
    "127.0.0.1",
    "::1",
];
const PATTERNS: [&str; 7] = [
    "example.com",
    "*.example.com",
    "*.api.example.com",
    "*.com",
    "api.example.com",
    "localhost",
    "*.localhost",
];
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
    let name = select(&PATTERNS).prop_map(|text| text.parse::<NetRule>().unwrap().host().clone());
    let host = prop_oneof![
        Just(NetHost::Public),
        range.prop_map(NetHost::Range),
        single.prop_map(NetHost::Range),
        name,
    ];
    (host, ports()).prop_filter_map(
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

fn ports() -> impl Strategy<Value = PortRange> {
    prop_oneof![
        Just(PortRange::ALL),
        (select(&PORTS), select(&PORTS))
            .prop_map(|(a, b)| PortRange::new(a.min(b), a.max(b)).unwrap())
    ]
}

pub(crate) fn listen_rule() -> impl Strategy<Value = ListenRule> {
    let prefix = prop_oneof![Just(128), 0..=128u8];
    (addr(), prefix, ports())
        .prop_map(|(addr, prefix, ports)| ListenRule::new(range_around(addr.ip(), prefix), ports))
}

pub(crate) fn listen() -> impl Strategy<Value = ListenGrant> {
    prop_oneof![
        2 => Just(ListenGrant::Off),
        1 => Just(ListenGrant::Anywhere),
        1 => prop::collection::vec(listen_rule(), 0..3).prop_map(ListenGrant::Rules)
    ]
}

pub(crate) fn function_text() -> impl Strategy<Value = String> {
    let version = select(vec!["", "@1.0.0", "@1.1.0"]);
    let function = select(vec!["", "#pay", "#refund"]);
    (select(vec!["a:b/c", "a:b/d"]), version, function)
        .prop_map(|(interface, version, function)| format!("{interface}{version}{function}"))
}

fn host_functions() -> impl Strategy<Value = HostFunctionGrant> {
    prop::collection::vec(function_text(), 0..3)
        .prop_map(|names| HostFunctionGrant::listed(names.iter().map(|text| text.parse().unwrap())))
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
    let counts = prop::array::uniform4(0..3u32);
    let sizes = prop::array::uniform4(1..3u64);
    (1..4u64, time(), time(), time(), counts, sizes).prop_map(
        |(mb, cpu, slice, timeout, counts, sizes)| {
            let [max_processes, max_handles, max_timers, max_table_elements] = counts;
            let [body, random, call, output] = sizes;
            Limits {
                max_memory_bytes: mb << 20,
                max_cpu: cpu,
                max_slice: slice,
                timeout,
                max_output_bytes: output,
                max_processes,
                max_handles,
                max_timers,
                max_table_elements,
                max_body_bytes: body << 20,
                max_random_bytes: random << 20,
                max_call_bytes: call << 20,
                ..Limits::sandboxed()
            }
        },
    )
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
    let lately = (listen(), host_functions());
    (
        network,
        spawn,
        send,
        storage,
        env,
        dirs,
        switches,
        limits(),
        lately,
    )
        .prop_map(
            |(network, spawn, send, storage, env, dir, (control, load, stdio), limits, lately)| {
                let mut builder = Profile::builder("p")
                    .network(network)
                    .listen(lately.0)
                    .host_functions(lately.1)
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
    let shared = prop::array::uniform12(prop::bool::weighted(0.8));
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
            listen,
            functions,
        ] = shared.map(|shared| if shared { &first } else { &other });
        let mut builder = Profile::builder("kin")
            .network(network.network().clone())
            .listen(listen.listen().clone())
            .host_functions(functions.host_functions().clone())
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
