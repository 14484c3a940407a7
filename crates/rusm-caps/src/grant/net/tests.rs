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

/// A name that no rule names is looked up under a public rule only; an address needs no look-up.
#[test]
fn lookups_need_a_public_rule() {
    assert!(grant(&["public:443"]).covers_lookup("example.com"));
    assert!(!grant(&["0.0.0.0/0", "[::]/0"]).covers_lookup("example.com"));
    assert!(grant(&["10.0.0.0/8"]).covers_lookup("10.0.0.1"));
    assert!(!grant(&["public"]).covers_lookup("127.0.0.1"));
    assert!(!NetGrant::Off.covers_lookup("example.com"));
}

/// A name is looked up under a rule that is about it, and under no rule that is about another.
#[test]
fn lookups_need_a_rule_that_covers_the_name() {
    let named = grant(&["api.example.com:443", "*.internal.example"]);
    for name in ["api.example.com", "API.example.com.", "db.internal.example"] {
        assert!(named.covers_lookup(name), "{name}");
    }
    for name in [
        "example.com",
        "internal.example",
        "8.8.8.8",
        "api.example.com.evil.test",
    ] {
        assert!(!named.covers_lookup(name), "{name}");
    }
}

/// What a resolver could take for an address, or for something else than it looks like, is looked
/// up by nobody.
#[test]
fn nobody_looks_up_what_is_no_name() {
    let everything = grant(&["public", "127.0.0.0/8", "localhost"]);
    for name in [
        "2130706433",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "１２７.0.0.1",
        "[::1]",
        "fe80::1%eth0",
        "a_b.example.com",
        "a.example.com\0",
        "",
        ".",
        "münchen.example",
    ] {
        assert!(!everything.covers_lookup(name), "{name:?}");
        assert!(!everything.covers_name(name, 80), "{name:?}");
    }
    assert!(
        everything.covers_lookup("127.0.0.1") && everything.covers_lookup("xn--mnchen-3ya.example")
    );
}

fn allows_named(rules: &[&str], addr: &str, names: &[&str]) -> bool {
    let names: Vec<Arc<str>> = names.iter().map(|name| Arc::from(*name)).collect();
    grant(rules).covers_connect(addr.parse().expect(addr), &names)
}

/// A rule by name opens the public addresses that the name led to, on its ports, and to nobody who
/// did not look the name up.
#[test]
fn a_name_opens_the_public_addresses_it_led_to() {
    let rules = ["api.example.com:443", "*.cdn.example:8000-8100"];
    assert!(allows_named(&rules, "8.8.8.8:443", &["api.example.com"]));
    assert!(allows_named(
        &rules,
        "8.8.8.8:443",
        &["other.example", "API.Example.com."]
    ));
    assert!(allows_named(
        &rules,
        "[2606:4700::1]:8050",
        &["a.b.cdn.example"]
    ));
    assert!(!allows_named(&rules, "8.8.8.8:443", &[]));
    assert!(!allows_named(&rules, "8.8.8.8:80", &["api.example.com"]));
    assert!(!allows_named(&rules, "8.8.8.8:443", &["other.example"]));
    assert!(!allows_named(&rules, "8.8.8.8:443", &["a.cdn.example"]));
}

/// Whoever answers for a name opens nothing reserved by answering with it.
#[test]
fn a_name_never_opens_a_reserved_address() {
    for ip in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "168.63.129.16",
        "[::1]",
        "[::]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[ff02::1]",
        "[::ffff:10.0.0.1]",
        "[::7f00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "[2606:4700::5efe:127.0.0.1]",
        "[2606:4700::200:5efe:127.0.0.1]",
    ] {
        let addr = format!("{ip}:443");
        assert!(
            !allows_named(&["*.example.com", "public"], &addr, &["api.example.com"]),
            "{ip}"
        );
    }
    // With the address named beside it, it is open, by name or not.
    assert!(allows_named(
        &["db.example.com", "10.0.0.0/8"],
        "10.0.0.1:443",
        &["db.example.com"]
    ));
}

/// `localhost` stands for loopback, and for nothing else; nothing else stands for loopback.
#[test]
fn localhost_stands_for_loopback_alone() {
    let localhost = ["localhost:80"];
    for addr in [
        "127.0.0.1:80",
        "127.0.1.1:80",
        "[::1]:80",
        "[::ffff:127.0.0.1]:80",
    ] {
        assert!(allows_named(&localhost, addr, &["LOCALHOST."]), "{addr}");
        assert!(!allows_named(&localhost, addr, &[]), "{addr}");
        assert!(
            !allows_named(&["*.localhost", "a.localhost"], addr, &["a.localhost"]),
            "{addr}"
        );
        assert!(
            !allows_named(&["public", "*.example"], addr, &["localhost"]),
            "{addr}"
        );
    }
    for addr in ["8.8.8.8:80", "10.0.0.1:80", "127.0.0.1:81", "0.0.0.0:80"] {
        assert!(!allows_named(&localhost, addr, &["localhost"]), "{addr}");
    }
}

/// A port of a name can be opened by a rule that is about both at once.
#[test]
fn a_name_and_its_port_are_asked_together() {
    let rules = grant(&["api.example.com:443", "other.example:80", "10.0.0.1:5432"]);
    assert!(rules.covers_name("api.example.com", 443));
    assert!(!rules.covers_name("api.example.com", 80));
    assert!(rules.covers_name("10.0.0.1", 5432) && !rules.covers_name("10.0.0.1", 443));
    assert!(grant(&["public:443"]).covers_name("any.example", 443));
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
    check("API.Example.com.:443", "api.example.com:443");
    check(
        "*.Internal.example:8000-8100",
        "*.internal.example:8000-8100",
    );
    check("localhost", "localhost");
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
    check("10.0.0:80", "in disguise", "10.0.0.0");
    check("10.0.0.256", "ends in a number", "10.1.2.3");
    check("public:0", "1 to 65535", "443");
    check("public:9-3", "backwards", "3-9");
    check("public:", "1 to 65535", "");
    check("[::1:80", "not an IP address", "[fd00::1]");
    check("[nope]:80", "brackets", "");
    check("*", "no host", "public");
    check("a b", "neither", "");
    check("https://x.example/", "no scheme", "\"x.example:443\"");
    check(
        "http://me@x.example:8080/a?b",
        "no scheme",
        "\"x.example:8080\"",
    );
    check(
        "https://[2606:4700::1]/",
        "no scheme",
        "\"[2606:4700::1]:443\"",
    );
    check("x.example:443/path", "no path", "\"x.example:443\"");
    check("x.example?q", "no path", "\"x.example\"");
    check("me@x.example:22", "no user", "\"x.example:22\"");
    check("ftp://", "no scheme", "api.example.com:443");
    check("Public:443", "small letters", "\"public:443\"");
    check(":443", "no host", "public:443");
    check("x.example:http", "1 to 65535", "443");
    check("my_host:80", "underscore", "address");
    check("münchen.example", "ASCII", "xn--");
    check("2130706433:80", "in disguise", "127.0.0.1");
    check("api.*.com", "'*'", "*.example.com");
    check("10.0.0/8", "not an IP address", "10.1.0.0/16");
}

/// Names cover what is beneath them; `public` covers names, but not `localhost`, which is more.
#[test]
fn covering_looks_at_names() {
    let covers = |outer: &str, inner: &str| grant(&[outer]).covers_grant(&grant(&[inner]));
    assert!(covers("*.example.com", "api.example.com:443"));
    assert!(!covers("*.example.com:443", "api.example.com"));
    assert!(covers("public:443", "api.example.com:443"));
    assert!(covers("public", "*.localhost") && !covers("public", "localhost"));
    assert!(covers("localhost", "localhost:80"));
    for narrower in ["public", "8.8.8.8", "127.0.0.1"] {
        assert!(
            !covers("*.example.com", narrower) && !covers("localhost", narrower),
            "{narrower}"
        );
    }
    // A range of every address looks no name up.
    assert!(!covers("0.0.0.0/0", "api.example.com"));
}

/// An address that carries another in its interface part is a block of its own.
#[test]
fn isatap_opens_by_its_own_address_alone() {
    let isatap = "[2606:4700::5efe:10.0.0.1]:80";
    assert!(!allows(&["public"], isatap) && !allows(&["[2606:4700::]/64"], isatap));
    assert!(allows(&["2606:4700::5efe:a00:1"], isatap));
    let covers = |outer: &str| grant(&[outer]).covers_grant(&grant(&[isatap]));
    assert!(!covers("public") && !covers("[2606:4700::]/32") && covers(isatap));
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
