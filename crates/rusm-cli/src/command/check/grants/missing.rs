//! What code can ask for, and its profile does not grant.

use super::super::finding::{About, Finding};
use crate::command::grant_line;
use rusm_caps::{Permission, Profile};
use rusm_core::Need;
use rusm_manifest::{ComponentDecl, Origins, Severity};
use std::collections::BTreeSet;

/// What a component can ask for and its own profile does not grant.
pub(super) fn judge(
    origins: &Origins,
    component: &ComponentDecl,
    needs: &BTreeSet<Need>,
) -> Option<Finding> {
    let profile = &component.profile;
    let of = |permission: Permission| -> Vec<Need> {
        let needs = needs.iter().filter(|need| need.permission == permission);
        needs
            .filter(|need| !need.is_routine && !is_granted(profile, need))
            .copied()
            .collect()
    };
    let missing: Vec<(Permission, Vec<Need>)> = Permission::ALL
        .into_iter()
        .map(|permission| (permission, of(permission)))
        .filter(|(_, needs)| !needs.is_empty())
        .collect();
    if missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = missing
        .iter()
        .map(|(permission, _)| permission.name())
        .collect();
    let lines: Vec<String> = missing
        .iter()
        .map(|(permission, needs)| grant_line::all_of(*permission, needs))
        .collect();
    let message = format!(
        "component '{}' can ask for {}, which profile '{}' does not grant",
        component.name,
        names.join(", "),
        profile.name()
    );
    let place = match origins.profile(profile.name()) {
        Some(table) => format!(
            "under [capabilities.{}] (line {})",
            profile.name(),
            origins.line(&table.name)
        ),
        None => format!("in a profile that inherits \"{}\"", profile.name()),
    };
    let hint = format!("if it is to use it, {place}: {}", lines.join("; "));
    let table = origins.component(&component.name)?;
    let capability = table.keys.get("capability");
    let spot = capability.map_or(&table.name, |origin| &origin.value);
    let note = origins.diagnostic(Severity::Note, spot, &message, Some(&hint));
    Some(
        Finding::of_diagnostic(&note)
            .about(About::Grants)
            .of_component(&component.name),
    )
}

/// Whether anything that the profile grants answers the need.
fn is_granted(profile: &Profile, need: &Need) -> bool {
    let storage = profile.storage();
    if need.permission != Permission::Storage {
        profile.holds(need.permission)
    } else if need.writes {
        !storage.write.is_empty()
    } else {
        !storage.read.is_empty()
    }
}
