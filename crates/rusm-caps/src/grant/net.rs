//! The network: outgoing connections by address, range and port.
//!
//! A rule is `public`, an IP address or a CIDR range, each with an optional port or range of ports:
//! `public:443`, `10.1.0.0/16:5432`, `192.0.2.7:8000-8100`, `[::1]:80`, `[fd00::]/8`. What is not
//! public (see `reserved`) opens only to a rule whose whole range lies in that reserved block:
//! `0.0.0.0/0` does not open loopback, `127.0.0.0/8` does.
//!
//! An IPv4-mapped IPv6 address is the IPv4 address, for rules and for targets alike. Unspecified
//! addresses are never a target: kernels take them for loopback.

mod cidr;
mod parse;
mod reserved;

pub use cidr::Cidr;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use self::cidr::unmapped;
use super::listed;

/// Ports, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// Every port.
    pub const ALL: PortRange = PortRange {
        first: 0,
        last: u16::MAX,
    };

    /// From `first` to `last`; none if that is backwards.
    pub fn new(first: u16, last: u16) -> Option<PortRange> {
        (first <= last).then_some(PortRange { first, last })
    }

    /// Whether the port is among them.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    /// Whether every port of `narrower` is among them.
    pub fn covers(self, narrower: PortRange) -> bool {
        self.first <= narrower.first && narrower.last <= self.last
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

/// Which addresses a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetHost {
    /// Every public address.
    Public,
    /// One address or a range of them.
    Range(Cidr),
}

/// One rule: addresses and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetRule {
    host: NetHost,
    ports: PortRange,
}

impl NetRule {
    /// Every public address, every port.
    pub const PUBLIC: NetRule = NetRule {
        host: NetHost::Public,
        ports: PortRange::ALL,
    };

    /// A rule for these addresses and ports.
    pub fn new(host: NetHost, ports: PortRange) -> NetRule {
        NetRule { host, ports }
    }

    /// Which addresses it is about.
    pub fn host(&self) -> NetHost {
        self.host
    }

    /// Which ports it is about.
    pub fn ports(&self) -> PortRange {
        self.ports
    }

    /// Whether a connection to that address is allowed.
    pub fn covers(&self, addr: SocketAddr) -> bool {
        self.ports.contains(addr.port()) && self.covers_ip(addr.ip())
    }

    fn covers_ip(&self, ip: IpAddr) -> bool {
        let ip = unmapped(ip);
        if ip.is_unspecified() {
            return false;
        }
        match self.host {
            NetHost::Public => reserved::block_of(ip).is_none(),
            NetHost::Range(range) => {
                range.contains(ip)
                    && reserved::block_of(ip).is_none_or(|block| block.range.covers(range))
            }
        }
    }

    /// Whether everything that `narrower` allows is allowed by this rule. May say no where several
    /// rules together would allow it; never says yes wrongly.
    fn covers_rule(&self, narrower: &NetRule) -> bool {
        if !self.ports.covers(narrower.ports) {
            return false;
        }
        match (self.host, narrower.host) {
            (NetHost::Public, NetHost::Public) => true,
            // A range that lies in no reserved block opens its public addresses only.
            (NetHost::Public, NetHost::Range(inner)) => {
                reserved::blocks_around(inner).next().is_none()
            }
            (NetHost::Range(_), NetHost::Public) => false,
            (NetHost::Range(outer), NetHost::Range(inner)) => {
                outer.covers(inner)
                    && reserved::blocks_around(inner).all(|block| block.range.covers(outer))
            }
        }
    }
}

impl fmt::Display for NetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host {
            NetHost::Public => f.write_str("public")?,
            NetHost::Range(range) => range.fmt(f)?,
        }
        if self.ports == PortRange::ALL {
            Ok(())
        } else {
            write!(f, ":{}", self.ports)
        }
    }
}

/// What of the network may be used.
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

    /// Whether a connection or datagram to that address is allowed.
    pub fn covers(&self, addr: SocketAddr) -> bool {
        self.rules().iter().any(|rule| rule.covers(addr))
    }

    /// Whether a name may be looked up: when public addresses may be reached at all. An address in
    /// place of a name is looked up nowhere, so it is enough that a rule is about it.
    pub fn covers_lookup(&self, name: &str) -> bool {
        match name.parse::<IpAddr>() {
            Ok(ip) => self.rules().iter().any(|rule| rule.covers_ip(ip)),
            Err(_) => self.rules().iter().any(|rule| rule.host == NetHost::Public),
        }
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

/// Every range that is not public.
pub(crate) fn reserved_ranges() -> impl Iterator<Item = Cidr> {
    reserved::all().map(|block| block.range)
}

#[cfg(test)]
mod tests;
