//! Where things were written, and which profile has the last word.
#![expect(
    clippy::unwrap_used,
    reason = "a manifest with a mistake is a failed test"
)]

use rusm_manifest::{Manifest, Severity, Style, parse};

const TEXT: &str = r#"[app]
name = "orders"
[components.api]
wasm = "api.wasm"
capability = "web"

[capabilities.web]
inherits = "base"
allow-network = [
  "api.example.com:443",  # the partner
  "10.1.0.0/16:5432",
]
max-mailbox = { messages = 10 }
[capabilities.base]
inherits = "network-client"
allow-network = ["public:443"]
allow-storage = { read = ["config"], write = ["orders-*"] }
[capabilities.plain]
"#;

fn manifest() -> Manifest {
    parse("rusm.toml", TEXT).unwrap()
}

/// Keys and entries are found with their lines and as they were typed.
#[test]
fn keys_and_entries_have_their_lines() {
    let origins = manifest().origins;
    let web = origins.profile("web").unwrap();
    assert_eq!(origins.line(&web.name), 7);
    let network = web.keys.get("allow-network").unwrap();
    assert_eq!(origins.line(&network.key), 9);
    let (spot, value) = network.entries.get(1).unwrap();
    assert_eq!(origins.line(spot), 11);
    assert_eq!(origins.typed(spot), "\"10.1.0.0/16:5432\"");
    assert_eq!(value.as_deref(), Some("10.1.0.0/16:5432"));
    let storage = origins.of_key("web", "allow-storage");
    let (profile, storage) = storage.first().unwrap();
    assert_eq!(*profile, "base");
    assert_eq!(
        origins.typed(&storage.keys.get("write").unwrap().value),
        "[\"orders-*\"]"
    );
    let component = origins.component("api").unwrap();
    assert_eq!(
        origins.line(&component.keys.get("capability").unwrap().key),
        5
    );
}

/// The chain ends with a built-in profile, and the nearest table has the last word.
#[test]
fn the_chain_is_that_of_inheritance() {
    let origins = manifest().origins;
    let names = |profile| {
        let lineage = origins.lineage(profile);
        lineage
            .iter()
            .map(|ancestor| (ancestor.name.to_owned(), ancestor.table.is_some()))
            .collect::<Vec<_>>()
    };
    let named = |names: &[(&str, bool)]| {
        let names = names.iter();
        names
            .map(|(name, is_declared)| ((*name).to_owned(), *is_declared))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("web"),
        named(&[
            ("web", true),
            ("base", true),
            ("network-client", false),
            ("sandboxed", false)
        ])
    );
    assert_eq!(
        names("plain"),
        named(&[("plain", true), ("sandboxed", false)])
    );
    assert_eq!(names("trusted"), named(&[("trusted", false)]));
    let overriding = origins.of_key("web", "allow-network");
    let profiles: Vec<&str> = overriding.iter().map(|(profile, _)| *profile).collect();
    assert_eq!(profiles, ["web", "base"]);
}

/// What is said about a spot underlines it.
#[test]
fn a_spot_is_underlined() {
    let origins = manifest().origins;
    let web = origins.profile("web").unwrap();
    let (spot, _) = web
        .keys
        .get("allow-network")
        .unwrap()
        .entries
        .first()
        .unwrap();
    let note = origins.diagnostic(Severity::Note, spot, "look", Some("here"));
    assert_eq!(
        note.render(Style::Plain),
        "note: look\n  --> rusm.toml:10:3\n   |\n10 |   \"api.example.com:443\",  # the partner\n   |   ^^^^^^^^^^^^^^^^^^^^^\n   = hint: here\n"
    );
}
