//! What a profile allows instead of a request, in words.

use std::net::SocketAddr;

use crate::escape::quoted;
use crate::grant::{listed, reserved_kind};
use crate::{BucketSet, NetHost, NetRule, Permission, Profile, Request, SendGrant, SpawnGrant};

/// What the profile allows instead, as it stands behind "allows".
pub(super) fn held(profile: &Profile, request: &Request<'_>) -> String {
    match request.permission() {
        Permission::Network => format!("{}{}", profile.network(), why_not(profile, request)),
        Permission::Listen => profile.listen().to_string(),
        Permission::Spawn => match profile.spawn() {
            SpawnGrant::Listed(names) if !names.is_empty() => {
                listed(names.iter().map(|name| quoted(name)))
            }
            SpawnGrant::Listed(_) | SpawnGrant::Nobody | SpawnGrant::Anyone => {
                "no spawning".to_owned()
            }
        },
        Permission::Storage => held_storage(profile),
        Permission::ProcessControl => "no process control".to_owned(),
        Permission::Send => match profile.send() {
            SendGrant::Listed(names) if !names.is_empty() => {
                listed(names.iter().map(|name| quoted(name)))
            }
            SendGrant::Listed(_) | SendGrant::Anyone => "no sending, but to relatives".to_owned(),
        },
        Permission::Load => "no loading".to_owned(),
        Permission::Stdio => "no stdio".to_owned(),
        Permission::Env if profile.env().is_empty() => "no environment".to_owned(),
        Permission::Env => listed(profile.env().iter()),
        Permission::Files if profile.dirs().is_empty() => "no files".to_owned(),
        Permission::Files => listed(profile.dirs().iter()),
        Permission::HostFunctions => profile.host_functions().to_string(),
    }
}

/// Why rules that seem to allow a connection do not; empty if none seems to.
fn why_not(profile: &Profile, request: &Request<'_>) -> String {
    let Some(addr) = dialled(request).filter(|_| !profile.network().is_empty()) else {
        return String::new();
    };
    let ip = addr.ip();
    if let Some(kind) = reserved_kind(ip) {
        return format!(", and {ip} is {kind}, which only a rule that names it opens");
    }
    let by_name = |rule: &NetRule| {
        matches!(rule.host(), NetHost::Name(_)) && rule.ports().contains(addr.port())
    };
    let was_looked_up = matches!(request, Request::Connect { names, .. } if !names.is_empty());
    if !was_looked_up && profile.network().rules().iter().any(by_name) {
        return format!(", and {ip} was not looked up by such a name");
    }
    String::new()
}

/// The address that a request of the network is about.
fn dialled(request: &Request<'_>) -> Option<SocketAddr> {
    if let Request::Connect { addr, .. } = request {
        return Some(*addr);
    }
    let (literal, port) = if let Request::ConnectName { name, port } = request {
        (name, *port)
    } else if let Request::ResolveName { name } = request {
        (name, 0)
    } else {
        return None;
    };
    Some(SocketAddr::new(literal.parse().ok()?, port))
}

fn held_storage(profile: &Profile) -> String {
    let part = |verb: &str, set: &BucketSet| (!set.is_empty()).then(|| format!("{verb} {set}"));
    match (
        part("reading", &profile.storage().read),
        part("writing", &profile.storage().write),
    ) {
        (None, None) => "no storage".to_owned(),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(read), Some(write)) => format!("{read} and {write}"),
    }
}
