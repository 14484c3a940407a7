//! The price of a question to the reference monitor that is answered yes: what every effect of every guest pays.
//!
//! `common` profiles hold what an ordinary manifest grants; `worst` ones hold 64 entries of everything, as alike as names can be, and are
//! asked for what the last of them opens. Neither allocates; a test of rusm-caps sees to that.

use crate::figure::{Benchmark, timed};
use rusm_caps::*;
use std::hint::black_box;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

const CHECKS: u64 = 1_000_000;
/// Entries of each grant of the worst profile.
const ENTRIES: usize = 64;
/// Names that a process was told one address for.
const NAMES: usize = 8;

pub(crate) fn all() -> Vec<Benchmark> {
    let (common, worst) = (guard(common()), guard(worst()));
    let last = ENTRIES - 1;
    let names: Vec<Arc<str>> = (0..NAMES)
        .map(|nth| host(ENTRIES - NAMES + nth).into())
        .collect();
    // What lives as long as the program needs no owner in each benchmark.
    let names: &'static [Arc<str>] = Vec::leak(names);
    let text = |text: String| -> &'static str { String::leak(text) };
    let to = |name| Peer {
        pid: 9,
        name: Some(name),
        component: "bank",
        relation: Relation::Other,
    };
    let connect = |addr: &str, names| Request::Connect {
        addr: addr.parse::<SocketAddr>().expect("it is an address"),
        proto: Protocol::Tcp,
        names,
    };
    let write = |bucket| Request::Storage {
        bucket,
        key: "k",
        access: Access::Write,
    };
    let rows: [(&'static str, &Guard, Request<'static>); 13] = [
        (
            "check_common_send",
            &common,
            Request::Send { to: to("ledger") },
        ),
        ("check_common_storage", &common, write("orders-2026")),
        (
            "check_common_env",
            &common,
            Request::Env { name: "APP_COLOUR" },
        ),
        ("check_common_connect", &common, connect("8.8.8.8:443", &[])),
        (
            "check_worst_send",
            &worst,
            Request::Send {
                to: to(text(entry(last))),
            },
        ),
        (
            "check_worst_spawn",
            &worst,
            Request::Spawn {
                component: text(entry(last)),
            },
        ),
        ("check_worst_storage", &worst, write(text(entry(last)))),
        (
            "check_worst_env",
            &worst,
            Request::Env {
                name: text(entry(last)),
            },
        ),
        (
            "check_worst_open_dir",
            &worst,
            Request::OpenDir {
                host: Path::new(text(format!("data/{}", entry(last)))),
                guest: text(format!("/{}", entry(last))),
                access: Access::Write,
            },
        ),
        (
            "check_worst_host_function",
            &worst,
            Request::HostFunction {
                name: text(function(last) + "@1.2.3#pay"),
            },
        ),
        (
            "check_worst_resolve",
            &worst,
            Request::ResolveName {
                name: text(host(last)),
            },
        ),
        (
            "check_worst_connect_name",
            &worst,
            connect("[2a00:1450:4001::1]:8443", names),
        ),
        (
            "check_worst_connect_range",
            &worst,
            connect("[fd00:0:0:3f::1]:8443", names),
        ),
    ];
    rows.into_iter()
        .map(|(name, guard, request)| each(name, guard.clone(), request))
        .collect()
}

fn each(name: &'static str, guard: Guard, request: Request<'static>) -> Benchmark {
    Benchmark::nanoseconds(name, move || {
        timed(CHECKS, || {
            for _ in 0..CHECKS {
                let permit = guard.check(black_box(request), ());
                assert!(permit.is_ok(), "{name} is allowed");
            }
        })
    })
}

fn guard(builder: ProfileBuilder) -> Guard {
    let profile = builder.build().expect("its grants go together");
    Guard::new(
        Arc::new(profile),
        Subject::new("api", 12, "<0.7.12>"),
        Arc::new(RecordingSink::denials()),
    )
}

fn common() -> ProfileBuilder {
    Profile::network_client()
        .to_builder("common")
        .send(SendGrant::listed(["ledger", "worker"]))
        .storage(buckets(["config", "orders-*"].map(str::to_owned)))
        .env(read("APP_*"))
}

fn worst() -> ProfileBuilder {
    let every = || 0..ENTRIES;
    let names = every().map(|nth| match nth % 2 {
        0 => host(nth),
        _ => format!("*.{}", domain(nth)),
    });
    let ranges = every().map(|nth| format!("[fd00:0:0:{nth:x}::]/64"));
    let rules = names
        .chain(ranges)
        .map(|host| read(&format!("{host}:8443")));
    let builder = Profile::builder("worst")
        .network(NetGrant::Rules(rules.collect()))
        .send(SendGrant::listed(every().map(entry)))
        .spawn(SpawnGrant::listed(every().map(entry)))
        .storage(buckets(every().map(entry)))
        .host_functions(HostFunctionGrant::listed(
            every().map(|nth| read(&function(nth))),
        ));
    let builder = every().fold(builder, |builder, nth| builder.env(read(&entry(nth))));
    every().fold(builder, |builder, nth| {
        let name = entry(nth);
        builder.dir(read(&format!("data/{name}::/{name}")))
    })
}

/// Names that differ in the middle only, where a comparison finds it late and a length finds nothing.
fn entry(nth: usize) -> String {
    format!("a-rather-long-common-prefix-{nth:02}-and-an-end")
}

fn domain(nth: usize) -> String {
    format!("region-{nth:02}.internal.a-company.example.com")
}

fn host(nth: usize) -> String {
    format!("service-{nth:02}.{}", domain(nth))
}

fn function(nth: usize) -> String {
    format!("a-company:a-package/an-interface-n{nth:02}")
}

fn buckets(patterns: impl IntoIterator<Item = String>) -> KvGrant {
    let patterns = patterns.into_iter().map(|text| read(&text)).collect();
    KvGrant {
        read: BucketSet::Nothing,
        write: BucketSet::Listed(patterns),
    }
}

fn read<T: std::str::FromStr<Err = GrantError>>(text: &str) -> T {
    text.parse().expect("it is well formed")
}
