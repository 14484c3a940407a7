//! One rule for outgoing connections: whom it is about, and which ports.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::cidr::unmapped;
use super::reserved::{self, Block};
use super::{Cidr, HostPattern, PortRange};

/// Whom a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetHost {
    /// Every public address, and every name that leads to one.
    Public,
    /// One address or a range of them.
    Range(Cidr),
    /// The public addresses that certain names lead to.
    Name(HostPattern),
}

impl fmt::Display for NetHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetHost::Public => f.write_str("public"),
            NetHost::Range(range) => range.fmt(f),
            NetHost::Name(pattern) => pattern.fmt(f),
        }
    }
}

/// One rule: hosts and ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetRule {
    host: NetHost,
    ports: PortRange,
}

/// An address that is asked about, looked at once for all rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    ip: IpAddr,
    port: u16,
    block: Option<Block>,
}

impl Target {
    /// None for the unspecified address, which is never a target: kernels take it for loopback.
    pub(super) fn of(addr: SocketAddr) -> Option<Target> {
        let ip = unmapped(addr.ip());
        (!ip.is_unspecified()).then(|| Target {
            ip,
            port: addr.port(),
            block: reserved::block_of(ip),
        })
    }
}

impl NetRule {
    /// Every public address, every port.
    pub const PUBLIC: NetRule = NetRule {
        host: NetHost::Public,
        ports: PortRange::ALL,
    };

    /// A rule for these hosts and ports.
    pub fn new(host: NetHost, ports: PortRange) -> NetRule {
        NetRule { host, ports }
    }

    /// Whom it is about.
    pub fn host(&self) -> &NetHost {
        &self.host
    }

    /// Which ports it is about.
    pub fn ports(&self) -> PortRange {
        self.ports
    }

    /// Whether a connection to that address is allowed, whatever it is called.
    pub fn covers(&self, addr: SocketAddr) -> bool {
        Target::of(addr).is_some_and(|target| self.covers_target(&target))
    }

    pub(super) fn covers_target(&self, target: &Target) -> bool {
        self.ports.contains(target.port) && self.covers_address(target)
    }

    /// Whether a connection to that address is allowed for a process that was told it for the name.
    pub(super) fn covers_named(&self, target: &Target, name: &str) -> bool {
        match &self.host {
            NetHost::Name(pattern) => {
                self.ports.contains(target.port)
                    && pattern.covers_host(name)
                    && target.is_open_to(pattern)
            }
            NetHost::Public | NetHost::Range(_) => false,
        }
    }

    /// Whether the address is allowed on some port, whatever it is called.
    pub(super) fn covers_address(&self, target: &Target) -> bool {
        match &self.host {
            NetHost::Public => target.block.is_none(),
            NetHost::Range(range) => {
                range.contains_canonical(target.ip)
                    && target.block.is_none_or(|block| block.range.covers(*range))
            }
            NetHost::Name(_) => false,
        }
    }

    /// Whether the name, which is a host name, may be looked up.
    pub(super) fn covers_name(&self, name: &str) -> bool {
        match &self.host {
            NetHost::Public => true,
            NetHost::Range(_) => false,
            NetHost::Name(pattern) => pattern.covers_host(name),
        }
    }

    /// Whether everything that `narrower` allows is allowed by this rule. May say no where several
    /// rules together would allow it; never says yes wrongly.
    pub(super) fn covers_rule(&self, narrower: &NetRule) -> bool {
        self.ports.covers(narrower.ports)
            && match (&self.host, &narrower.host) {
                (NetHost::Public, NetHost::Public) => true,
                // A range that lies in no reserved block opens its public addresses only.
                (NetHost::Public, NetHost::Range(inner)) => {
                    reserved::blocks_around(*inner).next().is_none()
                }
                (NetHost::Public, NetHost::Name(inner)) => !inner.is_localhost(),
                (NetHost::Range(outer), NetHost::Range(inner)) => {
                    outer.covers(*inner)
                        && reserved::blocks_around(*inner).all(|block| block.range.covers(*outer))
                }
                (NetHost::Name(outer), NetHost::Name(inner)) => outer.covers_pattern(inner),
                (NetHost::Range(_), NetHost::Public | NetHost::Name(_))
                | (NetHost::Name(_), NetHost::Public | NetHost::Range(_)) => false,
            }
    }
}

impl Target {
    /// Whether a rule by name can open it: public for every name, loopback for `localhost` alone.
    fn is_open_to(&self, pattern: &HostPattern) -> bool {
        if pattern.is_localhost() {
            self.ip.is_loopback()
        } else {
            self.block.is_none()
        }
    }
}

impl fmt::Display for NetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.fmt(f)?;
        self.ports.write_suffix(f)
    }
}
