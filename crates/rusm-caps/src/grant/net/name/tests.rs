//! Which text is a name, and which names a pattern is about.

use super::*;

fn pattern(text: &str) -> HostPattern {
    HostPattern::read(text, text).expect(text)
}

fn reason(text: &str) -> String {
    HostPattern::read(text, text)
        .expect_err(text)
        .reason()
        .to_owned()
}

/// `*.a.b` is about everything beneath `a.b`, however deep, and not about `a.b` or its neighbours.
#[test]
fn a_star_is_about_what_is_beneath() {
    let rows = [
        ("*.example.com", "api.example.com", true),
        ("*.example.com", "a.b.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", ".example.com", false),
        ("*.example.com", "notexample.com", false),
        ("*.example.com", "api.example.com.evil.test", false),
        ("*.internal", "db.internal", true),
        ("api.example.com", "api.example.com", true),
        ("api.example.com", "v2.api.example.com", false),
        ("example.com", "api.example.com", false),
    ];
    for (text, name, covered) in rows {
        assert_eq!(pattern(text).covers(name), covered, "{text} {name}");
    }
}

/// Neither the case of a name nor the dot that completes it makes a difference, on either side.
#[test]
fn case_and_the_last_dot_make_no_difference() {
    let shouted = pattern("API.Example.COM.");
    assert_eq!(shouted.to_string(), "api.example.com");
    for name in ["api.example.com", "API.EXAMPLE.com.", "aPi.eXaMpLe.CoM"] {
        assert!(shouted.covers(name), "{name}");
    }
    assert!(pattern("*.Example.com").covers("A.EXAMPLE.COM."));
    assert!(!shouted.covers("api.example.com.."));
}

/// A look-alike is another name: nothing but ASCII letters, digits and hyphens is compared.
#[test]
fn look_alikes_are_no_names() {
    for name in [
        "аpi.example.com",         // a Cyrillic letter
        "api.example\u{3002}com",  // an ideographic full stop
        "api.example.com\u{200b}", // a space of no width
        "ａpi.example.com",        // a full-width letter
        "api\u{ad}.example.com",   // a soft hyphen
        "api.example.com\0.evil.test",
        "api.example.com ",
        "api.example.com/",
        "api.example.com#.evil.test",
        "user@api.example.com",
        "api.example.com:443",
    ] {
        assert_eq!(host_name(name), None, "{name:?}");
        assert!(!pattern("*.example.com").covers(name), "{name:?}");
        assert!(
            name.parse::<crate::NetRule>().is_err() || name.contains(':'),
            "{name:?}"
        );
    }
    assert_eq!(
        pattern("xn--pi-7kc.example.com").to_string(),
        "xn--pi-7kc.example.com"
    );
}

/// What a resolver would read as an IPv4 address is no name, in a rule or in a look-up.
#[test]
fn disguised_addresses_are_no_names() {
    for name in [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0X7F.0.0.1",
        "127.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "127.0.0.256",
        "1.2.3.4.5",
        "10.0.0",
        "a.b.1",
        "a.0x",
        "api.example.0xff",
        "4294967296",
        "00000000.0x7f.1",
    ] {
        assert_eq!(host_name(name), None, "{name}");
        assert!(
            reason(name).contains("in disguise") || reason(name).contains("ends in a number"),
            "{name}: {}",
            reason(name)
        );
    }
    for name in ["1.example.com", "0x7f.example", "4chan.org", "a.1b", "0xg"] {
        assert_eq!(host_name(name), Some(name));
    }
}

/// Lengths are checked at their edges, with and without the last dot.
#[test]
fn lengths_are_checked_at_their_edges() {
    let label = |n: usize| "a".repeat(n);
    assert!(host_name(&label(63)).is_some());
    assert!(reason(&label(64)).contains("more than 63"));
    let long = [label(63), label(63), label(63), label(61)].join(".");
    assert_eq!(long.len(), 253);
    assert!(host_name(&long).is_some() && host_name(&format!("{long}.")).is_some());
    assert!(reason(&format!("{long}a")).contains("at most 253"));
    assert!(reason(&"a.".repeat(100_000)).contains("at most 253"));
}

/// Each kind of mistake has its own reason.
#[test]
fn mistakes_are_told_apart() {
    for (text, expected) in [
        ("a..b", "two dots"),
        (".a", "two dots"),
        ("*.", "two dots"),
        ("my_host", "underscore"),
        ("-a.b", "hyphen"),
        ("a-.b", "hyphen"),
        ("api.*.com", "'*'"),
        ("*api.com", "'*'"),
        ("*.*.com", "'*'"),
        ("münchen.example", "ASCII"),
        ("a b", "neither"),
        ("a/b", "neither"),
    ] {
        assert!(reason(text).contains(expected), "{text}: {}", reason(text));
    }
}

/// A pattern covers another if it is about every name of it.
#[test]
fn patterns_cover_what_is_beneath() {
    let covers = |outer: &str, inner: &str| pattern(outer).covers_pattern(&pattern(inner));
    assert!(covers("a.b", "A.b."));
    assert!(!covers("a.b", "*.a.b"));
    assert!(covers("*.a.b", "x.a.b"));
    assert!(!covers("*.a.b", "a.b"));
    assert!(covers("*.a.b", "*.a.b"));
    assert!(covers("*.a.b", "*.x.a.b"));
    assert!(!covers("*.x.a.b", "*.a.b"));
    assert!(!covers("*.a.b", "*.xa.b"));
}
