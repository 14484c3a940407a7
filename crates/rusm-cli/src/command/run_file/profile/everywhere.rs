//! What the bare `--allow-net` opens: every address, as in other runtimes.
//!
//! `public` is not all there is, and a rule opens a reserved block only by lying inside it. So the
//! blocks are named one by one: who types the bare flag means loopback and the local network too.

use rusm_caps::NetRule;

/// Addresses that are not public, by what they are for.
const RESERVED: [&str; 22] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255",
    "[::1]",
    "[64:ff9b::]/96",
    "[2001:db8::]/32",
    "[fc00::]/7",
    "[fe80::]/10",
    "[ff00::]/8",
];

/// Rules that together open every address that a program could reach.
pub(super) fn rules() -> Vec<NetRule> {
    let reserved = RESERVED.iter().map(|text| {
        text.parse()
            .expect("a test reads every range of this table")
    });
    std::iter::once(NetRule::PUBLIC).chain(reserved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusm_caps::NetGrant;

    /// Every range of the table is read, and opens its own first and last address.
    #[test]
    fn every_kind_of_address_is_open() {
        let grant = NetGrant::Rules(rules());
        let addresses = [
            "127.0.0.1",
            "127.255.255.255",
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "172.31.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.251",
            "255.255.255.255",
            "1.1.1.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "ff02::fb",
            "2001:db8::1",
            "2600::1",
            "64:ff9b::808:808",
        ];
        for address in addresses {
            assert!(
                grant.covers((address.parse::<std::net::IpAddr>().unwrap(), 80).into()),
                "{address}"
            );
        }
        assert!(grant.covers_lookup("example.com"));
    }
}
