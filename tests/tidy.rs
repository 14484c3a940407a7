//! The rules of the house, checked: file length and headers, words that do not belong, who may import
//! whom, tests that nobody runs, documents that name tests which do not exist, and OTP statements that no
//! document accounts for.

mod arrows;
mod documents;
mod sources;
mod statements;
mod tables;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The project's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("tests/ lies in the root")
        .to_path_buf()
}

/// A file of the project, as its authors keep it.
pub(crate) struct ProjectFile {
    /// Relative to the root, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every text file that belongs to the project: what git tracks, and what it would track.
pub(crate) fn project_files() -> Vec<ProjectFile> {
    let root = root();
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output()
        .expect("git lists the files");
    assert!(listing.status.success(), "git ls-files failed");
    let names = String::from_utf8(listing.stdout).expect("file names are UTF-8");
    let mut paths: Vec<String> = names.lines().map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .filter_map(|path| {
            let text = std::fs::read_to_string(root.join(&path)).ok()?;
            Some(ProjectFile { path, text })
        })
        .collect()
}

/// Fails with every finding at once.
#[track_caller]
pub(crate) fn report(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}
