//! The manifest line that would allow a request.
//!
//! What is asked for is the guest's choice, and the line is there to be pasted. So it never allows
//! more than the request: text that a grant would read as a pattern, or not at all, has no line. A
//! bucket that a guest calls `*` is no advice to open them all.

use std::net::SocketAddr;
use std::sync::Arc;

use super::words::addressed;
use crate::escape::{fits, toml_string};
use crate::{
    Access, BucketPattern, Cidr, EnvGrant, HostFunctionName, ListenRule, NetGrant, NetHost,
    NetRule, Obstacle, PortRange, Profile, Request,
};

type Line = Result<String, &'static str>;

const TOO_LONG: &str = "What was asked for is too long to be shown in full";
const UNWRITABLE: &str = "No grant can be written for that name alone";

/// The manifest line that would allow the request and where it goes; or, as an error, why no line can.
pub(super) fn remedy(profile: &Profile, request: &Request<'_>) -> Line {
    if profile.revoked().contains(&request.permission()) {
        return Err(
            "It was given up or taken away when the process was spawned, and does not come back",
        );
    }
    let line = manifest_line(profile, request)?;
    let name = profile.name();
    if Profile::BUILT_IN.contains(&name) {
        return Ok(format!(
            "{line} in a profile of the manifest that inherits {}",
            toml_string(name)
        ));
    }
    let bare = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let key = if bare {
        name.to_owned()
    } else {
        toml_string(name)
    };
    Ok(format!("{line} under [capabilities.{key}]"))
}

fn manifest_line(profile: &Profile, request: &Request<'_>) -> Line {
    match request {
        Request::Send { to } => one("allow-send", addressed(to)),
        Request::Link { .. }
        | Request::Signal { .. }
        | Request::ProcessControl { .. }
        | Request::ListProcesses => Ok("allow-process-control = true".to_owned()),
        Request::Spawn { component } => one("allow-spawn", component),
        Request::Load => Ok("allow-load = true".to_owned()),
        Request::Storage { bucket, access, .. } => storage(bucket, *access),
        Request::OpenDir {
            host,
            guest,
            access,
        } => preopen(&host.display().to_string(), guest, *access),
        Request::Beneath {
            folder, obstacle, ..
        } => beneath(profile, folder, *obstacle),
        Request::Env { name } => match name.parse::<EnvGrant>() {
            Ok(grant) if grant.exact_name().is_some() => one("env", name),
            Ok(_) | Err(_) => Err(UNWRITABLE),
        },
        Request::Connect { addr, names, .. } => connect(*addr, names),
        Request::ConnectName { name, port } => by_name(name, *port),
        Request::ResolveName { name } => by_name(name, 0),
        Request::Bind { addr, .. } if addr.port() == 0 => Ok("allow-network = true".to_owned()),
        Request::Bind { addr, .. } | Request::Listen { addr } => {
            let rule = ListenRule::new(Cidr::single(addr.ip()), ports_of(addr.port()));
            one("allow-listen", &rule.to_string())
        }
        Request::Stdio => Ok("allow-stdio = true".to_owned()),
        Request::HostFunction { name } => match name.parse::<HostFunctionName>() {
            Ok(_) => one("host-functions", name),
            Err(_) => Err("It is no name of a host function, so no profile can allow it"),
        },
    }
}

/// A list of that one thing.
fn one(key: &str, value: &str) -> Line {
    if fits(value) {
        Ok(format!("{key} = [{}]", toml_string(value)))
    } else {
        Err(TOO_LONG)
    }
}

fn storage(bucket: &str, access: Access) -> Line {
    let is_exact = bucket
        .parse::<BucketPattern>()
        .is_ok_and(|pattern| pattern.exact_name().is_some());
    if !is_exact {
        return Err(UNWRITABLE);
    }
    let verb = match access {
        Access::Read => "read",
        Access::Write => "write",
    };
    Ok(format!("allow-storage = {{ {} }}", one(verb, bucket)?))
}

fn preopen(host: &str, guest: &str, access: Access) -> Line {
    if !fits(host) || !fits(guest) {
        return Err(TOO_LONG);
    }
    let read_only = match access {
        Access::Read => ", read-only = true",
        Access::Write => "",
    };
    Ok(format!(
        "preopen = [{{ host = {}, guest = {}{read_only} }}]",
        toml_string(host),
        toml_string(guest)
    ))
}

/// The folder's own grant, for writing. What lies outside of a folder is not opened through it.
fn beneath(profile: &Profile, folder: &str, obstacle: Obstacle) -> Line {
    match obstacle {
        Obstacle::ReadOnly => match profile.dirs().iter().find(|dir| dir.guest() == folder) {
            Some(dir) => preopen(&dir.host().display().to_string(), folder, Access::Write),
            None => Err("The folder that it lies in would have to be granted for writing"),
        },
        Obstacle::LeadsOut => {
            Err("No path leads out of a granted folder; grant the folder that it leads to")
        }
        Obstacle::GivenUp => Err("Folders that were given up do not come back"),
    }
}

/// By a name that the process looked up, if a rule by that name opens the address; else by the
/// address.
fn connect(addr: SocketAddr, names: &[Arc<str>]) -> Line {
    let ports = ports_of(addr.port());
    let opens = |rule: &NetRule| NetGrant::Rules(vec![rule.clone()]).covers_connect(addr, names);
    let by_name = names.first().and_then(|name| name_rule(name, ports));
    let ip = Cidr::single(addr.ip());
    let rule = match by_name.filter(opens) {
        Some(rule) => rule,
        None if ip.network().is_unspecified() => {
            return Err("The unspecified address is never a target; no rule can allow it");
        }
        None => NetRule::new(NetHost::Range(ip), ports),
    };
    one("allow-network", &rule.to_string())
}

fn by_name(name: &str, port: u16) -> Line {
    if let Ok(ip) = name.parse() {
        return connect(SocketAddr::new(ip, port), &[]);
    }
    match name_rule(name, ports_of(port)) {
        Some(rule) => one("allow-network", &rule.to_string()),
        None => Err("It is no name of a host, so no rule can allow it"),
    }
}

/// A rule for that one name. None for `public`, which could be a host's name and is a wider rule.
fn name_rule(name: &str, ports: PortRange) -> Option<NetRule> {
    let host = match name.parse::<NetRule>() {
        Ok(rule) if rule.ports() == PortRange::ALL => rule.host().clone(),
        Ok(_) | Err(_) => return None,
    };
    match &host {
        NetHost::Name(pattern) if pattern.exact_name().is_some() => Some(NetRule::new(host, ports)),
        NetHost::Name(_) | NetHost::Public | NetHost::Range(_) => None,
    }
}

/// Port 0 is none that a rule can name.
fn ports_of(port: u16) -> PortRange {
    match port {
        0 => PortRange::ALL,
        port => PortRange::new(port, port).unwrap_or(PortRange::ALL),
    }
}
