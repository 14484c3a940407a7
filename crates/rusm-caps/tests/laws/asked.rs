//! Every kind of request, from the pools of `arbitrary`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rusm_caps::*;

use crate::arbitrary::{BUCKETS, HOSTS, NAMES, PORTS, VARIABLES, addr, function_text};

/// A request that owns its text.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Peer(&'static str, &'static str, Option<&'static str>, Relation),
    Spawn(&'static str),
    Storage(&'static str, Access),
    OpenDir(PathBuf, &'static str, Access),
    Beneath(&'static str, Obstacle),
    Env(&'static str),
    Connect(SocketAddr, Protocol, Vec<Arc<str>>),
    ConnectName(&'static str, u16),
    Bind(SocketAddr, Protocol),
    Listen(SocketAddr),
    ResolveName(&'static str),
    HostFunction(String),
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
            Asked::Beneath(folder, obstacle) => Request::Beneath {
                folder,
                path: "x",
                obstacle: *obstacle,
            },
            Asked::Env(name) => Request::Env { name },
            Asked::Connect(addr, proto, names) => Request::Connect {
                addr: *addr,
                proto: *proto,
                names,
            },
            Asked::ConnectName(name, port) => Request::ConnectName { name, port: *port },
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

impl Asked {
    /// The permission and the target under which a guest would query for the same. None where it
    /// cannot say as much: of a relative, of a look-up, of a folder of the host.
    pub(crate) fn queried(&self) -> Option<(&'static str, String)> {
        Some(match self {
            Asked::Peer("send", component, name, Relation::Other) if *name == Some(component) => {
                ("send", (*component).to_owned())
            }
            Asked::Connect(addr, _, names) if names.is_empty() => ("network", addr.to_string()),
            Asked::ConnectName(name, port) => match name.parse() {
                Ok(ip) => ("network", SocketAddr::new(ip, *port).to_string()),
                Err(_) => ("network", format!("{name}:{port}")),
            },
            Asked::ResolveName(name) => ("network", (*name).to_owned()),
            Asked::Bind(addr, _) if addr.port() != 0 => ("listen", addr.to_string()),
            Asked::Listen(addr) => ("listen", addr.to_string()),
            Asked::Spawn(component) => ("spawn", (*component).to_owned()),
            Asked::Storage(bucket, Access::Read) => ("storage", format!("read:{bucket}")),
            Asked::Storage(bucket, Access::Write) => ("storage", format!("write:{bucket}")),
            Asked::Env(name) => ("env", (*name).to_owned()),
            Asked::HostFunction(name) => ("host-functions", name.clone()),
            Asked::Plain("list") => ("process-control", "any".to_owned()),
            Asked::Plain(name) => (name, "any".to_owned()),
            Asked::Peer(..)
            | Asked::OpenDir(..)
            | Asked::Beneath(..)
            | Asked::Connect(..)
            | Asked::Bind(..) => return None,
        })
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
    let names = subsequence(HOSTS.to_vec(), 0..3)
        .prop_map(|names| names.into_iter().map(Arc::from).collect());
    prop_oneof![
        3 => peer.prop_map(|(how, component, name, relation)| Asked::Peer(how, component, name, relation)),
        1 => select(&NAMES).prop_map(Asked::Spawn),
        2 => (select(&BUCKETS), access()).prop_map(|(bucket, access)| Asked::Storage(bucket, access)),
        2 => (select(&["a", "b", "/srv"]), select(&["/a", "/b", "/srv"]), access()).prop_map(|(host, guest, access)| Asked::OpenDir(host.into(), guest, access)),
        1 => (select(&["/a", "/b", ""]), select(vec![Obstacle::ReadOnly, Obstacle::LeadsOut, Obstacle::GivenUp])).prop_map(|(folder, obstacle)| Asked::Beneath(folder, obstacle)),
        1 => select(&VARIABLES).prop_map(Asked::Env),
        4 => (addr(), proto(), names).prop_map(|(addr, proto, names)| Asked::Connect(addr, proto, names)),
        2 => (select(&HOSTS), select(&PORTS)).prop_map(|(name, port)| Asked::ConnectName(name, port)),
        1 => (addr(), proto()).prop_map(|(addr, proto)| Asked::Bind(addr, proto)),
        1 => addr().prop_map(Asked::Listen),
        2 => select(&HOSTS).prop_map(Asked::ResolveName),
        1 => function_text().prop_map(Asked::HostFunction),
        1 => select(&["load", "stdio", "list"]).prop_map(Asked::Plain),
    ]
}
