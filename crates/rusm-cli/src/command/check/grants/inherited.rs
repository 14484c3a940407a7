//! What a profile has from a built-in one, and none of the code that has it could use.

use super::super::finding::{About, Finding};
use super::Known;
use rusm_caps::{Permission, Profile};
use rusm_manifest::{ComponentDecl, Manifest, Origin, Severity};

/// Told at the place where it is inherited. Sending is left out: it is part of the sandbox.
pub(super) fn judge(
    manifest: &Manifest,
    known: &Known,
    name: &str,
    inherits: &Origin,
) -> Option<Finding> {
    let lineage = manifest.origins.lineage(name);
    let base = lineage.get(1).filter(|ancestor| ancestor.table.is_none());
    let base = base?.name;
    let granted = Profile::built_in(base)?;
    let unused = Permission::ALL.into_iter().filter(|permission| {
        let key = permission.manifest_key();
        *permission != Permission::Send
            && granted.holds(*permission)
            && manifest.origins.of_key(name, key).is_empty()
            && is_unused(manifest, known, name, *permission)
    });
    let unused: Vec<&str> = unused.map(Permission::name).collect();
    if unused.is_empty() {
        return None;
    }
    let message = format!(
        "profile '{name}' inherits {} from '{base}', and no code that has it imports anything to use it",
        unused.join(", ")
    );
    let hint = "inherit less, and write what it uses";
    let origins = &manifest.origins;
    let note = origins.diagnostic(Severity::Note, &inherits.value, &message, Some(hint));
    Some(Finding::of_diagnostic(&note).about(About::Grants))
}

/// Whether no code under this profile, or under one that inherits it, can use the permission. No if
/// there is none, or if some of it is not known.
fn is_unused(manifest: &Manifest, known: &Known, name: &str, permission: Permission) -> bool {
    let is_heir = |profile: &str| {
        let lineage = manifest.origins.lineage(profile);
        lineage.iter().any(|ancestor| ancestor.name == name)
    };
    let users: Vec<&ComponentDecl> = manifest
        .components
        .values()
        .filter(|component| {
            let offered = component.profiles.values();
            let mut profiles = [&component.profile].into_iter().chain(offered);
            profiles.any(|profile| is_heir(profile.name()))
        })
        .collect();
    let cannot_use = |component: &&ComponentDecl| {
        known.get(&component.name).is_some_and(|needs| {
            let mut needs = needs.iter();
            !needs.any(|need| [permission, Permission::Load].contains(&need.permission))
        })
    };
    !users.is_empty() && users.iter().all(cannot_use)
}
