//! The requests that a query is about, as far as it names them.
//!
//! `permissions.query` speaks in text, decision functions of requests. A query without a target, where the permission has
//! targets, asks for no request in particular and is left to the profile; so is an address without a port.

use std::net::SocketAddr;
use std::path::Path;

use crate::{Access, Peer, Permission, Profile, Protocol, Relation, Request};

/// Whether `ask` says yes to each request that the query stands for.
pub(super) fn all(
    profile: &Profile,
    permission: Permission,
    target: Option<&str>,
    ask: impl Fn(Request<'_>) -> bool,
) -> bool {
    match (permission, target) {
        // Held for everything, or not at all.
        (Permission::Load, _) => ask(Request::Load),
        (Permission::Stdio, _) => ask(Request::Stdio),
        (Permission::ProcessControl, _) => ask(Request::ListProcesses),
        (_, None) => true,
        (Permission::Network, Some(target)) => network(target, ask),
        (Permission::Listen, Some(target)) => {
            socket_addr(target, |addr| ask(Request::Listen { addr }))
        }
        (Permission::Spawn, Some(component)) => ask(Request::Spawn { component }),
        (Permission::Send, Some(name)) => ask(Request::Send { to: called(name) }),
        (Permission::Env, Some(name)) => ask(Request::Env { name }),
        (Permission::HostFunctions, Some(name)) => ask(Request::HostFunction { name }),
        (Permission::Storage, Some(target)) => storage(target, ask),
        (Permission::Files, Some(path)) => files(profile, path, ask),
    }
}

/// An address with its port would be connected to; a name would be looked up, and with a port be connected to as well.
/// A bare address is no request.
fn network(target: &str, ask: impl Fn(Request<'_>) -> bool) -> bool {
    if target.parse::<SocketAddr>().is_ok() {
        let (proto, names) = (Protocol::Tcp, &[]);
        return socket_addr(target, |addr| ask(Request::Connect { addr, proto, names }));
    }
    let bare = target.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let parted = target.rsplit_once(':');
    let port = parted.and_then(|(name, port)| Some((name, port.parse().ok()?)));
    match port {
        Some((name, port)) => {
            ask(Request::ResolveName { name }) && ask(Request::ConnectName { name, port })
        }
        None => ask(Request::ResolveName { name: target }),
    }
}

fn socket_addr(target: &str, ask: impl Fn(SocketAddr) -> bool) -> bool {
    target.parse().map_or(true, ask)
}

fn called(name: &str) -> Peer<'_> {
    Peer {
        pid: 0,
        name: Some(name),
        component: name,
        relation: Relation::Other,
    }
}

/// `read:BUCKET`, `write:BUCKET`, or `BUCKET` for both.
fn storage(target: &str, ask: impl Fn(Request<'_>) -> bool) -> bool {
    let key = "";
    let may = |bucket, access| {
        ask(Request::Storage {
            bucket,
            key,
            access,
        })
    };
    if let Some(bucket) = target.strip_prefix("read:") {
        may(bucket, Access::Read)
    } else if let Some(bucket) = target.strip_prefix("write:") {
        may(bucket, Access::Write)
    } else {
        may(target, Access::Read) && may(target, Access::Write)
    }
}

/// The folder that the path lies in would be opened as it is granted.
fn files(profile: &Profile, path: &str, ask: impl Fn(Request<'_>) -> bool) -> bool {
    let around = profile
        .dirs()
        .iter()
        .filter(|dir| Path::new(path).starts_with(dir.guest()));
    // A guest uses the innermost folder that the path lies in.
    let innermost = around.max_by_key(|dir| dir.guest().len());
    innermost.is_none_or(|dir| {
        ask(Request::OpenDir {
            host: dir.host(),
            guest: dir.guest(),
            access: if dir.is_read_only() {
                Access::Read
            } else {
                Access::Write
            },
        })
    })
}
