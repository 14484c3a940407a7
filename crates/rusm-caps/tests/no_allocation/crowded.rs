//! A profile that holds much of everything, and a request for each thing in it.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use rusm_caps::*;

/// What is known to be well formed.
fn read<T: FromStr<Err: Debug>>(text: impl AsRef<str>) -> T {
    text.as_ref().parse().expect("it is well formed")
}

/// A profile with so many entries of everything that an index would be tempting.
pub(crate) fn crowded() -> Profile {
    let every = || 0..64;
    let rules = every().flat_map(|nth| {
        [
            format!("host-{nth}.example.com:5432"),
            format!("*.d{nth}.example.com:5432"),
            format!("10.{nth}.0.0/16:5432"),
        ]
    });
    let rules = rules.chain(["public:53".to_owned()]).map(read);
    let listen = every().map(|nth| read(format!("127.0.0.1:{}", 9000 + nth)));
    let names = || every().map(|nth| format!("name-{nth}"));
    let buckets = || BucketSet::Listed(names().map(read).collect());
    let functions = every().map(|nth| read(format!("acme:billing/n{nth}")));
    let builder = Profile::builder("crowded")
        .send(SendGrant::listed(names()))
        .spawn(SpawnGrant::listed(names()))
        .network(NetGrant::Rules(rules.collect()))
        .listen(ListenGrant::Rules(listen.collect()))
        .host_functions(HostFunctionGrant::listed(functions))
        .storage(KvGrant {
            read: buckets(),
            write: buckets(),
        })
        .allow_process_control()
        .allow_stdio()
        .allow_load();
    let builder = names().fold(builder, |builder, name| builder.env(read(name)));
    let dirs = names().map(|name| read(format!("{name}::/{name}")));
    let built = dirs.fold(builder, ProfileBuilder::dir).build();
    built.expect("its grants go together")
}

/// One request for each kind of permission, by the last entry of its grant. Every variant of
/// `Request` that can be allowed is here: the match below does not compile without it.
pub(crate) fn requests(names: &[Arc<str>]) -> Vec<Request<'_>> {
    let to = Peer {
        pid: 9,
        name: Some("name-63"),
        component: "bank",
        relation: Relation::Other,
    };
    let addr = |text: &str| read::<SocketAddr>(text);
    let connect = |text: &str, proto, names| Request::Connect {
        addr: addr(text),
        proto,
        names,
    };
    let requests = vec![
        Request::Send { to },
        Request::Link { to },
        Request::Signal { to },
        Request::ProcessControl { to },
        Request::ListProcesses,
        Request::Spawn {
            component: "name-63",
        },
        Request::Load,
        Request::Storage {
            bucket: "name-63",
            key: "k",
            access: Access::Write,
        },
        Request::Storage {
            bucket: "name-63",
            key: "k",
            access: Access::Read,
        },
        Request::OpenDir {
            host: "name-63".as_ref(),
            guest: "/name-63",
            access: Access::Write,
        },
        Request::Env { name: "name-63" },
        connect("10.63.1.1:5432", Protocol::Tcp, &[]),
        connect("[::ffff:10.63.1.1]:5432", Protocol::Tcp, &[]),
        connect("[2606:4700::1]:53", Protocol::Udp, &[]),
        connect("8.8.8.8:5432", Protocol::Tcp, names),
        Request::ConnectName {
            name: "A.D63.example.com.",
            port: 5432,
        },
        Request::ResolveName {
            name: "host-63.EXAMPLE.com.",
        },
        Request::ResolveName { name: "10.63.0.1" },
        Request::Bind {
            addr: addr("0.0.0.0:0"),
            proto: Protocol::Udp,
        },
        Request::Bind {
            addr: addr("127.0.0.1:9063"),
            proto: Protocol::Udp,
        },
        Request::Listen {
            addr: addr("127.0.0.1:9063"),
        },
        Request::Stdio,
        Request::HostFunction {
            name: "acme:billing/n63@1.0.0#pay",
        },
    ];
    for request in &requests {
        // A new variant needs a request above.
        match request {
            Request::Send { .. }
            | Request::Link { .. }
            | Request::Signal { .. }
            | Request::Spawn { .. }
            | Request::Load
            | Request::ProcessControl { .. }
            | Request::ListProcesses
            | Request::Storage { .. }
            | Request::OpenDir { .. }
            | Request::Beneath { .. }
            | Request::Env { .. }
            | Request::Connect { .. }
            | Request::ConnectName { .. }
            | Request::Bind { .. }
            | Request::Listen { .. }
            | Request::ResolveName { .. }
            | Request::Stdio
            | Request::HostFunction { .. } => {}
        }
    }
    requests
}
