//! An allowed check allocates nothing: it stands in the path of every message.

use std::sync::Arc;

use rusm_caps::*;

fn guard(profile: Profile) -> Guard {
    Guard::new(
        Arc::new(profile),
        Subject::new("api", 12, "<0.7.12>"),
        Arc::new(RecordingSink::denials()),
    )
}

/// Every kind of request that a profile can allow, checked without touching the heap.
#[test]
fn an_allowed_check_allocates_nothing() {
    let profile = Profile::trusted()
        .to_builder("all")
        .send(SendGrant::listed(["ledger"]))
        .spawn(SpawnGrant::listed(["worker"]))
        .network(NetGrant::Rules(vec![
            "10.0.0.0/8:5432".parse().unwrap(),
            "public".parse().unwrap(),
        ]))
        .env("APP_*".parse().unwrap())
        .dir("data::/data".parse().unwrap())
        .allow_load()
        .build()
        .unwrap();
    let guard = guard(profile);
    let to = Peer {
        pid: 9,
        name: Some("ledger"),
        component: "bank",
        relation: Relation::Other,
    };
    let requests = [
        Request::Send { to },
        Request::Link { to },
        Request::Signal { to },
        Request::ProcessControl { to },
        Request::ListProcesses,
        Request::Spawn {
            component: "worker",
        },
        Request::Load,
        Request::Storage {
            bucket: "orders",
            key: "k",
            access: Access::Write,
        },
        Request::OpenDir {
            host: "data".as_ref(),
            guest: "/data",
            access: Access::Write,
        },
        Request::Env { name: "APP_X" },
        Request::Connect {
            addr: "10.1.1.1:5432".parse().unwrap(),
            proto: Protocol::Tcp,
            names: &[],
        },
        Request::Connect {
            addr: "[2606:4700::1]:53".parse().unwrap(),
            proto: Protocol::Udp,
            names: &[],
        },
        Request::Bind {
            addr: "0.0.0.0:0".parse().unwrap(),
            proto: Protocol::Udp,
        },
        Request::ResolveName {
            name: "example.com",
        },
        Request::Stdio,
    ];
    for request in requests {
        let used = allocation_counter::measure(|| {
            assert!(guard.check(request, 7).is_ok(), "{request:?}");
        });
        assert_eq!(used.count_total, 0, "{request:?}");
    }
}

/// The measure itself works: a denial does allocate.
#[test]
fn a_denial_is_allowed_to_allocate() {
    let guard = guard(Profile::sandboxed());
    let used = allocation_counter::measure(|| {
        assert!(guard.check(Request::Stdio, ()).is_err());
    });
    assert!(used.count_total > 0);
}
