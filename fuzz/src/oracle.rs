//! Which addresses are reserved, told a second time: as spans of numbers, from the IANA special-purpose address
//! registries for IPv4 and IPv6, read independently of `rusm-caps`.

use std::net::{IpAddr, Ipv6Addr};

/// First and last address of what is reserved for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: u128,
    pub(crate) last: u128,
}

const V4: [(u32, u32); 20] = [
    (0x0000_0000, 0x00ff_ffff), // 0.0.0.0/8, RFC 791
    (0x0a00_0000, 0x0aff_ffff), // 10.0.0.0/8, RFC 1918
    (0x6440_0000, 0x647f_ffff), // 100.64.0.0/10, RFC 6598
    (0x7f00_0000, 0x7fff_ffff), // 127.0.0.0/8, RFC 1122
    (0xa83f_8110, 0xa83f_8110), // 168.63.129.16: a cloud's own service, in no registry
    (0xa9fe_0000, 0xa9fe_ffff), // 169.254.0.0/16, RFC 3927
    (0xac10_0000, 0xac1f_ffff), // 172.16.0.0/12, RFC 1918
    (0xc000_0000, 0xc000_00ff), // 192.0.0.0/24, RFC 6890
    (0xc000_0200, 0xc000_02ff), // 192.0.2.0/24, RFC 5737
    (0xc01f_c400, 0xc01f_c4ff), // 192.31.196.0/24, RFC 7535
    (0xc034_c100, 0xc034_c1ff), // 192.52.193.0/24, RFC 7450
    (0xc058_6300, 0xc058_63ff), // 192.88.99.0/24, RFC 7526
    (0xc0a8_0000, 0xc0a8_ffff), // 192.168.0.0/16, RFC 1918
    (0xc0af_3000, 0xc0af_30ff), // 192.175.48.0/24, RFC 7534
    (0xc612_0000, 0xc613_ffff), // 198.18.0.0/15, RFC 2544
    (0xc633_6400, 0xc633_64ff), // 198.51.100.0/24, RFC 5737
    (0xcb00_7100, 0xcb00_71ff), // 203.0.113.0/24, RFC 5737
    (0xe000_0000, 0xefff_ffff), // 224.0.0.0/4, RFC 1112
    (0xffff_ffff, 0xffff_ffff), // 255.255.255.255, RFC 919
    (0xf000_0000, 0xffff_ffff), // 240.0.0.0/4, RFC 1112
];

/// Spans of IPv6 that carry an IPv4 address or belong to one purpose, the narrower first. What is outside
/// 2000::/3 is not public at all.
const V6: [(u128, u32); 22] = [
    (0, 128),                                        // ::, RFC 4291
    (1, 128),                                        // ::1, RFC 4291
    (0, 96),                                         // ::/96, IPv4-compatible, RFC 4291
    (0xffff << 32, 96),                              // ::ffff:0:0/96, IPv4-mapped, RFC 4291
    (0xffff_0000 << 32, 96),                         // ::ffff:0:0:0/96, IPv4-translated, RFC 2765
    (0x0064_ff9b_0000_0000_0000_0000_0000_0000, 96), // NAT64, RFC 6052
    (0x0064_ff9b_0001_0000_0000_0000_0000_0000, 48), // local NAT64, RFC 8215
    (0x0100_0000_0000_0000_0000_0000_0000_0000, 64), // discard, RFC 6666
    (0x2001_0000_0000_0000_0000_0000_0000_0000, 32), // Teredo, RFC 4380
    (0x2001_0000_0000_0000_0000_0000_0000_0000, 23), // protocol assignments, RFC 2928
    (0x2001_0db8_0000_0000_0000_0000_0000_0000, 32), // documentation, RFC 3849
    (0x2002_0000_0000_0000_0000_0000_0000_0000, 16), // 6to4, RFC 3056
    (0x2620_004f_8000_0000_0000_0000_0000_0000, 48), // AS112, RFC 7534
    (0x3fff_0000_0000_0000_0000_0000_0000_0000, 20), // documentation, RFC 9637
    (0x5f00_0000_0000_0000_0000_0000_0000_0000, 16), // segment routing, RFC 9602
    (0xfc00_0000_0000_0000_0000_0000_0000_0000, 7),  // unique-local, RFC 4193
    (0xfe80_0000_0000_0000_0000_0000_0000_0000, 10), // link-local, RFC 4291
    (0xfec0_0000_0000_0000_0000_0000_0000_0000, 10), // site-local, RFC 3879
    (0xff00_0000_0000_0000_0000_0000_0000_0000, 8),  // multicast, RFC 4291
    (0x0000_0000_0000_0000_0000_0000_0000_0000, 3),  // the rest below 2000::/3
    (0x4000_0000_0000_0000_0000_0000_0000_0000, 2),  // the rest above it
    (0x8000_0000_0000_0000_0000_0000_0000_0000, 1),  // and the other half
];

/// The number of an address among those of its kind; an IPv4-mapped address is IPv4.
pub(crate) fn number(ip: IpAddr) -> (bool, u128) {
    match ip {
        IpAddr::V4(v4) => (true, u128::from(v4.to_bits())),
        IpAddr::V6(v6) if v6.to_bits() >> 32 == 0xffff => (true, v6.to_bits() & 0xffff_ffff),
        IpAddr::V6(v6) => (false, v6.to_bits()),
    }
}

/// The narrowest reserved span around an address; none for a public one.
pub(crate) fn reserved(ip: IpAddr) -> Option<Span> {
    let (is_v4, number) = number(ip);
    let span = |first: u128, last: u128| Span { first, last };
    let v4 = V4.map(|(first, last)| span(first.into(), last.into()));
    let v6 = V6.map(|(first, prefix)| span(first, first | (u128::MAX >> (prefix - 1) >> 1)));
    let spans: &[Span] = if is_v4 { &v4 } else { &v6 };
    let around = spans
        .iter()
        .filter(|span| (span.first..=span.last).contains(&number));
    around.min_by_key(|span| span.last - span.first).copied()
}

/// Every address at the edge of a reserved span, on both sides of it, and IPv4 in each disguise.
pub(crate) fn edges() -> Vec<IpAddr> {
    let mut ips = Vec::new();
    for (first, last) in V4 {
        for bits in [first.wrapping_sub(1), first, last, last.wrapping_add(1)] {
            ips.push(IpAddr::V4(bits.into()));
            let low = u128::from(bits);
            let disguises = [
                low,
                0xffff << 32 | low,
                0xffff_0000 << 32 | low,
                0x0064_ff9b << 96 | low,
                0x0064_ff9b_0001 << 80 | low,
                0x2002 << 112 | low << 80,
                0x2001 << 112 | !low & 0xffff_ffff,
            ];
            ips.extend(disguises.map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))));
        }
    }
    for (first, prefix) in V6 {
        let last = first | (u128::MAX >> (prefix - 1) >> 1);
        for bits in [first.wrapping_sub(1), first, last, last.wrapping_add(1)] {
            ips.push(IpAddr::V6(Ipv6Addr::from_bits(bits)));
        }
    }
    ips
}
