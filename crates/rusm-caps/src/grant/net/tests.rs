//! What the network rules open and keep shut.

use super::*;

fn grant(rules: &[&str]) -> NetGrant {
    NetGrant::Rules(rules.iter().map(|text| text.parse().expect(text)).collect())
}

fn allows(rules: &[&str], addr: &str) -> bool {
    grant(rules).covers(addr.parse().expect(addr))
}

/// Public means public: every reserved block and every disguise of one stays shut.
#[test]
fn public_opens_no_reserved_address_in_any_disguise() {
    let shut = [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "192.88.99.1",
        "[::]",
        "[::1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:0.0.0.0]",
        "[::ffff:0:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::808:808]",
        "[64:ff9b:1::a00:1]",
        "[2002:7f00:1::]",
        "[2002:808:808::1]",
        "[2001::1]",
        "[2001:0:4136:e378::]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[ff0e::1]",
        "[100::1]",
        "[5f00::1]",
        "[4000::1]",
        "[e000::1]",
    ];
    for ip in shut {
        assert!(!allows(&["public"], &format!("{ip}:80")), "{ip}");
    }
    for ip in [
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.0",
        "172.32.0.1",
        "[2606:4700::1111]",
        "[2a00::1]",
        "[::ffff:8.8.8.8]",
    ] {
        assert!(allows(&["public"], &format!("{ip}:80")), "{ip}");
    }
}

/// A wide range does not name the reserved blocks it happens to contain; the block itself does.
#[test]
fn only_a_rule_that_names_a_reserved_block_opens_it() {
    assert!(allows(&["0.0.0.0/0"], "8.8.8.8:80"));
    for ip in [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "255.255.255.255",
    ] {
        assert!(!allows(&["0.0.0.0/0"], &format!("{ip}:80")), "{ip}");
        assert!(allows(&[ip], &format!("{ip}:80")), "{ip}");
    }
    assert!(!allows(&["[::]/0"], "[::1]:80"));
    assert!(!allows(&["[::]/3"], "[64:ff9b::7f00:1]:80"));
    assert!(!allows(&["240.0.0.0/4"], "255.255.255.255:80"));
    assert!(allows(&["10.1.0.0/16"], "10.1.255.3:80"));
    assert!(!allows(&["10.1.0.0/16"], "10.2.0.1:80"));
    assert!(allows(&["fd00::/8"], "[fd00::1]:80"));
    assert!(allows(&["64:ff9b::/96"], "[64:ff9b::808:808]:80"));
}

/// A mapped address is the address it stands for, in targets and in rules.
#[test]
fn mapped_addresses_are_seen_through() {
    assert!(allows(&["10.0.0.0/8"], "[::ffff:10.1.1.1]:80"));
    assert!(allows(&["[::ffff:10.0.0.0]/104"], "10.1.1.1:80"));
    assert!(!allows(&["[::ffff:0:0]/96"], "127.0.0.1:80"));
    assert!(!allows(&["[::ffff:0:0]/96"], "[::ffff:127.0.0.1]:80"));
}

/// The unspecified address, which kernels take for loopback, is never reached.
#[test]
fn the_unspecified_address_is_never_a_target() {
    assert!(!allows(&["0.0.0.0/8"], "0.0.0.0:80"));
    assert!("0.0.0.0".parse::<NetRule>().is_err());
    assert!("[::]:80".parse::<NetRule>().is_err());
}

/// Ports bound a rule on both sides.
#[test]
fn ports_are_checked_at_their_edges() {
    for (port, allowed) in [(7999, false), (8000, true), (8100, true), (8101, false)] {
        assert_eq!(
            allows(&["public:8000-8100"], &format!("8.8.8.8:{port}")),
            allowed,
            "{port}"
        );
    }
    assert!(allows(&["public"], "8.8.8.8:0"));
}

/// Names are looked up only by who may reach public addresses; an address needs no look-up.
#[test]
fn lookups_need_a_public_rule() {
    assert!(grant(&["public:443"]).covers_lookup("example.com"));
    assert!(!grant(&["10.0.0.0/8"]).covers_lookup("example.com"));
    assert!(grant(&["10.0.0.0/8"]).covers_lookup("10.0.0.1"));
    assert!(!grant(&["public"]).covers_lookup("127.0.0.1"));
    assert!(!NetGrant::Off.covers_lookup("example.com"));
}

/// Each form of a rule prints as it was written, or in its one canonical spelling.
#[test]
fn rules_print_in_one_spelling() {
    let check = |text: &str, printed: &str| {
        assert_eq!(text.parse::<NetRule>().unwrap().to_string(), printed)
    };
    check("public", "public");
    check("public:443", "public:443");
    check("10.1.0.0/16:5432", "10.1.0.0/16:5432");
    check("10.1.2.3/32", "10.1.2.3");
    check("[::1]:80", "[::1]:80");
    check("::1", "[::1]");
    check("fd00::/8", "[fd00::]/8");
    check("[fd00::]/8:1-2", "[fd00::]/8:1-2");
    check("[::ffff:10.0.0.0]/104", "10.0.0.0/8");
}

/// A mistake says what is wrong and what to write.
#[test]
fn mistakes_are_explained() {
    let check = |text: &str, reason: &str, hint: &str| {
        let error = text.parse::<NetRule>().expect_err(text);
        assert!(error.reason().contains(reason), "{text}: {error}");
        assert!(
            error.suggestion().unwrap_or("").contains(hint),
            "{text}: {:?}",
            error.suggestion()
        );
    };
    check("", "empty", "");
    check("10.1.2.3/16", "behind its prefix", "10.1.0.0/16");
    check("10.0.0.0/33", "at most 32", "");
    check("10.0.0.0/+8", "prefix length", "");
    check("10.0.0:80", "ends in a number", "10.1.2.3");
    check("public:0", "1 to 65535", "443");
    check("public:9-3", "backwards", "3-9");
    check("public:", "1 to 65535", "");
    check("[::1:80", "not an IP address", "[fd00::1]");
    check("[nope]:80", "brackets", "");
    check("*", "no host", "public");
    check("a b", "neither", "");
}

/// Covering looks at blocks as allowing does: a wide range does not cover a reserved one in it.
#[test]
fn covering_follows_allowing() {
    let covers = |outer: &[&str], inner: &[&str]| grant(outer).covers_grant(&grant(inner));
    assert!(covers(&["public"], &["8.8.8.0/24:53", "0.0.0.0/0"]));
    assert!(!covers(&["public"], &["10.0.0.0/8"]));
    assert!(!covers(&["0.0.0.0/0"], &["127.0.0.1"]));
    assert!(covers(&["127.0.0.0/8"], &["127.0.0.1:80"]));
    assert!(!covers(&["127.0.0.1:80"], &["127.0.0.1"]));
    assert!(covers(&[], &[]));
    assert!(!NetGrant::Off.covers_grant(&grant(&["public"])));
}
