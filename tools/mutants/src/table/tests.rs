//! The table fits the tree of today.

use super::*;
use crate::edit::sources;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_mutant_still_fits_the_source() {
    let mut misfits = Vec::new();
    for mutant in all() {
        let finds = mutant.edits.iter().map(|edit| edit.find_in(&root()));
        let errors = finds.filter_map(Result::err);
        misfits.extend(errors.map(|error| format!("{}: {error}", mutant.name)));
    }
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

#[test]
fn every_test_that_catches_a_mutant_exists() {
    for mutant in all() {
        let sources = sources(&root().join("crates").join(mutant.suite.package)).unwrap();
        for test in mutant.caught_by {
            let function = test.rsplit("::").next().unwrap();
            let head = format!("fn {function}()");
            let is_there = sources.iter().any(|(_, text)| text.contains(&head));
            assert!(is_there, "{}: no test {test}", mutant.name);
        }
    }
}
