//! The network: outgoing connections by name, address, range and port, and where to listen.
//!
//! A rule is `public`, a host name, `*.domain`, an IP address or a CIDR range, each with an
//! optional port or range of ports: `public:443`, `api.example.com:443`, `*.internal.example`,
//! `10.1.0.0/16:5432`, `192.0.2.7:8000-8100`, `[::1]:80`, `[fd00::]/8`. What is not public (see
//! `reserved`) opens only to a rule whose whole range lies in that reserved block: `0.0.0.0/0` does
//! not open loopback, `127.0.0.0/8` does.
//!
//! A rule by name lets a process look the name up and connect to the public addresses that the
//! look-up gave. Who answers for the name thereby never opens a reserved address, whatever the
//! answer; only `localhost` stands for loopback, and for nothing else.
//!
//! An IPv4-mapped IPv6 address is the IPv4 address, for rules and for targets alike. Unspecified
//! addresses are never a target: kernels take them for loopback.

mod cidr;
mod disguise;
mod listen;
mod name;
mod parse;
mod ports;
mod reserved;
mod rule;

pub use cidr::Cidr;
pub use listen::{ListenGrant, ListenRule};
pub use name::HostPattern;
pub use ports::PortRange;
pub use rule::{NetHost, NetRule};

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use self::cidr::unmapped;
use self::name::{host_name, without_dot};
use self::rule::Target;
use super::listed;

/// What of the network may be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NetGrant {
    /// Nothing.
    #[default]
    Off,
    /// What any of the rules allows.
    Rules(Vec<NetRule>),
}

impl NetGrant {
    /// Every public address, every port.
    pub fn public() -> NetGrant {
        NetGrant::Rules(vec![NetRule::PUBLIC])
    }

    /// The rules; none when the network is off.
    pub fn rules(&self) -> &[NetRule] {
        match self {
            NetGrant::Off => &[],
            NetGrant::Rules(rules) => rules,
        }
    }

    /// Whether nothing may be reached.
    pub fn is_empty(&self) -> bool {
        self.rules().is_empty()
    }

    /// Whether a connection or datagram to that address is allowed, whatever it is called.
    pub fn covers(&self, addr: SocketAddr) -> bool {
        self.covers_connect(addr, &[])
    }

    /// The same for a process that was told the address for these names. A trailing dot and the
    /// case of a name make no difference.
    pub fn covers_connect(&self, addr: SocketAddr, names: &[Arc<str>]) -> bool {
        let Some(target) = Target::of(addr) else {
            return false;
        };
        let by_name = |name: &Arc<str>| {
            let name = without_dot(name);
            self.rules()
                .iter()
                .any(|rule| rule.covers_named(&target, name))
        };
        self.rules().iter().any(|rule| rule.covers_target(&target)) || names.iter().any(by_name)
    }

    /// Whether a connection to that port of a host of that name can be allowed: its addresses are
    /// asked about once they are known.
    pub fn covers_name(&self, name: &str, port: u16) -> bool {
        if let Ok(ip) = name.parse::<IpAddr>() {
            return self.covers(SocketAddr::new(ip, port));
        }
        let covers = |name| {
            self.rules()
                .iter()
                .any(|rule| rule.ports().contains(port) && rule.covers_name(name))
        };
        host_name(name).is_some_and(covers)
    }

    /// Whether a name may be looked up: `public` is about every host name. An address in place of a
    /// name is looked up nowhere, so it is enough that a rule is about it. What is neither a host
    /// name nor an address is never looked up.
    pub fn covers_lookup(&self, name: &str) -> bool {
        let mut rules = self.rules().iter();
        if let Ok(ip) = name.parse::<IpAddr>() {
            let target = Target::of(SocketAddr::new(ip, 0));
            return target.is_some_and(|target| rules.any(|rule| rule.covers_address(&target)));
        }
        host_name(name).is_some_and(|name| rules.any(|rule| rule.covers_name(name)))
    }

    /// Whether everything that `narrower` allows is allowed by this.
    pub fn covers_grant(&self, narrower: &NetGrant) -> bool {
        narrower
            .rules()
            .iter()
            .all(|inner| self.rules().iter().any(|outer| outer.covers_rule(inner)))
    }
}

impl fmt::Display for NetGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            f.write_str("no network")
        } else {
            f.write_str(&listed(self.rules().iter()))
        }
    }
}

/// What kind of reserved address this is, such as `link-local`; none for a public one.
pub(crate) fn reserved_kind(ip: IpAddr) -> Option<&'static str> {
    reserved::block_of(unmapped(ip)).map(|block| block.kind)
}

#[cfg(test)]
mod tests;
