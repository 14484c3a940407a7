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

fn test_names(files: &[ProjectFile]) -> Vec<String> {
    let mut names = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        for line in file.text.lines() {
            let line = line.trim_start();
            let function = line
                .strip_prefix("fn ")
                .or_else(|| line.strip_prefix("async fn "));
            if let Some((name, _)) = function.and_then(|rest| rest.split_once('(')) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

fn names_in_last_column(row: &str) -> Vec<&str> {
    let last = row
        .trim_end()
        .trim_end_matches('|')
        .rsplit('|')
        .next()
        .unwrap_or("");
    let quoted = last.split('`').skip(1).step_by(2);
    quoted
        .filter(|name| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        })
        .collect()
}
