//! Which addresses are not public, block by block.
//!
//! Every block that the special-purpose registries reserve for one host, one site, one link,
//! groups, documentation, tests, or for carrying another address inside it. Outside `2000::/3`
//! nothing of IPv6 is public, known block or not. Documentation and benchmark ranges count as not
//! public: nothing real answers there, and a lab may route them.
//!
//! A network's own NAT64 prefix (RFC 6052) is any prefix of its choice, so it cannot stand here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cidr::Cidr;

/// A range of addresses that is not public, and what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) range: Cidr,
    pub(super) kind: &'static str,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8, kind: &'static str) -> Block {
    Block {
        range: Cidr::known_v4(Ipv4Addr::new(a, b, c, d), prefix),
        kind,
    }
}

const fn v6(a: u16, b: u16, c: u16, d: u16, prefix: u8, kind: &'static str) -> Block {
    Block {
        range: Cidr::known_v6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix),
        kind,
    }
}

const fn v6_low(e: u16, f: u16, g: u16, h: u16, prefix: u8, kind: &'static str) -> Block {
    Block {
        range: Cidr::known_v6(Ipv6Addr::new(0, 0, 0, 0, e, f, g, h), prefix),
        kind,
    }
}

/// A block within another comes before it, so that the first that fits is the closest.
static BLOCKS: &[Block] = &[
    v4(0, 0, 0, 0, 8, "this network"),
    v4(10, 0, 0, 0, 8, "private"),
    v4(100, 64, 0, 0, 10, "carrier-grade NAT"),
    v4(127, 0, 0, 0, 8, "loopback"),
    // Not reserved by any registry: where Azure answers its guests, as others do at 169.254.169.254.
    v4(168, 63, 129, 16, 32, "a cloud's service for its guests"),
    v4(169, 254, 0, 0, 16, "link-local"),
    v4(172, 16, 0, 0, 12, "private"),
    v4(192, 0, 0, 0, 24, "reserved for protocols"),
    v4(192, 0, 2, 0, 24, "documentation"),
    v4(192, 31, 196, 0, 24, "reserved for protocols"),
    v4(192, 52, 193, 0, 24, "reserved for protocols"),
    v4(192, 88, 99, 0, 24, "6to4 relay"),
    v4(192, 168, 0, 0, 16, "private"),
    v4(192, 175, 48, 0, 24, "reserved for protocols"),
    v4(198, 18, 0, 0, 15, "benchmarking"),
    v4(198, 51, 100, 0, 24, "documentation"),
    v4(203, 0, 113, 0, 24, "documentation"),
    v4(224, 0, 0, 0, 4, "multicast"),
    v4(255, 255, 255, 255, 32, "broadcast"),
    v4(240, 0, 0, 0, 4, "reserved"),
    // IPv6 below 2000::/3: one host, and other addresses in disguise.
    v6_low(0, 0, 0, 0, 128, "unspecified"),
    v6_low(0, 0, 0, 1, 128, "loopback"),
    v6_low(0, 0, 0, 0, 96, "IPv4-compatible"),
    v6_low(0, 0xffff, 0, 0, 96, "IPv4-mapped"),
    v6_low(0xffff, 0, 0, 0, 96, "IPv4-translated"),
    v6(0x64, 0xff9b, 0, 0, 96, "NAT64"),
    v6(0x64, 0xff9b, 1, 0, 48, "local NAT64"),
    v6(0x100, 0, 0, 0, 64, "discard"),
    v6(0, 0, 0, 0, 3, "reserved"),
    // Inside 2000::/3.
    v6(0x2001, 0, 0, 0, 32, "Teredo"),
    v6(0x2001, 0, 0, 0, 23, "reserved for protocols"),
    v6(0x2001, 0xdb8, 0, 0, 32, "documentation"),
    v6(0x2002, 0, 0, 0, 16, "6to4"),
    v6(0x2620, 0x4f, 0x8000, 0, 48, "reserved for protocols"),
    v6(0x3fff, 0, 0, 0, 20, "documentation"),
    // Above it.
    v6(0x5f00, 0, 0, 0, 16, "segment routing"),
    v6(0x4000, 0, 0, 0, 2, "reserved"),
    v6(0xfc00, 0, 0, 0, 7, "unique-local"),
    v6(0xfe80, 0, 0, 0, 10, "link-local"),
    v6(0xfec0, 0, 0, 0, 10, "site-local"),
    v6(0xff00, 0, 0, 0, 8, "multicast"),
    v6(0x8000, 0, 0, 0, 1, "reserved"),
];

/// The closest block around an address that stands for no other; none if it is public.
pub(super) fn block_of(ip: IpAddr) -> Option<Block> {
    let around = BLOCKS
        .iter()
        .find(|block| block.range.contains_canonical(ip));
    around.copied().or_else(|| isatap(ip))
}

/// Every block that holds the whole range.
pub(super) fn blocks_around(range: Cidr) -> impl Iterator<Item = Block> {
    let around = BLOCKS.iter().filter(move |block| block.range.covers(range));
    let single = (range == Cidr::single(range.network())).then(|| range.network());
    around.copied().chain(single.and_then(isatap))
}

/// An IPv4 address as the interface part of an IPv6 address, under any prefix (RFC 5214, section
/// 6.1): a block of its own, since no range holds them all.
fn isatap(ip: IpAddr) -> Option<Block> {
    let IpAddr::V6(v6) = ip else {
        return None;
    };
    let interface = v6.to_bits() >> 32 & 0xffff_ffff;
    matches!(interface, 0x0000_5efe | 0x0200_5efe).then(|| Block {
        range: Cidr::single(ip),
        kind: "ISATAP",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table is well formed: canonical ranges, and the closer block before the one around it.
    #[test]
    fn the_table_is_in_order() {
        for (position, block) in BLOCKS.iter().enumerate() {
            // The mapped block is the only one whose canonical form is another family's.
            if block.kind != "IPv4-mapped" {
                assert_eq!(
                    Cidr::new(block.range.network(), block.range.prefix()),
                    Ok(block.range)
                );
            }
            let hidden = BLOCKS
                .iter()
                .take(position)
                .find(|earlier| earlier.range.covers(block.range));
            assert!(hidden.is_none(), "{} hides behind {hidden:?}", block.range);
        }
    }
}
