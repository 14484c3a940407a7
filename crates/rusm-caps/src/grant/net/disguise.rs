//! Which IPv4 address a resolver would take a text for.
//!
//! `inet_aton` and the URL standard both read `2130706433`, `0x7f.1`, `127.1` and `0177.0.0.1` as
//! 127.0.0.1. No rule can be written so; this is for telling whoever did what it would have meant.

use std::net::Ipv4Addr;

/// The address, if the text is one in any spelling.
pub(super) fn disguised(text: &str) -> Option<Ipv4Addr> {
    let mut parts = text.split('.').map(number).collect::<Option<Vec<u32>>>()?;
    let last = parts.pop()?;
    let n_bits_before = match parts.len() {
        n_parts @ 0..=3 => 8 * u32::try_from(n_parts).ok()?,
        _ => return None,
    };
    if u64::from(last) >> (32 - n_bits_before) > 0 {
        return None;
    }
    let mut bits = last;
    for (position, part) in (0..).zip(parts) {
        bits |= u32::from(u8::try_from(part).ok()?) << (24 - 8 * position);
    }
    Some(Ipv4Addr::from_bits(bits))
}

/// Decimal, octal after a zero, hexadecimal after `0x`.
fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix('0') {
        None => (text, 10),
        Some("") => ("0", 10),
        Some(rest) => match rest.strip_prefix(['x', 'X']) {
            Some("") => ("0", 16),
            Some(digits) => (digits, 16),
            None => (rest, 8),
        },
    };
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_plain.then(|| u32::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each spelling is the address it stands for, and what is none is none.
    #[test]
    fn spellings_are_seen_through() {
        let loopback = Some(Ipv4Addr::LOCALHOST);
        for text in [
            "2130706433",
            "0x7f000001",
            "017700000001",
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0177.0.0.1",
            "0X7F.0x0.0.01",
            "127.0.0.1",
        ] {
            assert_eq!(disguised(text), loopback, "{text}");
        }
        assert_eq!(disguised("0"), Some(Ipv4Addr::UNSPECIFIED));
        assert_eq!(disguised("10.0x"), Some(Ipv4Addr::new(10, 0, 0, 0)));
        assert_eq!(disguised("4294967295"), Some(Ipv4Addr::BROADCAST));
        for text in [
            "",
            ".",
            "4294967296",
            "256.1",
            "1.2.3.256",
            "1.2.3.4.5",
            "127.16777216",
            "08",
            "a.1",
            "+1",
            "1..2",
            "0xg",
        ] {
            assert_eq!(disguised(text), None, "{text}");
        }
    }
}
