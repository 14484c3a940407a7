//! A denial: a typed answer that says who, what, which rule, and what would allow it.
//!
//! Its `Display` is the one sentence that the log and the audit show:
//! `api (pid 0.7.12) may not connect to 203.0.113.9:5432: profile 'web' allows public:443. To allow
//! it: allow-network = ["203.0.113.9:5432"] under [capabilities.web]`.
//! Every piece of text that a guest chose is escaped here, once, before it is kept.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

use crate::escape::{printable, quoted, toml_string};
use crate::grant::{listed, reserved_kind};
use crate::{
    Access, BucketSet, Peer, Permission, Profile, Protocol, Request, SendGrant, SpawnGrant, Subject,
};

/// A refusal by a process's own profile.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct Denied {
    /// The permission that was asked for.
    pub permission: &'static str,
    /// The thing it was asked for, escaped and cut.
    pub target: String,
    /// The manifest line that would allow it, or why none can.
    pub help: String,
    who: Option<Box<str>>,
    /// `may not connect to ...: profile 'web' allows ...`
    claim: Box<str>,
    /// Whether `help` is something to do.
    advises: bool,
}

impl Denied {
    pub(crate) fn new(profile: &Profile, request: &Request<'_>) -> Denied {
        let permission = request.permission();
        let remedy = remedy(profile, request);
        let held = held(profile, request);
        let claim = format!(
            "may not {}: profile {} allows {held}",
            deed(request),
            named(profile.name())
        );
        Denied {
            permission: permission.name(),
            target: target(request),
            who: None,
            claim: claim.into(),
            advises: remedy.is_ok(),
            help: remedy.unwrap_or_else(str::to_owned),
        }
    }

    /// The same denial of whoever this is, escaped.
    pub fn about(self, who: &str) -> Denied {
        Denied {
            who: Some(quoted(who).into()),
            ..self
        }
    }

    /// The same denial with the process it concerns.
    pub(crate) fn of(self, subject: &Subject) -> Denied {
        Denied {
            who: Some(subject.to_string().into()),
            ..self
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.who.as_deref().unwrap_or("the process");
        let advice = if self.advises { "To allow it: " } else { "" };
        write!(f, "{who} {}. {advice}{}", self.claim, self.help)
    }
}

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
        Request::Env { .. } => format!("see the environment variable {target}"),
        Request::Connect { proto, .. } => match proto {
            Protocol::Tcp => format!("connect to {target}"),
            Protocol::Udp => format!("exchange datagrams with {target}"),
        },
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
        Request::Env { name } | Request::ResolveName { name } | Request::HostFunction { name } => {
            quoted(name)
        }
        Request::Connect { addr, .. } | Request::Bind { addr, .. } | Request::Listen { addr } => {
            addr.to_string()
        }
        Request::ConnectName { name, port } => quoted(&format!("{name}:{port}")),
        Request::Stdio => "terminal".to_owned(),
    }
}

fn addressed<'a>(peer: &Peer<'a>) -> &'a str {
    peer.name.unwrap_or(peer.component)
}

/// What the profile allows instead, as it stands behind "allows".
fn held(profile: &Profile, request: &Request<'_>) -> String {
    match request.permission() {
        Permission::Network => match reserved_target(profile, request) {
            Some((ip, kind)) => format!(
                "{}, and {ip} is {kind}, which only a rule that names it opens",
                profile.network()
            ),
            None => profile.network().to_string(),
        },
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

/// The address of a connection that rules may seem to allow, and why they do not.
fn reserved_target(profile: &Profile, request: &Request<'_>) -> Option<(IpAddr, &'static str)> {
    let Request::Connect { addr, .. } = request else {
        return None;
    };
    let kind = reserved_kind(addr.ip())?;
    (!profile.network().is_empty()).then_some((addr.ip(), kind))
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

/// The manifest line that would allow the request and where it goes; or, as an error, why no line can.
fn remedy(profile: &Profile, request: &Request<'_>) -> Result<String, &'static str> {
    if profile.revoked().contains(&request.permission()) {
        return Err(
            "It was given up or taken away when the process was spawned, and does not come back",
        );
    }
    let line = manifest_line(request)?;
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

fn manifest_line(request: &Request<'_>) -> Result<String, &'static str> {
    let one = |key: &str, value: &str| format!("{key} = [{}]", toml_string(value));
    Ok(match request {
        Request::Send { to } => one("allow-send", addressed(to)),
        Request::Link { .. }
        | Request::Signal { .. }
        | Request::ProcessControl { .. }
        | Request::ListProcesses => "allow-process-control = true".to_owned(),
        Request::Spawn { component } => one("allow-spawn", component),
        Request::Load => "allow-load = true".to_owned(),
        Request::Storage { bucket, access, .. } => {
            let verb = match access {
                Access::Read => "read",
                Access::Write => "write",
            };
            format!("allow-storage = {{ {} }}", one(verb, bucket))
        }
        Request::OpenDir {
            host,
            guest,
            access,
        } => {
            let read_only = match access {
                Access::Read => ", read-only = true",
                Access::Write => "",
            };
            let host = toml_string(&host.display().to_string());
            format!(
                "preopen = [{{ host = {host}, guest = {}{read_only} }}]",
                toml_string(guest)
            )
        }
        Request::Env { name } => one("env", name),
        Request::Connect { addr, .. } if addr.ip().is_unspecified() => {
            return Err("The unspecified address is never a target; no rule can allow it");
        }
        Request::Connect { addr, .. } => one("allow-network", &addr.to_string()),
        Request::Bind { addr, .. } if addr.port() == 0 => "allow-network = true".to_owned(),
        Request::ConnectName { name, port } => one("allow-network", &format!("{name}:{port}")),
        Request::ResolveName { name } => one("allow-network", name),
        Request::Stdio => "allow-stdio = true".to_owned(),
        Request::Bind { addr, .. } | Request::Listen { addr } => {
            one("allow-listen", &addr.to_string())
        }
        Request::HostFunction { name } => one("host-functions", name),
    })
}

/// A name in single quotes, always.
fn named(name: &str) -> String {
    format!("'{}'", printable(name).replace('\'', "\\'"))
}

#[cfg(test)]
mod tests;
