//! `permissions.query`: whether a profile holds a permission, for a target that a guest wrote.
//!
//! A target that cannot be read is not granted. A yes is a yes of the profile; whether the thing
//! exists is another matter.

use std::net::{IpAddr, SocketAddr};

use crate::{Access, Cidr, Peer, Permission, Profile, Relation};

pub(crate) fn query(profile: &Profile, permission: &str, target: Option<&str>) -> bool {
    let Some(permission) = Permission::from_name(permission) else {
        return false;
    };
    match target {
        None => profile.holds(permission),
        Some(target) => holds_for(profile, permission, target),
    }
}

fn holds_for(profile: &Profile, permission: Permission, target: &str) -> bool {
    match permission {
        Permission::Network => network(profile, target),
        Permission::Spawn => profile.spawn().covers(target),
        Permission::Storage => storage(profile, target),
        Permission::Send => {
            let by_name = Peer {
                pid: 0,
                name: Some(target),
                component: target,
                relation: Relation::Other,
            };
            profile.send().covers(&by_name)
        }
        Permission::Env => profile.env().iter().any(|grant| grant.covers(target)),
        Permission::Files => files(profile, target),
        // Held for everything, or not at all.
        Permission::ProcessControl | Permission::Load | Permission::Stdio => {
            profile.holds(permission)
        }
        Permission::Listen => target
            .parse::<SocketAddr>()
            .is_ok_and(|addr| profile.listen().covers(addr)),
        Permission::HostFunctions => profile.host_functions().covers(target),
    }
}

/// `1.2.3.4:443`, `1.2.3.4`, `name:443` or `name`. Without a port: whether any port is open. A
/// name: whether it may be looked up, and with a port, whether an address that it leads to may be
/// reached there.
fn network(profile: &Profile, target: &str) -> bool {
    if let Ok(addr) = target.parse::<SocketAddr>() {
        return profile.network().covers(addr);
    }
    let bare = target
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(target);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return profile
            .network()
            .covers_lookup(&Cidr::single(ip).network().to_string());
    }
    let (name, port) = match target.rsplit_once(':') {
        Some((name, port)) => match port.parse::<u16>() {
            Ok(port) => (name, Some(port)),
            Err(_) => return false,
        },
        None => (target, None),
    };
    match port {
        Some(port) => profile.network().covers_name(name, port),
        None => profile.network().covers_lookup(name),
    }
}

/// `read:BUCKET`, `write:BUCKET`, or `BUCKET` for both.
fn storage(profile: &Profile, target: &str) -> bool {
    let covers = |bucket, access| profile.storage().covers(bucket, access);
    if let Some(bucket) = target.strip_prefix("read:") {
        covers(bucket, Access::Read)
    } else if let Some(bucket) = target.strip_prefix("write:") {
        covers(bucket, Access::Write)
    } else {
        covers(target, Access::Read) && covers(target, Access::Write)
    }
}

/// A guest path at or beneath an opened folder. Lexical: `..` is never beneath anything.
fn files(profile: &Profile, target: &str) -> bool {
    let beneath = |guest: &str| match target.strip_prefix(guest.trim_end_matches('/')) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    };
    target.starts_with('/')
        && !target.split('/').any(|part| part == "..")
        && profile.dirs().iter().any(|dir| beneath(dir.guest()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BucketSet, KvGrant, NetGrant, SendGrant, SpawnGrant};

    fn profile() -> Profile {
        Profile::builder("p")
            .network(NetGrant::Rules(vec![
                "public:443".parse().unwrap(),
                "10.0.0.0/8:5432".parse().unwrap(),
            ]))
            .spawn(SpawnGrant::listed(["worker"]))
            .send(SendGrant::listed(["ledger"]))
            .storage(KvGrant {
                read: BucketSet::Every,
                write: BucketSet::Listed(vec!["o-*".parse().unwrap()]),
            })
            .env("APP_*".parse().unwrap())
            .dir("d::/data::ro".parse().unwrap())
            .allow_load()
            .build()
            .unwrap()
    }

    /// Each permission understands its own kind of target, and none is granted by an unreadable one.
    #[test]
    fn targets_are_read_by_their_permission() {
        let rows = [
            ("network", "8.8.8.8:443", true),
            ("network", "8.8.8.8:80", false),
            ("network", "127.0.0.1:443", false),
            ("network", "10.1.1.1", true),
            ("network", "[::1]", false),
            ("network", "api.example.com:443", true),
            ("network", "api.example.com:80", false),
            ("network", "api.example.com", true),
            ("network", "api.example.com:http", false),
            ("spawn", "worker", true),
            ("spawn", "other", false),
            ("send", "ledger", true),
            ("send", "bank", false),
            ("storage", "read:x", true),
            ("storage", "write:x", false),
            ("storage", "o-1", true),
            ("storage", "x", false),
            ("env", "APP_X", true),
            ("env", "HOME", false),
            ("files", "/data", true),
            ("files", "/data/a", true),
            ("preopen", "/database", false),
            ("files", "/data/../etc", false),
            ("files", "data", false),
            ("load", "anything", true),
            ("stdio", "anything", false),
            ("listen", "127.0.0.1:80", false),
            ("root", "x", false),
        ];
        for (permission, target, granted) in rows {
            assert_eq!(
                query(&profile(), permission, Some(target)),
                granted,
                "{permission} {target}"
            );
        }
    }

    /// Without a target the question is whether there is anything at all.
    #[test]
    fn without_a_target_anything_counts() {
        for permission in Permission::ALL {
            assert_eq!(
                query(&profile(), permission.name(), None),
                profile().holds(permission),
                "{permission}"
            );
        }
        assert!(!query(&profile(), "root", None));
    }
}
