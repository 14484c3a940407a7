//! What code can use, by its imports, compared with what the manifest grants.
//!
//! An import is not a use, so nothing here is an error. What is missing is told of each component;
//! what is unused, or wider than any import could use, of each key that was written, because a key
//! serves every component whose profile it reaches. A key is judged only if all that code is known:
//! a component that did not load, and one that loads code itself, may use anything.

mod inherited;
mod key;
mod missing;

use super::finding::Finding;
use rusm_caps::Permission;
use rusm_core::Need;
use rusm_manifest::Manifest;
use std::collections::{BTreeMap, BTreeSet};

/// What the code of each component can use; a component that is not in it could not be read.
pub(super) type Known = BTreeMap<String, BTreeSet<Need>>;

/// A note for what is missing, and one for each key that grants more than is used.
pub(super) fn compare(manifest: &Manifest, known: &Known) -> Vec<Finding> {
    let components = manifest.components.values();
    let missing = components.filter_map(|component| {
        let needs = known.get(&component.name)?;
        missing::judge(&manifest.origins, component, needs)
    });
    let mut findings: Vec<Finding> = missing.collect();
    for (profile, table) in manifest.origins.profiles() {
        for permission in Permission::ALL {
            let written = table.keys.get(permission.manifest_key());
            findings.extend(written.and_then(|origin| {
                let key = key::Key {
                    manifest,
                    profile,
                    permission,
                    origin,
                };
                key.judge(known)
            }));
        }
        let inherits = table.keys.get("inherits");
        findings
            .extend(inherits.and_then(|origin| inherited::judge(manifest, known, profile, origin)));
    }
    findings
}

#[cfg(test)]
mod tests;
