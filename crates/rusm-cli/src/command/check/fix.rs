//! `rusm check --fix`: makes the changes that were found, and shows them.
//!
//! A fix only ever narrows: that is checked of the result, profile by profile, before it is written.

use super::finding::Findings;
use crate::diff::unified;
use crate::manifest_file;
use crate::report::{Failure, Kind};
use rusm_manifest::{Edit, Manifest, fix};
use std::path::Path;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    /// The changes as `diff -u` shows them.
    pub(super) diff: String,
    /// How many findings they settle.
    pub(super) n_settled: usize,
    /// Whether they were only shown.
    pub(super) is_dry: bool,
}

impl Fixed {
    /// The changes, and what became of them.
    pub(super) fn told(&self) -> String {
        let (n, s) = (self.n_settled, if self.n_settled == 1 { "" } else { "s" });
        match (n, self.is_dry) {
            (0, _) => "nothing to fix\n".to_owned(),
            (_, true) => format!(
                "{}{n} finding{s} would be settled; nothing was written\n",
                self.diff
            ),
            (_, false) => format!("{}{n} finding{s} settled\n", self.diff),
        }
    }
}

/// Settles what can be settled, and takes it from the findings.
pub(super) fn settle(
    path: &Path,
    manifest: &Manifest,
    findings: &mut Findings,
    is_dry: bool,
) -> Result<Fixed, Failure> {
    let before = manifest.origins.text();
    let mut after = before.to_owned();
    let n_settled = findings.settle(
        |edit: &Edit| match fix(&after, std::slice::from_ref(edit)) {
            Ok(text) => {
                after = text;
                true
            }
            // It stays among the findings, with what is to be done by hand.
            Err(_) => false,
        },
    );
    if n_settled > 0 {
        check_that_it_narrows(path, manifest, &after)?;
        if !is_dry {
            manifest_file::replace(path, before, &after)?;
        }
    }
    Ok(Fixed {
        diff: unified(&path.display().to_string(), before, &after),
        n_settled,
        is_dry,
    })
}

/// Every profile of the new text is within the one of that name before, and nothing else differs.
fn check_that_it_narrows(path: &Path, before: &Manifest, text: &str) -> Result<(), Failure> {
    let cannot = |why: String| {
        let message = format!(
            "cannot fix '{}': {why}; nothing was written",
            path.display()
        );
        Failure::new(Kind::General, message)
    };
    let after = rusm_manifest::parse(before.origins.file_name(), text)
        .map_err(|errors| cannot(format!("the result would not be a manifest: {errors}")))?;
    let names = |manifest: &Manifest| manifest.profiles.keys().cloned().collect::<Vec<_>>();
    if names(before) != names(&after) || before.components.len() != after.components.len() {
        return Err(cannot("the result would be another app".to_owned()));
    }
    for (name, wide) in &before.profiles {
        if let Some(narrow) = after.profiles.get(name) {
            wide.covers(narrow)
                .map_err(|error| cannot(error.to_string()))?;
        }
    }
    Ok(())
}
