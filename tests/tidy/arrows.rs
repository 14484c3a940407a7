//! Who may import whom. Cargo enforces the arrows that the manifests draw; this test, that they draw no others.

use super::{report, root};

/// Crate, the crates of this workspace it may use, and the ones from outside.
const ALLOWED: &[(&str, &[&str], &[&str])] = &[
    (
        "rusm-actor",
        &[],
        &["crossbeam-deque", "parking_lot", "slab", "thiserror"],
    ),
    ("rusm-plan", &[], &[]),
    (
        "rusm-supervisor",
        &["rusm-actor", "rusm-plan"],
        &["thiserror"],
    ),
    // For tests: the crates below it use it as a dev-dependency.
    ("rusm-sim", &["rusm-actor"], &[]),
    (
        "rusm-audit",
        &[],
        &["rustix", "serde", "serde_json", "sha2", "thiserror"],
    ),
    ("rusm-caps", &[], &["thiserror"]),
    (
        "rusm-kv",
        &[],
        &[
            "crc32fast",
            "crossbeam-channel",
            "parking_lot",
            "redb",
            "thiserror",
        ],
    ),
    (
        "rusm-control",
        &["rusm-caps", "rusm-kv"],
        &[
            "base64",
            "bytes",
            "http",
            "http-body",
            "http-body-util",
            "hyper",
            "parking_lot",
            "rustix",
            "serde",
            "serde_json",
            "strsim",
            "thiserror",
            "tokio",
        ],
    ),
    (
        "rusm-manifest",
        &["rusm-caps"],
        &["serde", "strsim", "thiserror", "toml"],
    ),
    (
        "rusm-harden",
        &[],
        &["landlock", "libc", "seccompiler", "thiserror"],
    ),
    ("rusm-abi", &[], &[]),
    (
        "rusm-sdk",
        &["rusm-abi", "rusm-plan"],
        &["serde", "serde_json", "wit-bindgen"],
    ),
    (
        "rusm-core",
        &[
            "rusm-abi",
            "rusm-actor",
            "rusm-caps",
            "rusm-control",
            "rusm-kv",
            "rusm-manifest",
            "rusm-supervisor",
        ],
        &[
            "bytes",
            "http",
            "http-body",
            "http-body-util",
            "hyper",
            "libc",
            "parking_lot",
            "rayon",
            "rustc-demangle",
            "rustix",
            "sha2",
            "strsim",
            "thiserror",
            "tokio",
            "tokio-rustls",
            "url",
            "wasmparser",
            "wasmtime",
            "wasmtime-wasi",
            "wasmtime-wasi-http",
            "webpki-roots",
            "wiggle",
        ],
    ),
    (
        "rusm-cli",
        &[
            "rusm-actor",
            "rusm-audit",
            "rusm-caps",
            "rusm-control",
            "rusm-core",
            "rusm-harden",
            "rusm-kv",
            "rusm-manifest",
            "rusm-supervisor",
        ],
        &[
            "base64",
            "clap",
            "dotenvy",
            "indicatif",
            "mimalloc",
            "rustix",
            "semver",
            "serde",
            "serde_json",
            "signal-hook",
            "strsim",
            "thiserror",
            "tracing",
            "tracing-subscriber",
        ],
    ),
];

fn dependencies(krate: &str) -> Vec<String> {
    let path = root().join("crates").join(krate).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).expect("every crate has a manifest");
    let manifest: toml::Table = text.parse().expect("Cargo has read it before");
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let of_targets = targets.iter().flat_map(|targets| targets.values());
    std::iter::once(&toml::Value::Table(manifest.clone()))
        .chain(of_targets)
        .filter_map(|place| place.get("dependencies")?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

#[test]
fn crates_import_only_what_the_architecture_allows() {
    let mut findings = Vec::new();
    for (krate, inside, outside) in ALLOWED {
        for dependency in dependencies(krate) {
            if !inside.contains(&dependency.as_str()) && !outside.contains(&dependency.as_str()) {
                findings.push(format!("{krate} imports {dependency}"));
            }
        }
    }
    report("an arrow that ARCHITECTURE.md does not draw", &findings);
}

#[test]
fn every_crate_has_its_arrows_written_down() {
    let folder = std::fs::read_dir(root().join("crates")).expect("crates/ is there");
    let unknown: Vec<String> = folder
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !ALLOWED.iter().any(|(krate, _, _)| krate == name))
        .collect();
    report("a crate without arrows", &unknown);
}
