//! Listening: which local addresses and ports may be bound and listened on.
//!
//! A rule is an IP address or a CIDR range of local addresses, each with an optional port or range
//! of ports: `127.0.0.1:9000`, `[::1]:8000-8100`, `10.1.0.0/16:80`. Without ports it is about every
//! port, the ones included that the kernel chooses. The unspecified address, which is every
//! interface of the machine, is opened only by a rule that is that very address (`0.0.0.0:80`,
//! `[::]:80`), not by a range around it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::cidr::unmapped;
use super::parse::{parse_range, rule_error, split_ports};
use super::{Cidr, PortRange};
use crate::grant::{GrantError, listed};

/// One rule: local addresses and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenRule {
    range: Cidr,
    ports: PortRange,
}

impl ListenRule {
    /// A rule for these addresses and ports.
    pub fn new(range: Cidr, ports: PortRange) -> ListenRule {
        ListenRule { range, ports }
    }

    /// Which addresses it is about.
    pub fn range(&self) -> Cidr {
        self.range
    }

    /// Which ports it is about.
    pub fn ports(&self) -> PortRange {
        self.ports
    }

    /// Whether that address may be bound and listened on.
    pub fn covers(&self, addr: SocketAddr) -> bool {
        let ip = unmapped(addr.ip());
        self.ports.contains(addr.port())
            && if ip.is_unspecified() {
                self.range == Cidr::single(ip)
            } else {
                self.range.contains(ip)
            }
    }

    fn covers_rule(&self, narrower: &ListenRule) -> bool {
        self.ports.covers(narrower.ports)
            && if narrower.is_every_interface() {
                self.range == narrower.range
            } else {
                self.range.covers(narrower.range)
            }
    }

    fn is_every_interface(&self) -> bool {
        let network = self.range.network();
        network.is_unspecified() && self.range == Cidr::single(network)
    }
}

impl FromStr for ListenRule {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<ListenRule, GrantError> {
        let (host, ports) = split_ports(text)?;
        let ports = match ports {
            Some(ports) => ports.parse()?,
            None => PortRange::ALL,
        };
        let range = parse_range(host, text)
            .map_err(|error| explain_host(host, text, ports).unwrap_or(error))?;
        Ok(ListenRule { range, ports })
    }
}

/// What to say of a host that is none to listen at; none if it looks like an address.
fn explain_host(host: &str, text: &str, ports: PortRange) -> Option<GrantError> {
    let at = |ip: IpAddr| ListenRule::new(Cidr::single(ip), ports);
    let (v4, v6) = if matches!(host, "" | "*" | "public") {
        (Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into())
    } else if host.contains(|c: char| c.is_ascii_alphabetic()) && !host.contains([':', '/']) {
        (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into())
    } else {
        return None;
    };
    let (v4, v6) = (at(v4), at(v6));
    Some(
        rule_error(text, "listening is at an address of this machine")
            .hint(format!("write \"{v4}\" or \"{v6}\"")),
    )
}

impl fmt::Display for ListenRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.range.fmt(f)?;
        self.ports.write_suffix(f)
    }
}

/// Where connections and datagrams may be accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ListenGrant {
    /// Nowhere.
    #[default]
    Off,
    /// At every local address and port, every interface included.
    Anywhere,
    /// Where any of the rules says.
    Rules(Vec<ListenRule>),
}

impl ListenGrant {
    /// Whether that address may be bound and listened on.
    pub fn covers(&self, addr: SocketAddr) -> bool {
        match self {
            ListenGrant::Off => false,
            ListenGrant::Anywhere => true,
            ListenGrant::Rules(rules) => rules.iter().any(|rule| rule.covers(addr)),
        }
    }

    /// Whether there is nowhere to listen.
    pub fn is_empty(&self) -> bool {
        match self {
            ListenGrant::Off => true,
            ListenGrant::Anywhere => false,
            ListenGrant::Rules(rules) => rules.is_empty(),
        }
    }

    /// Whether everywhere that `narrower` may listen this may.
    pub fn covers_grant(&self, narrower: &ListenGrant) -> bool {
        match (self, narrower) {
            (ListenGrant::Anywhere, _) | (_, ListenGrant::Off) => true,
            (ListenGrant::Off, inner) => inner.is_empty(),
            (ListenGrant::Rules(_), ListenGrant::Anywhere) => false,
            (ListenGrant::Rules(outer), ListenGrant::Rules(inner)) => inner
                .iter()
                .all(|inner| outer.iter().any(|outer| outer.covers_rule(inner))),
        }
    }
}

impl fmt::Display for ListenGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListenGrant::Anywhere => f.write_str("listening at every address"),
            ListenGrant::Rules(rules) if !rules.is_empty() => f.write_str(&listed(rules.iter())),
            ListenGrant::Off | ListenGrant::Rules(_) => f.write_str("no listening"),
        }
    }
}

#[cfg(test)]
mod tests;
