//! The name of a host as a guest wrote it, in its one canonical form.
//!
//! The same host can be written in many ways: in capitals, with a dot at its end, in Unicode, percent-encoded; an address as one number, in
//! octal, in hexadecimal, as IPv6 around IPv4. All of it is read once, here, by the rules that browsers use (WHATWG URL, "host
//! parsing"), and what is asked of the guard, looked up and dialled is the result. There is no second reading that could differ.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// The longest name that DNS can carry, in text (RFC 1035, 2.3.4).
const NAME_BYTES_MAX: usize = 253;
/// The longest text that is read at all: a name in Unicode is longer than what it becomes.
const TEXT_BYTES_MAX: usize = 1_024;
/// The longest label (RFC 1035, 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// What is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// An address; never IPv6 around IPv4.
    Address(IpAddr),
    /// A name: lower case, ASCII, without a dot at its end.
    Name(Arc<str>),
}

impl Host {
    /// Reads what stands in place of a host; none if that can be no host.
    pub(crate) fn read(text: &str) -> Option<Host> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Some(Host::from(IpAddr::from(address)));
        }
        match url::Host::parse(text).ok()? {
            url::Host::Ipv4(address) => Some(Host::from(IpAddr::from(address))),
            url::Host::Ipv6(address) => Some(Host::from(IpAddr::from(address))),
            url::Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(&name);
                is_name(name).then(|| Host::Name(name.into()))
            }
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Host {
        Host::Address(address.to_canonical())
    }
}

impl fmt::Display for Host {
    /// As the guard and the manifest write it: IPv6 without brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Address(address) => address.fmt(f),
            Host::Name(name) => f.write_str(name),
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    name.len() <= NAME_BYTES_MAX
        && name.split('.').all(|label| {
            (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(is_letter)
        })
}

/// What a name that always means this machine stands for (RFC 6761, 6.3); none for any other name.
pub(super) fn loopback(name: &str) -> Option<[IpAddr; 2]> {
    let is_local = name == "localhost" || name.ends_with(".localhost");
    is_local.then(|| [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        Host::read(text).map_or_else(|| "none".to_owned(), |host| host.to_string())
    }

    /// However it is disguised, an address is that address.
    #[test]
    fn an_address_is_read_the_same_however_it_is_written() {
        let disguises = [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
            "１２７.0.0.1",
            "127。0。0。1",
            "::ffff:127.0.0.1",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "0:0:0:0:0:ffff:7f00:0001",
        ];
        for text in disguises {
            assert_eq!(read(text), "127.0.0.1", "{text}");
        }
        assert_eq!(read("[::1]"), "::1");
        assert_eq!(read("0"), "0.0.0.0");
        assert_eq!(read("::127.0.0.1"), "::7f00:1", "compatible, not mapped");
    }

    /// A name is lower case and ASCII, and ends without a dot.
    #[test]
    fn a_name_is_read_in_one_form() {
        for text in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "LocalHost.",
            "ｌocalhost",
        ] {
            assert_eq!(read(text), "localhost", "{text}");
        }
        assert_eq!(read("API.Example.Com."), "api.example.com");
        assert_eq!(read("bücher.example"), "xn--bcher-kva.example");
        assert_eq!(read("_srv.example"), "_srv.example");
        assert!(loopback("localhost").is_some() && loopback("a.b.localhost").is_some());
        assert!(loopback("notlocalhost").is_none() && loopback("localhost.example").is_none());
    }

    #[test]
    fn what_can_be_no_host_is_none() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long_name = vec!["abcdefgh"; 29].join(".");
        let endless = "a.".repeat(1 << 20);
        let none = [
            "",
            ".",
            "..",
            "a..b",
            "example.com..",
            "*.example.com",
            "a b",
            "a/b",
            "a@b",
            "a:80",
            "a#b",
            "a\0b",
            "a\nb",
            "256.0.0.1",
            "1.2.3.4.5",
            "0x100000000",
            "[::1",
            "::1%lo",
            "[fe80::1%25eth0]",
            "[127.0.0.1]",
            &long_label,
            &long_name,
            &endless,
        ];
        for text in none {
            assert_eq!(read(text), "none", "{}", text.escape_debug());
        }
    }
}
