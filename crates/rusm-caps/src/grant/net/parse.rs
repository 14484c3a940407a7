//! Reads a network rule, and says what is wrong with one that is none.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::{Cidr, HostPattern, NetHost, NetRule, PortRange};
use crate::grant::GrantError;

impl FromStr for NetRule {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<NetRule, GrantError> {
        if let Some(error) = explain_url(text) {
            return Err(error);
        }
        let (host, ports) = split_ports(text)?;
        let ports = match ports {
            Some(ports) => ports.parse()?,
            None => PortRange::ALL,
        };
        Ok(NetRule::new(parse_host(host, text)?, ports))
    }
}

impl FromStr for Cidr {
    type Err = GrantError;

    /// With or without brackets around an IPv6 address.
    fn from_str(text: &str) -> Result<Cidr, GrantError> {
        parse_range(text, text)
    }
}

fn parse_host(host: &str, text: &str) -> Result<NetHost, GrantError> {
    if host == "public" {
        return Ok(NetHost::Public);
    }
    if host.eq_ignore_ascii_case("public") {
        return Err(rule_error(text, "\"public\" is written in small letters")
            .hint(format!("write {:?}", text.to_ascii_lowercase())));
    }
    if host.is_empty() {
        return Err(rule_error(text, "there is no host before the port")
            .hint("write \"public:443\" for every public address"));
    }
    if host == "*" {
        return Err(rule_error(text, "'*' alone is no host")
            .hint("write \"public\" for every public address, or a range"));
    }
    if !looks_like_range(host) {
        return HostPattern::read(host, text).map(NetHost::Name);
    }
    let range = parse_range(host, text)?;
    if range == Cidr::single(range.network()) && range.network().is_unspecified() {
        return Err(rule_error(text, "the unspecified address is nobody's")
            .hint("write \"public\" for every public address"));
    }
    Ok(NetHost::Range(range))
}

/// An address or a range, right or wrong, rather than a name.
fn looks_like_range(host: &str) -> bool {
    host.contains([':', '/', '[', ']']) || host.parse::<IpAddr>().is_ok()
}

/// A rule that was typed as an URL, or a part of one.
fn explain_url(text: &str) -> Option<GrantError> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let reason = if scheme.is_some() {
        "a rule has no scheme and no path, only a host and its ports"
    } else if host.len() < authority.len() {
        "a rule has no user, only a host and its ports"
    } else if host.len() < text.len() && !is_range(text) {
        "a rule has no path, only a host and its ports"
    } else {
        return None;
    };
    let known_port = match scheme {
        Some("http" | "ws") => ":80",
        Some("https" | "wss") => ":443",
        Some(_) | None => "",
    };
    let error = rule_error(text, reason);
    let candidates = [format!("{host}{known_port}"), host.to_owned()];
    let meant = candidates
        .into_iter()
        .filter(|meant| !meant.contains('/'))
        .find_map(|meant| meant.parse::<NetRule>().ok());
    Some(match meant {
        Some(meant) => error.hint(format!("write \"{meant}\"")),
        None => error.hint("write \"api.example.com:443\""),
    })
}

/// Whether what stands before the slash is an address, right or wrong.
fn is_range(text: &str) -> bool {
    let before = text.split('/').next().unwrap_or(text);
    let address = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '[' | ']');
    before.starts_with('[')
        || before.matches(':').count() > 1
        || before.parse::<IpAddr>().is_ok()
        || (before.chars().all(address) && before.bytes().all(|b| !b.is_ascii_alphabetic()))
}

/// Splits off `:443`. Colons inside an IPv6 address are none of it: it has brackets, or no ports.
pub(super) fn split_ports(text: &str) -> Result<(&str, Option<&str>), GrantError> {
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

pub(super) fn parse_range(host: &str, text: &str) -> Result<Cidr, GrantError> {
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
    address.parse().map_err(|_| {
        rule_error(text, "it is not an IP address").hint("write 10.1.2.3, 10.1.0.0/16 or [fd00::1]")
    })
}

pub(super) fn rule_error(text: &str, reason: &str) -> GrantError {
    GrantError::new(format!("cannot read {text:?} as a network rule"), reason)
}
