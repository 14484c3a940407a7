//! Every `tests/ui/*.toml` says exactly what stands in the `*.stderr` beside it.
//!
//! `BLESS=1 cargo test -p rusm-manifest --test golden` writes what is said now; look at the
//! difference before it is committed.
#![expect(
    clippy::disallowed_methods,
    reason = "the golden files are read here, not in the crate"
)]
#![expect(
    clippy::unwrap_used,
    reason = "the golden files are there, or the test has to fail"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use rusm_manifest::{Style, parse};

fn files(extension: &str) -> BTreeSet<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

/// What a person sees of this manifest: its errors, or its warnings.
fn said(text: &str) -> String {
    match parse("rusm.toml", text) {
        Ok(manifest) => manifest
            .warnings
            .iter()
            .map(|warning| warning.render(Style::Plain) + "\n")
            .collect(),
        Err(diagnostics) => diagnostics.render(Style::Plain),
    }
}

/// The diagnostics of each manifest are those that were looked at and kept.
#[test]
fn every_manifest_says_what_is_expected() {
    let bless = env::var_os("BLESS").is_some();
    let mut differing = Vec::new();
    for path in files("toml") {
        let said = said(&fs::read_to_string(&path).unwrap());
        let golden = path.with_extension("stderr");
        if bless {
            fs::write(&golden, said).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != said {
            differing.push(format!("=== {}\n{said}", path.display()));
        }
    }
    assert!(
        differing.is_empty(),
        "other than in the files beside them:\n{}",
        differing.concat()
    );
}

/// No golden file is left behind by a manifest that was renamed or removed.
#[test]
fn every_golden_file_has_its_manifest() {
    let manifests: BTreeSet<PathBuf> = files("toml")
        .iter()
        .map(|path| path.with_extension("stderr"))
        .collect();
    assert_eq!(files("stderr"), manifests);
    assert!(manifests.len() >= 12, "the golden files are gone");
}
