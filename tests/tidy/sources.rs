//! What a source file looks like.

use super::{ProjectFile, project_files, report};

const LINES_MAX: usize = 500;

/// Words that must not stand in the tree, and why. Each is split here, so that this file has none.
fn banned() -> Vec<(String, &'static str)> {
    [
        (["todo", "!("], "finish it, or leave it out"),
        (["unimplemented", "!("], "finish it, or leave it out"),
        (["dbg", "!("], "left over from debugging"),
        (["FIX", "ME"], "fix it"),
        (["XX", "X"], "fix it"),
        (["#[ign", "ore"], "a test that does not run shows nothing"),
        (
            ["thread::sl", "eep"],
            "wait for an event, or use the manual clock",
        ),
        (
            ["time::sl", "eep"],
            "wait for an event, or use the manual clock",
        ),
    ]
    .into_iter()
    .map(|(parts, why)| (parts.concat(), why))
    .collect()
}

fn rust_files() -> impl Iterator<Item = ProjectFile> {
    project_files()
        .into_iter()
        .filter(|file| file.path.ends_with(".rs"))
}

#[test]
fn every_source_file_opens_with_its_purpose() {
    let headless: Vec<String> = rust_files()
        .filter(|file| !file.text.starts_with("//!") && !file.text.starts_with("#!["))
        .map(|file| file.path)
        .collect();
    report(
        "a file opens with a `//!` paragraph that says what it is for",
        &headless,
    );
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let long: Vec<String> = rust_files()
        .filter(|file| file.text.lines().count() > LINES_MAX)
        .map(|file| format!("{}: {} lines", file.path, file.text.lines().count()))
        .collect();
    report("a file has at most 500 lines, tests included", &long);
}

#[test]
fn no_banned_word_stands_in_a_source_file() {
    let banned = banned();
    let mut findings = Vec::new();
    for file in rust_files() {
        for (number, line) in file.text.lines().enumerate() {
            for (word, why) in &banned {
                // To sleep is one of the things that a test guest is there to do.
                let is_command = file.path.starts_with("guests/") && word.ends_with("sleep");
                if line.contains(word.as_str()) && !is_command {
                    findings.push(format!("{}:{}: {word} ({why})", file.path, number + 1));
                }
            }
        }
    }
    report("words that do not belong", &findings);
}

#[test]
fn only_the_wasi_files_inherit_from_the_process() {
    let findings: Vec<String> = rust_files()
        .filter(|file| file.path.starts_with("crates/rusm-core/src/"))
        .filter(|file| !file.path.starts_with("crates/rusm-core/src/wasi"))
        .filter(|file| file.text.contains(".inherit_") || file.text.contains("WasiCtxBuilder"))
        .map(|file| file.path)
        .collect();
    report(
        "a WASI context is made in wasi.rs alone, from the profile alone",
        &findings,
    );
}

#[test]
fn unsafe_code_stands_in_the_named_files_only() {
    let allowed = [
        "crates/rusm-core/src/code/compile.rs",
        "crates/rusm-core/src/engine/dense/",
        "crates/rusm-harden/tests/attacker/attack/calls.rs",
        "crates/rusm-sdk/src/sys/",
        "guests/actor_probe/src/descriptors.rs",
        "guests/stock_p3/",
    ];
    let keyword = ["uns", "afe"].concat();
    let is_unsafe = |line: &str| {
        let code = line.split("//").next().unwrap_or(line);
        let opens = [" {", " fn", " impl", " extern", "("].iter();
        opens
            .clone()
            .any(|next| code.contains(&format!("{keyword}{next}")))
    };
    let findings: Vec<String> = rust_files()
        .filter(|file| !allowed.iter().any(|prefix| file.path.starts_with(prefix)))
        .filter(|file| file.text.lines().any(is_unsafe))
        .map(|file| file.path)
        .collect();
    report("unsafe code outside the files that may have it", &findings);
}

#[test]
fn every_test_module_is_compiled() {
    let files: Vec<ProjectFile> = rust_files().collect();
    let findings: Vec<String> = files
        .iter()
        .filter(|file| is_module_of_tests(&file.path))
        .filter(|file| !is_declared(&files, &file.path))
        .map(|file| file.path.clone())
        .collect();
    report("a test file that no `mod` names is never run", &findings);
}

/// Integration test files that are modules: all of `tests/` folders but the roots.
fn is_module_of_tests(path: &str) -> bool {
    let in_tests = path.starts_with("tests/") || path.contains("/tests/");
    let is_guest = path.starts_with("guests/");
    let name = path.rsplit('/').next().unwrap_or(path);
    in_tests && !is_guest && name != "main.rs"
}

fn is_declared(files: &[ProjectFile], path: &str) -> bool {
    let name = path
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .trim_end_matches(".rs");
    let declaration = format!("mod {name};");
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    files.iter().any(|file| {
        let near =
            file.path.starts_with(folder) || folder.starts_with(file.path.trim_end_matches(".rs"));
        near && file
            .text
            .lines()
            .any(|line| line.trim_start_matches("pub(crate) ").trim() == declaration)
    }) || is_own_binary(path)
}

/// A file directly in a crate's `tests/` folder is a test binary of its own.
fn is_own_binary(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts.as_slice(), ["crates", _, "tests", _])
}
