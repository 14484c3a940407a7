//! Documents that name tests name real ones, and the documents a newcomer needs are there.

use super::tables::rows;
use super::{ProjectFile, project_files, report};

#[test]
fn the_documents_of_the_house_are_there() {
    let files = project_files();
    let wanted = [
        "README.md",
        "ARCHITECTURE.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "LICENSE",
        "rusm.toml",
        "abi/raw.md",
        "crates/rusm-actor/SEMANTICS.md",
        "crates/rusm-supervisor/SEMANTICS.md",
        "crates/rusm-core/SEMANTICS.md",
        "crates/rusm-sdk/SEMANTICS.md",
        "crates/rusm-cli/SEMANTICS.md",
        "docs/pitfalls.md",
    ];
    let missing: Vec<String> = wanted
        .iter()
        .filter(|wanted| !files.iter().any(|file| file.path == **wanted))
        .map(|wanted| (*wanted).to_owned())
        .collect();
    report("missing documents", &missing);
}

/// In the tables of these documents a name in backquotes in the last column is a test.
#[test]
fn every_test_that_a_document_names_exists() {
    let files = project_files();
    let tests = test_names(&files);
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| names_tests(&file.path)) {
        let rows = rows(&file.text);
        let mut named = rows.iter().flat_map(|row| &row.tests).peekable();
        assert!(named.peek().is_some(), "{} names no test", file.path);
        let unknown = named.filter(|name| !tests.iter().any(|test| test == *name));
        findings.extend(unknown.map(|name| format!("{}: {name}", file.path)));
    }
    report("tests that do not exist", &findings);
}

fn names_tests(path: &str) -> bool {
    path.ends_with("/SEMANTICS.md") || ["SECURITY.md", "docs/pitfalls.md"].contains(&path)
}

/// Functions that the test attribute stands before.
fn test_names(files: &[ProjectFile]) -> Vec<String> {
    let mut names = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let mut is_test = false;
        for line in file.text.lines().map(str::trim_start) {
            is_test |= line == "#[test]";
            let function = line.split_once("fn ").map(|(_, rest)| rest);
            if let (true, Some((name, _))) =
                (is_test, function.and_then(|rest| rest.split_once('(')))
            {
                names.push(name.to_owned());
                is_test = false;
            }
        }
    }
    names
}
