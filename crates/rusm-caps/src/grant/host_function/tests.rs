//! Which functions a name is about, and which text is a name.

use super::*;

fn name(text: &str) -> HostFunctionName {
    text.parse().expect(text)
}

/// Without a version every version is meant, without a function every function.
#[test]
fn what_is_left_out_is_not_bounded() {
    let full = "acme:billing/charge@1.2.0#pay";
    for (text, asked, covered) in [
        ("acme:billing/charge", full, true),
        ("acme:billing/charge@1.2.0", full, true),
        ("acme:billing/charge#pay", full, true),
        (full, full, true),
        ("acme:billing/charge@1.3.0", full, false),
        ("acme:billing/charge#refund", full, false),
        ("acme:billing/refund", full, false),
        ("acme:billing/charge", "acme:billing/charge", true),
        ("acme:billing/charge#pay", "acme:billing/charge", false),
        (
            "acme:billing/charge@1.2.0",
            "acme:billing/charge#pay",
            false,
        ),
        ("acme:billing/charge", "acme:billing/charges", false),
        ("acme:billing/charge", "ACME:billing/charge", false),
        ("acme:billing/charge", "", false),
    ] {
        assert_eq!(name(text).covers(asked), covered, "{text} {asked}");
    }
}

/// A grant covers what is narrower in version or function, never what is wider.
#[test]
fn grants_cover_narrower_ones() {
    let grant = |names: &[&str]| HostFunctionGrant::listed(names.iter().map(|text| name(text)));
    let covers = |outer: &[&str], inner: &[&str]| grant(outer).covers_grant(&grant(inner));
    assert!(covers(&["a:b/c"], &["a:b/c@1.0.0", "a:b/c#d", "a:b/c"]));
    assert!(!covers(&["a:b/c#d"], &["a:b/c"]));
    assert!(!covers(&["a:b/c@1.0.0"], &["a:b/c"]));
    assert!(covers(&["a:b/c@1.0.0"], &["a:b/c@1.0.0#d"]));
    assert!(covers(&[], &[]) && !covers(&[], &["a:b/c"]));
}

/// Names are read back as they were written.
#[test]
fn names_are_read_back() {
    for text in [
        "acme:billing/charge",
        "acme:billing/charge@1.2.0",
        "acme:billing/charge@1.2.0-rc.1+build.5#pay-all",
        "acme:billing/HTTP-types#[method]account.pay",
        "a:b/c#[constructor]account",
        "a:b/c#[static]account.open",
    ] {
        assert_eq!(name(text).to_string(), text);
    }
}

/// What WIT would not write is refused with an example.
#[test]
fn what_is_no_name_is_refused() {
    for text in [
        "",
        "charge",
        "acme:billing",
        "billing/charge",
        "acme:billing/",
        ":billing/charge",
        "acme:billing/charge/pay",
        "acme:billing/Charge",
        "acme:billing/charge-",
        "acme:billing/*",
        "acme:billing/charge@1",
        "acme:billing/charge@",
        "acme:billing/charge@1.2.x",
        "acme:billing/charge#",
        "acme:billing/charge#[method]pay",
        "acme:billing/charge#[drop]a",
        "acme:billing/charge#a#b",
        "acme:billing/charge pay",
        "аcme:billing/charge",
        "a:b/c\n",
        &"a".repeat(300),
    ] {
        let error = text.parse::<HostFunctionName>().expect_err(text);
        assert!(
            error
                .suggestion()
                .is_some_and(|hint| hint.contains("acme:")),
            "{text}"
        );
    }
}
