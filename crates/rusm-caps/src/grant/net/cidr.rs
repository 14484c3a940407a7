//! One address or a range of addresses, written `10.1.0.0/16`, `192.0.2.7`, `[fd00::]/8`, `[::1]`.
//!
//! Always in its one canonical form: no bits set behind the prefix, and an IPv4-mapped range is
//! the IPv4 range it stands for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::grant::GrantError;

/// A range of addresses that share their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// The range of one address.
    pub fn single(ip: IpAddr) -> Cidr {
        let network = unmapped(ip);
        Cidr {
            network,
            prefix: width(network),
        }
    }

    /// All addresses whose first `prefix` bits are those of `network`. Bits behind the prefix are
    /// a mistake, since it is unclear which of the two was meant.
    pub fn new(network: IpAddr, prefix: u8) -> Result<Cidr, GrantError> {
        let error = |reason: &str| {
            GrantError::new(
                format!("cannot read {network}/{prefix} as a range of addresses"),
                reason,
            )
        };
        if prefix > width(network) {
            return Err(error(&format!("the prefix is at most {}", width(network))));
        }
        let cut = masked(network, prefix);
        if cut != network {
            return Err(error("it has bits set behind its prefix").hint(format!(
                "write {} or {}",
                Cidr {
                    network: cut,
                    prefix
                },
                Cidr::single(network)
            )));
        }
        let (network, prefix) = match (unmapped(network), network) {
            (v4 @ IpAddr::V4(_), IpAddr::V6(_)) if prefix >= 96 => (v4, prefix - 96),
            (_, same) => (same, prefix),
        };
        Ok(Cidr { network, prefix })
    }

    /// For tables of well-known ranges, which a test checks.
    pub(super) const fn known_v4(network: Ipv4Addr, prefix: u8) -> Cidr {
        Cidr {
            network: IpAddr::V4(network),
            prefix,
        }
    }

    /// For tables of well-known ranges, which a test checks.
    pub(super) const fn known_v6(network: Ipv6Addr, prefix: u8) -> Cidr {
        Cidr {
            network: IpAddr::V6(network),
            prefix,
        }
    }

    /// The first address.
    pub fn network(&self) -> IpAddr {
        self.network
    }

    /// How many bits all addresses share.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether the address is in the range.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.contains_canonical(unmapped(ip))
    }

    /// The same for an address that stands for no other.
    pub(super) fn contains_canonical(&self, ip: IpAddr) -> bool {
        let n_shared = match (ip, self.network) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        n_shared >= u32::from(self.prefix)
    }

    /// Whether every address of `narrower` is in the range.
    pub fn covers(&self, narrower: Cidr) -> bool {
        self.prefix <= narrower.prefix && self.contains_canonical(narrower.network)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.network {
            IpAddr::V4(v4) => v4.fmt(f)?,
            IpAddr::V6(v6) => write!(f, "[{v6}]")?,
        }
        if self.prefix == width(self.network) {
            Ok(())
        } else {
            write!(f, "/{}", self.prefix)
        }
    }
}

/// The IPv4 address that an IPv4-mapped IPv6 address stands for; every other address as it is.
pub(super) fn unmapped(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

fn width(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address with every bit behind the prefix cleared.
fn masked(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(v4) => {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(prefix.min(32)))
                .unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128 - u32::from(prefix.min(128)))
                .unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}
