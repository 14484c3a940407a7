//! Reads a network rule, and says what is wrong with one that is none.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::{Cidr, NetHost, NetRule, PortRange};
use crate::grant::GrantError;

impl FromStr for NetRule {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<NetRule, GrantError> {
        let (host, ports) = split_ports(text)?;
        let ports = match ports {
            Some(ports) => ports.parse()?,
            None => PortRange::ALL,
        };
        let host = if host == "public" {
            NetHost::Public
        } else {
            NetHost::Range(parse_range(host, text)?)
        };
        let rule = NetRule::new(host, ports);
        let names_nothing = |range: Cidr| {
            range == Cidr::single(range.network()) && range.network().is_unspecified()
        };
        match host {
            NetHost::Range(range) if names_nothing(range) => {
                Err(rule_error(text, "the unspecified address is nobody's")
                    .hint("write \"public\" for every public address"))
            }
            NetHost::Range(_) | NetHost::Public => Ok(rule),
        }
    }
}

impl FromStr for PortRange {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<PortRange, GrantError> {
        let error = |reason: &str| {
            GrantError::new(
                format!("cannot read {text:?} as a port or a range of ports"),
                reason,
            )
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let port = |part: &str| match part.parse::<u16>() {
            Ok(port) if port > 0 && !part.starts_with('+') => Ok(port),
            Ok(_) | Err(_) => Err(error("a port is a number from 1 to 65535")
                .hint("write 443, or 8000-8100; leave it out for every port")),
        };
        let (first, last) = (port(first)?, port(last)?);
        PortRange::new(first, last)
            .ok_or_else(|| error("the range runs backwards").hint(format!("write {last}-{first}")))
    }
}

impl FromStr for Cidr {
    type Err = GrantError;

    /// With or without brackets around an IPv6 address.
    fn from_str(text: &str) -> Result<Cidr, GrantError> {
        parse_range(text, text)
    }
}

/// Splits off `:443`. Colons inside an IPv6 address are none of it: it has brackets, or no ports.
fn split_ports(text: &str) -> Result<(&str, Option<&str>), GrantError> {
    let after_bracket = text.rfind(']').map_or(0, |at| at + 1);
    let (inside, behind) = text.split_at(after_bracket);
    if inside.is_empty() && behind.matches(':').count() > 1 {
        return Ok((text, None));
    }
    match behind.find(':') {
        Some(at) => {
            let (host, ports) = text.split_at(after_bracket + at);
            Ok((host, ports.strip_prefix(':')))
        }
        None if text.is_empty() => Err(rule_error(text, "it is empty")),
        None => Ok((text, None)),
    }
}

fn parse_range(host: &str, text: &str) -> Result<Cidr, GrantError> {
    let (address, prefix) = match host.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (host, None),
    };
    let ip = parse_ip(address, text)?;
    match prefix {
        None => Ok(Cidr::single(ip)),
        Some(prefix) => match prefix.parse::<u8>() {
            Ok(bits) if prefix.bytes().all(|b| b.is_ascii_digit()) => Cidr::new(ip, bits),
            Ok(_) | Err(_) => Err(rule_error(
                text,
                "the prefix length behind '/' is not a number from 0 to 128",
            )),
        },
    }
}

fn parse_ip(address: &str, text: &str) -> Result<IpAddr, GrantError> {
    if let Some(inner) = address
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return inner
            .parse::<Ipv6Addr>()
            .map(IpAddr::V6)
            .map_err(|_| rule_error(text, "what is in brackets is not an IPv6 address"));
    }
    if let Ok(ip) = address.parse() {
        return Ok(ip);
    }
    Err(not_an_address(address, text))
}

/// Names are well-formed rules that this release does not enforce; anything else is a mistake.
fn not_an_address(address: &str, text: &str) -> GrantError {
    let domain = address.strip_prefix("*.").unwrap_or(address);
    let looks_numeric =
        address.contains(':') || address.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if address == "*" {
        rule_error(text, "'*' is no address")
            .hint("write \"public\" for every public address, or a range")
    } else if looks_numeric {
        rule_error(text, "it is not an IP address").hint("write 10.1.2.3, 10.1.0.0/16 or [fd00::1]")
    } else if is_host_name(domain) {
        rule_error(text, "rules by host name are not supported yet")
            .hint("name an IP address or a range, or \"public\" for every public address")
            .unsupported()
    } else {
        rule_error(text, "it is neither \"public\" nor an IP address or range")
            .hint("write \"public:443\", \"10.1.0.0/16:5432\" or \"[::1]:80\"")
    }
}

fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.strip_suffix('.').unwrap_or(name).split('.').all(label)
}

fn rule_error(text: &str, reason: &str) -> GrantError {
    GrantError::new(format!("cannot read {text:?} as a network rule"), reason)
}
