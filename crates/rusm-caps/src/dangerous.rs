//! Whole families of rights at once, for an embedder who trusts the code as much as itself.
//!
//! A profile that has one of these is no sandbox for that family any more. They are methods of a trait that has to be
//! imported by this module's name, so that whoever reads the code sees it; no manifest and no command line reaches them.
//!
//! ```
//! use rusm_caps::Profile;
//! use rusm_caps::dangerous::DangerousProfileExt;
//!
//! let migration = Profile::sandboxed().to_builder("migration").allow_all_env().build()?;
//! # Ok::<(), rusm_caps::ProfileError>(())
//! ```

use crate::grant::reserved_ranges;
use crate::{
    DirGrant, EnvGrant, KvGrant, NetGrant, NetHost, NetRule, PortRange, ProfileBuilder, SendGrant,
    SpawnGrant,
};

/// Presets that open a whole family of rights.
pub trait DangerousProfileExt: Sized {
    /// Everything below, and spawning any component, every bucket of the store, sending to and controlling every process,
    /// loading code and the terminal. Limits stay as they are. Listening and host functions are still to be named one by
    /// one: there is no "all" of what the embedding program alone defines.
    #[must_use]
    fn allow_all(self) -> Self;

    /// Reading and writing every file of the machine that the node's own user can: the root folder, at the same paths.
    /// What is never given to a guest (`/proc`, `/sys`, `/dev`) stays out. Replaces the folders granted so far.
    #[must_use]
    fn allow_all_files(self) -> Self;

    /// Connecting to every address and port, and looking up every name: the node's own loopback services, the private
    /// network around it and the cloud's metadata service (169.254.169.254) included. Listening is not part of it.
    /// Replaces the rules granted so far.
    #[must_use]
    fn allow_all_network(self) -> Self;

    /// Seeing every variable of the node's environment, and so every secret that is kept there.
    #[must_use]
    fn allow_all_env(self) -> Self;
}

impl DangerousProfileExt for ProfileBuilder {
    fn allow_all(self) -> ProfileBuilder {
        self.allow_all_files()
            .allow_all_network()
            .allow_all_env()
            .spawn(SpawnGrant::Anyone)
            .storage(KvGrant::every())
            .send(SendGrant::Anyone)
            .allow_process_control()
            .allow_load()
            .allow_stdio()
    }

    fn allow_all_files(self) -> ProfileBuilder {
        let root = DirGrant::read_write("/", "/").expect("the root is a folder with a name");
        self.withhold(crate::Permission::Files).dir(root)
    }

    fn allow_all_network(self) -> ProfileBuilder {
        // A range opens a reserved block only if it lies within it, so each is named.
        let reserved = reserved_ranges().map(NetHost::Range);
        let hosts = std::iter::once(NetHost::Public).chain(reserved);
        let rules = hosts.map(|host| NetRule::new(host, PortRange::ALL));
        self.network(NetGrant::Rules(rules.collect()))
    }

    fn allow_all_env(self) -> ProfileBuilder {
        self.env(EnvGrant::every())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Permission, Profile, Protocol, Request, decide};

    fn connect_to(addr: std::net::SocketAddr, proto: Protocol) -> Request<'static> {
        let names = &[];
        Request::Connect { addr, proto, names }
    }

    fn built(builder: ProfileBuilder) -> Profile {
        builder.build().unwrap()
    }

    fn held(profile: &Profile) -> Vec<Permission> {
        let all = Permission::ALL.into_iter();
        all.filter(|permission| profile.holds(*permission))
            .collect()
    }

    /// Each preset opens its own family and nothing of another.
    #[test]
    fn a_preset_opens_one_family() {
        let nothing = || Profile::builder("p");
        for (profile, permission) in [
            (nothing().allow_all_files(), Permission::Files),
            (nothing().allow_all_network(), Permission::Network),
            (nothing().allow_all_env(), Permission::Env),
        ] {
            assert_eq!(held(&built(profile)), [permission]);
        }
        let all = built(nothing().allow_all());
        for permission in Permission::ALL {
            let named = matches!(permission, Permission::Listen | Permission::HostFunctions);
            assert_eq!(all.holds(permission), !named, "{permission}");
        }
    }

    /// Addresses that `public` never opens are open, in every block there is; the unspecified one is no target.
    #[test]
    fn the_whole_network_is_reserved_addresses_too() {
        let profile = built(Profile::builder("p").allow_all_network());
        let connect = |text: &str| {
            let (addr, proto) = (text.parse().unwrap(), Protocol::Tcp);
            decide(&profile, &connect_to(addr, proto)).is_ok()
        };
        for open in [
            "8.8.8.8:53",
            "127.0.0.1:22",
            "169.254.169.254:80",
            "10.1.2.3:5432",
            "224.0.0.1:5353",
            "[2606:4700::1]:443",
            "[::1]:80",
            "[fd00::1]:80",
            "[::ffff:127.0.0.1]:80",
            "[64:ff9b::7f00:1]:80",
            "[2002:7f00:1::]:80",
        ] {
            assert!(connect(open), "{open}");
        }
        assert!(!connect("0.0.0.0:80") && !connect("[::]:80"));
        assert!(decide(&profile, &Request::ResolveName { name: "localhost" }).is_ok());
        let is_target = |block: &crate::Cidr| !block.network().to_canonical().is_unspecified();
        for block in reserved_ranges().filter(is_target) {
            let addr = (block.network(), 1).into();
            let proto = Protocol::Udp;
            assert!(
                decide(&profile, &connect_to(addr, proto)).is_ok(),
                "{block}"
            );
        }
    }

    /// What a preset grants cannot be written in a manifest.
    #[test]
    fn no_text_is_the_whole_environment() {
        let everything = EnvGrant::every();
        assert!(everything.covers("HOME") && everything.covers(""));
        assert!(everything.to_string().parse::<EnvGrant>().is_err());
    }
}
