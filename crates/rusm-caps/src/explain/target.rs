//! From what a person types to the requests that it stands for.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use thiserror::Error;

use super::{Explanation, Verdict, entries, explain};
use crate::escape::quoted;
use crate::{
    Access, DirGrant, EnvGrant, HostFunctionName, NetHost, NetRule, Peer, Permission, Profile,
    Protocol, Relation, Request,
};

/// A target that its permission cannot be asked about.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("cannot read {target} as a target of {permission}: {reason}")]
pub struct TargetError {
    permission: Permission,
    target: String,
    reason: String,
    /// What a target of this permission looks like.
    pub expected: &'static str,
}

/// Answers whether a profile allows what a person asked about: each request that the target stands
/// for, or without a target whether there is anything at all.
///
/// A target is an address with a port, a name with a port, or either alone (`network`); an address
/// with a port (`listen`); a guest path, with `:ro` or `:rw` behind it (`files`); the name of a
/// variable (`env`), of a component (`spawn`, `send`), of a process (`send`, `process-control`) or of
/// a host function (`host-functions`); a bucket, with `read:` or `write:` before it (`storage`). A
/// bucket alone is asked about twice.
///
/// # Errors
/// [`TargetError`] for text that is no target of the permission.
pub fn explain_target(
    profile: &Profile,
    permission: Permission,
    target: Option<&str>,
) -> Result<Vec<Explanation>, TargetError> {
    let ask = |request: Request<'_>| Ok(vec![explain(profile, &request)]);
    let error = |reason: String| TargetError {
        permission,
        target: quoted(target.unwrap_or_default()),
        reason,
        expected: expected(permission),
    };
    let Some(text) = target else {
        return match permission {
            Permission::Load => ask(Request::Load),
            Permission::Stdio => ask(Request::Stdio),
            Permission::ProcessControl => ask(Request::ListProcesses),
            Permission::Network
            | Permission::Listen
            | Permission::Spawn
            | Permission::Storage
            | Permission::Send
            | Permission::Env
            | Permission::Files
            | Permission::HostFunctions => Ok(vec![anything(profile, permission)]),
        };
    };
    if text.is_empty() {
        return Err(error("it is empty".to_owned()));
    }
    let to = Peer {
        pid: 0,
        name: Some(text),
        component: text,
        relation: Relation::Other,
    };
    match permission {
        Permission::Network => Ok(vec![explain(profile, &network(text).map_err(error)?)]),
        Permission::Listen => match text.parse() {
            Ok(addr) => ask(Request::Listen { addr }),
            Err(_) => Err(error("it is not an IP address with a port".to_owned())),
        },
        Permission::Spawn => ask(Request::Spawn { component: text }),
        Permission::Send => ask(Request::Send { to }),
        Permission::ProcessControl => ask(Request::ProcessControl { to }),
        Permission::Storage => Ok(storage(profile, text)),
        Permission::Env => match text.parse::<EnvGrant>() {
            Ok(grant) if grant.exact_name().is_some() => ask(Request::Env { name: text }),
            Ok(_) => Err(error("it is not one variable".to_owned())),
            Err(fault) => Err(error(fault.reason().to_owned())),
        },
        Permission::Files => files(profile, text).map_err(error),
        Permission::HostFunctions => match text.parse::<HostFunctionName>() {
            Ok(_) => ask(Request::HostFunction { name: text }),
            Err(fault) => Err(error(fault.reason().to_owned())),
        },
        Permission::Load | Permission::Stdio => {
            Err(error("it is granted as a whole or not at all".to_owned()))
        }
    }
}

/// What a target looks like.
fn expected(permission: Permission) -> &'static str {
    match permission {
        Permission::Network => {
            "write api.example.com:443, 10.1.2.3:5432 or [fd00::1]:80; or a name or an address alone"
        }
        Permission::Listen => "write 127.0.0.1:9000 or [::1]:9000",
        Permission::Spawn => "write the name of a component",
        Permission::Send => "write the name of a component, or a registered name",
        Permission::Storage => "write read:BUCKET, write:BUCKET or BUCKET",
        Permission::Env => "write the name of a variable",
        Permission::Files => {
            "write a path as the guest sees it, such as /data/in:ro or /data/out:rw"
        }
        Permission::HostFunctions => "write acme:billing/charge or acme:billing/charge#pay",
        Permission::ProcessControl => "write a registered name, or leave it out",
        Permission::Load | Permission::Stdio => "leave it out",
    }
}

fn anything(profile: &Profile, permission: Permission) -> Explanation {
    let entries = entries(profile, permission);
    Explanation {
        question: format!("use {permission} at all"),
        permission,
        verdict: if entries.is_empty() {
            Verdict::Nothing
        } else {
            Verdict::Granted(entries)
        },
    }
}

fn network(text: &str) -> Result<Request<'_>, String> {
    if let Ok(addr) = text.parse::<SocketAddr>() {
        let proto = Protocol::Tcp;
        return Ok(Request::Connect {
            addr,
            proto,
            names: &[],
        });
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    if bare.parse::<IpAddr>().is_ok() {
        return Ok(Request::ResolveName { name: bare });
    }
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => {
            let port = port.parse::<u16>().ok().filter(|port| *port > 0);
            (
                name,
                Some(port.ok_or("a port is a number from 1 to 65535")?),
            )
        }
        None => (text, None),
    };
    // A rule for exactly this name says whether it is one.
    let rule: NetRule = name
        .parse()
        .map_err(|error: crate::GrantError| error.reason().to_owned())?;
    match rule.host() {
        NetHost::Name(_) if !name.contains('*') => {}
        NetHost::Name(_) | NetHost::Public | NetHost::Range(_) => {
            return Err("it is not one host".to_owned());
        }
    }
    Ok(match port {
        Some(port) => Request::ConnectName { name, port },
        None => Request::ResolveName { name },
    })
}

fn storage(profile: &Profile, text: &str) -> Vec<Explanation> {
    let ask = |bucket, access| {
        let key = "";
        explain(
            profile,
            &Request::Storage {
                bucket,
                key,
                access,
            },
        )
    };
    if let Some(bucket) = text.strip_prefix("read:") {
        vec![ask(bucket, Access::Read)]
    } else if let Some(bucket) = text.strip_prefix("write:") {
        vec![ask(bucket, Access::Write)]
    } else {
        vec![ask(text, Access::Read), ask(text, Access::Write)]
    }
}

/// What stands for the folder of the host where no folder is opened.
const SOME_FOLDER: &str = "HOST-FOLDER";

/// The folder that allows it among those at or above the path; or else the closest one, which says
/// why it does not. Lexical: a link may lead elsewhere, and never out of the folder.
fn files(profile: &Profile, text: &str) -> Result<Vec<Explanation>, String> {
    let (path, access) = match text.strip_suffix(":rw") {
        Some(path) => (path, Access::Write),
        None => (text.strip_suffix(":ro").unwrap_or(text), Access::Read),
    };
    if let Err(error) = DirGrant::read_only(".", path) {
        return Err(error.reason().to_owned());
    }
    let beneath = |dir: &&DirGrant| match path.strip_prefix(dir.guest().trim_end_matches('/')) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    };
    let ask = |host: &Path, guest: &str| {
        explain(
            profile,
            &Request::OpenDir {
                host,
                guest,
                access,
            },
        )
    };
    let dirs = profile.dirs().iter().filter(beneath);
    let mut asked: Vec<(usize, Explanation)> = dirs
        .map(|dir| (dir.guest().len(), ask(dir.host(), dir.guest())))
        .collect();
    asked.sort_by_key(|(length, found)| (!found.is_allowed(), usize::MAX - length));
    let best = asked.into_iter().next().map(|(_, found)| found);
    Ok(vec![
        best.unwrap_or_else(|| ask(Path::new(SOME_FOLDER), path)),
    ])
}
