//! Documents that name tests name real ones, and the documents a newcomer needs are there.

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
        "crates/rusm-sdk/SEMANTICS.md",
        "crates/rusm-supervisor/SEMANTICS.md",
    ];
    let missing: Vec<String> = wanted
        .iter()
        .filter(|wanted| !files.iter().any(|file| file.path == **wanted))
        .map(|wanted| (*wanted).to_owned())
        .collect();
    report("missing documents", &missing);
}

/// In these documents a name in backquotes in the last column of a table is a test.
#[test]
fn every_test_that_a_document_names_exists() {
    let files = project_files();
    let tests = test_names(&files);
    let documents = [
        "crates/rusm-actor/SEMANTICS.md",
        "crates/rusm-sdk/SEMANTICS.md",
        "crates/rusm-supervisor/SEMANTICS.md",
        "SECURITY.md",
    ];
    let mut findings = Vec::new();
    for file in files
        .iter()
        .filter(|file| documents.contains(&file.path.as_str()))
    {
        let rows = file.text.lines().filter(|line| line.starts_with('|'));
        let named: Vec<&str> = rows.flat_map(names_in_last_column).collect();
        assert!(!named.is_empty(), "{} names no test at all", file.path);
        let unknown = named
            .into_iter()
            .filter(|name| !tests.iter().any(|test| test == name));
        findings.extend(unknown.map(|name| format!("{}: {name}", file.path)));
    }
    report("tests that do not exist", &findings);
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

/// A name may stand behind its module: `spawn::spawn_returns`.
fn names_in_last_column(row: &str) -> Vec<&str> {
    let last = row
        .trim_end()
        .trim_end_matches('|')
        .rsplit('|')
        .next()
        .unwrap_or("");
    let quoted = last.split('`').skip(1).step_by(2);
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let names = quoted.map(|name| name.rsplit("::").next().unwrap_or(name));
    names
        .filter(|name| !name.is_empty() && name.chars().all(is_letter))
        .collect()
}
