//! Where a rule lets one listen.

use super::*;

fn rule(text: &str) -> ListenRule {
    text.parse().expect(text)
}

fn covers(text: &str, addr: &str) -> bool {
    rule(text).covers(addr.parse().expect(addr))
}

/// A rule is about its addresses and ports, mapped spellings included, and nothing beside them.
#[test]
fn a_rule_is_about_its_addresses_and_ports() {
    for (text, addr, covered) in [
        ("127.0.0.1:9000", "127.0.0.1:9000", true),
        ("127.0.0.1:9000", "127.0.0.1:9001", false),
        ("127.0.0.1:9000", "127.0.0.2:9000", false),
        ("127.0.0.1:9000", "[::1]:9000", false),
        ("127.0.0.1:9000", "[::ffff:127.0.0.1]:9000", true),
        ("[::1]:8000-8100", "[::1]:8100", true),
        ("[::1]:8000-8100", "[::1]:8101", false),
        ("127.0.0.0/8:80", "127.3.2.1:80", true),
        ("127.0.0.1", "127.0.0.1:0", true),
        ("127.0.0.1:9000", "127.0.0.1:0", false),
    ] {
        assert_eq!(covers(text, addr), covered, "{text} {addr}");
    }
}

/// Every interface of the machine is opened by name only, each family by its own.
#[test]
fn every_interface_must_be_named() {
    assert!(covers("0.0.0.0:80", "0.0.0.0:80"));
    assert!(covers("[::]:80", "[::]:80"));
    assert!(covers("0.0.0.0:80", "[::ffff:0.0.0.0]:80"));
    assert!(!covers("0.0.0.0:80", "[::]:80"));
    assert!(!covers("0.0.0.0:80", "127.0.0.1:80"));
    for around in ["0.0.0.0/0", "0.0.0.0/31"] {
        assert!(!covers(around, "0.0.0.0:80"), "{around}");
    }
    for around in ["[::]/0", "[::]/127"] {
        assert!(!covers(around, "[::]:80"), "{around}");
    }
    assert!(ListenGrant::Anywhere.covers("0.0.0.0:80".parse().unwrap()));
}

/// Covering follows allowing, every interface included.
#[test]
fn covering_follows_allowing() {
    let grant = |rules: &[&str]| ListenGrant::Rules(rules.iter().map(|text| rule(text)).collect());
    let covers = |outer: &[&str], inner: &[&str]| grant(outer).covers_grant(&grant(inner));
    assert!(covers(&["127.0.0.0/8"], &["127.0.0.1:80", "127.1.0.0/16"]));
    assert!(!covers(&["127.0.0.1:80"], &["127.0.0.1"]));
    assert!(!covers(&["0.0.0.0/0"], &["0.0.0.0:80"]));
    assert!(covers(&["0.0.0.0"], &["0.0.0.0:80"]));
    assert!(covers(&["0.0.0.0/0"], &["0.0.0.0/1"]));
    assert!(ListenGrant::Anywhere.covers_grant(&grant(&["0.0.0.0"])));
    assert!(!grant(&["0.0.0.0", "[::]"]).covers_grant(&ListenGrant::Anywhere));
    assert!(ListenGrant::Off.covers_grant(&grant(&[])) && grant(&[]).is_empty());
    assert!(!ListenGrant::Off.covers_grant(&grant(&["127.0.0.1"])));
}

/// Rules print in one spelling, and are read back.
#[test]
fn rules_are_read_back() {
    for text in [
        "127.0.0.1:9000",
        "[::1]:8000-8100",
        "10.0.0.0/8",
        "0.0.0.0:80",
        "[::]",
    ] {
        assert_eq!(rule(text).to_string(), text);
    }
    assert_eq!(rule("[::ffff:10.0.0.1]:1").to_string(), "10.0.0.1:1");
}

/// A name, nothing or a star in place of the address is answered with the addresses to write.
#[test]
fn what_is_no_address_is_explained() {
    for (text, hint) in [
        ("localhost:9000", "\"127.0.0.1:9000\" or \"[::1]:9000\""),
        ("api.example.com", "\"127.0.0.1\" or \"[::1]\""),
        (":80", "\"0.0.0.0:80\" or \"[::]:80\""),
        ("*:80", "\"0.0.0.0:80\" or \"[::]:80\""),
        ("public", "\"0.0.0.0\" or \"[::]\""),
        ("127.1:80", "10.1.2.3"),
        ("127.0.0.1:http", "443"),
        ("10.0.0.1/8", "10.0.0.0/8"),
    ] {
        let error = text.parse::<ListenRule>().expect_err(text);
        let suggestion = error.suggestion().unwrap_or_default();
        assert!(suggestion.contains(hint), "{text}: {suggestion}");
    }
    assert!("".parse::<ListenRule>().is_err());
}
