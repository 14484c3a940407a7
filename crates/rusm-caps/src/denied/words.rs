//! A request in words: what it would have done, and to what. Fit for printing.

use std::net::{IpAddr, SocketAddr};

use crate::escape::quoted;
use crate::{Access, Obstacle, Peer, Protocol, Request};

/// What a request would have done, as it stands behind "may".
pub(crate) fn deed(request: &Request<'_>) -> String {
    let target = target(request);
    match request {
        Request::Send { .. } => format!("send to {target}"),
        Request::Link { .. } => format!("link to {target}"),
        Request::Signal { .. } => format!("send an exit signal to {target}"),
        Request::Spawn { .. } => format!("spawn {target}"),
        Request::Load => "load code".to_owned(),
        Request::ProcessControl { .. } => format!("control {target}"),
        Request::ListProcesses => "list processes".to_owned(),
        Request::Storage { key, access, .. } => {
            let access = match access {
                Access::Read => "read",
                Access::Write => "write to",
            };
            let key = if key.is_empty() {
                String::new()
            } else {
                format!(" (key {})", quoted(key))
            };
            format!("{access} the bucket {target}{key}")
        }
        Request::OpenDir { guest, access, .. } => {
            let access = match access {
                Access::Read => "reading",
                Access::Write => "writing",
            };
            format!("open {target} as {} for {access}", quoted(guest))
        }
        Request::Beneath { obstacle, .. } => match obstacle {
            Obstacle::ReadOnly => format!("change {target}, which is for reading only"),
            Obstacle::LeadsOut => format!("use {target}, which leads out of the folder"),
            Obstacle::GivenUp => format!("use {target}"),
        },
        Request::Env { .. } => format!("see the environment variable {target}"),
        Request::Connect { addr, proto, names } => {
            let at = match names.first() {
                Some(_) => format!(" at {}", addr.ip()),
                None => String::new(),
            };
            match proto {
                Protocol::Tcp => format!("connect to {target}{at}"),
                Protocol::Udp => format!("exchange datagrams with {target}{at}"),
            }
        }
        Request::ConnectName { .. } => format!("connect to {target}"),
        Request::Bind { addr, .. } if addr.port() == 0 => "open a socket".to_owned(),
        Request::Bind { .. } => format!("bind to {target}"),
        Request::Listen { .. } => format!("listen on {target}"),
        Request::ResolveName { .. } => format!("look up {target}"),
        Request::Stdio => "use the terminal".to_owned(),
        Request::HostFunction { .. } => format!("call the host function {target}"),
    }
}

/// The thing that a request is about, fit for printing.
pub(crate) fn target(request: &Request<'_>) -> String {
    match request {
        Request::Send { to }
        | Request::Link { to }
        | Request::Signal { to }
        | Request::ProcessControl { to } => quoted(addressed(to)),
        Request::Spawn { component } => quoted(component),
        Request::Load => "code".to_owned(),
        Request::ListProcesses => "processes".to_owned(),
        Request::Storage { bucket, .. } => quoted(bucket),
        Request::OpenDir { host, .. } => quoted(&host.display().to_string()),
        Request::Beneath { folder, path, .. } => beneath(folder, path),
        Request::Env { name } | Request::ResolveName { name } | Request::HostFunction { name } => {
            quoted(name)
        }
        Request::Connect { addr, names, .. } => match names.first() {
            Some(name) => with_port(name, addr.port()),
            None => addr.to_string(),
        },
        Request::Bind { addr, .. } | Request::Listen { addr } => addr.to_string(),
        Request::ConnectName { name, port } => with_port(name, *port),
        Request::Stdio => "terminal".to_owned(),
    }
}

/// `/data/in/x`: a path as it was given, behind its folder if it begins there.
fn beneath(folder: &str, path: &str) -> String {
    match (folder, path) {
        ("", "") => "an open file".to_owned(),
        ("", text) | (text, "") => quoted(text),
        (_, path) if path.starts_with('/') => quoted(path),
        (folder, path) => quoted(&format!("{}/{path}", folder.trim_end_matches('/'))),
    }
}

/// `db.example:5432`; an address with colons of its own in brackets.
fn with_port(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(ip) => SocketAddr::new(ip, port).to_string(),
        Err(_) => quoted(&format!("{host}:{port}")),
    }
}

pub(super) fn addressed<'a>(peer: &Peer<'a>) -> &'a str {
    peer.name.unwrap_or(peer.component)
}
