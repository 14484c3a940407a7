//! Grants of a whole family at once, for an embedder who trusts the code as much as itself.
//!
//! A profile that has one of these is no sandbox for that family any more. They can only be had by this module's name, so
//! that whoever reads the code sees it; no manifest and no command line reaches them. Presets for profiles are made of
//! them in `rusm_core::dangerous`.

use crate::grant::reserved_ranges;
use crate::{EnvGrant, NetGrant, NetHost, NetRule, PortRange};

/// Every address and port, and every name: the node's own loopback services, the private network around it and the
/// cloud's metadata service (169.254.169.254) included; only addresses that hide another in their lower half (ISATAP) have
/// no range of their own and stay with whoever names them. Listening is not part of it.
pub fn every_address() -> NetGrant {
    // A range opens a reserved block only if it lies within it, so each is named.
    let reserved = reserved_ranges().map(NetHost::Range);
    let hosts = std::iter::once(NetHost::Public).chain(reserved);
    let rules = hosts.map(|host| NetRule::new(host, PortRange::ALL));
    NetGrant::Rules(rules.collect())
}

/// Every variable of the node's environment, and so every secret that is kept there.
pub fn every_variable() -> EnvGrant {
    EnvGrant::every()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Permission, Profile, Protocol, Request, decide};

    fn connect_to(addr: std::net::SocketAddr, proto: Protocol) -> Request<'static> {
        let names = &[];
        Request::Connect { addr, proto, names }
    }

    /// Addresses that `public` never opens are open, in every block there is; the unspecified one is no target.
    #[test]
    fn the_whole_network_is_reserved_addresses_too() {
        let profile = Profile::builder("p")
            .network(every_address())
            .build()
            .unwrap();
        let connect = |text: &str| {
            let addr = text.parse().unwrap();
            decide(&profile, &connect_to(addr, Protocol::Tcp)).is_ok()
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
            assert!(
                decide(&profile, &connect_to(addr, Protocol::Udp)).is_ok(),
                "{block}"
            );
        }
        let listen = "127.0.0.1:80".parse().unwrap();
        assert!(decide(&profile, &Request::Listen { addr: listen }).is_err());
        assert!(profile.holds(Permission::Network) && !profile.holds(Permission::Listen));
    }

    /// What can be had here cannot be written in a manifest.
    #[test]
    fn no_text_is_the_whole_environment() {
        let everything = every_variable();
        assert!(everything.covers("HOME") && everything.covers(""));
        assert!(everything.to_string().parse::<EnvGrant>().is_err());
    }
}
