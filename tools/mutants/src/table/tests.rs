//! The table fits the tree of today.

use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Later edits of a mutant see what earlier ones left.
fn apply(mutant: &Mutant) -> Result<(), Box<dyn Error>> {
    let mut texts = std::collections::BTreeMap::new();
    for edit in mutant.edits {
        let text = match texts.remove(edit.file) {
            Some(text) => text,
            None => fs::read_to_string(root().join(edit.file))?,
        };
        texts.insert(edit.file, edit.apply(&text)?);
    }
    Ok(())
}

#[test]
fn every_mutant_still_fits_the_source() {
    let misfits: Vec<String> = all()
        .iter()
        .filter_map(|mutant| Some(format!("{}: {}", mutant.name, apply(mutant).err()?)))
        .collect();
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
}

#[test]
fn every_mutant_has_a_name_a_bug_and_a_test() {
    let mut names = BTreeSet::new();
    for mutant in all() {
        assert!(names.insert(mutant.name), "{} twice", mutant.name);
        assert!(!mutant.edits.is_empty() && !mutant.caught_by.is_empty());
        assert!(mutant.edits.iter().all(|edit| edit.find != edit.replace));
        assert!(
            !mutant.may_hang || mutant.caught_by.len() == 1,
            "{}",
            mutant.name
        );
    }
    assert!(names.len() >= 10 && demanded::MUTANTS.len() == 10);
}

/// Whole sources of a package, its tests included.
fn sources(folder: &Path, texts: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_test_that_catches_a_mutant_exists() {
    for mutant in all() {
        let mut texts = String::new();
        sources(
            &root().join("crates").join(mutant.suite.package),
            &mut texts,
        );
        for test in mutant.caught_by {
            let function = test.rsplit("::").next().unwrap();
            let is_there = texts.contains(&format!("fn {function}()"));
            assert!(is_there, "{}: no test {test}", mutant.name);
        }
    }
}

#[test]
fn an_edit_wants_its_text_exactly_once() {
    let edit = edit("f", "a < b", "a <= b");
    assert_eq!(edit.apply("if a < b {}").unwrap(), "if a <= b {}");
    assert!(edit.apply("").is_err());
    assert!(edit.apply("a < b; a < b").is_err());
}
