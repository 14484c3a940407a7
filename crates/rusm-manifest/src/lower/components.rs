//! Components: each gets the profile that it names, or the sandbox.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rusm_caps::Profile;

use crate::manifest::{CodeSource, ComponentDecl};
use crate::raw::{RawComponent, RawManifest};
use crate::report::Report;

type Profiles = BTreeMap<String, Arc<Profile>>;

pub(super) fn lower(
    report: &mut Report<'_>,
    raw: &RawManifest<'_>,
    profiles: &Profiles,
) -> BTreeMap<String, ComponentDecl> {
    let lowered = raw
        .components
        .iter()
        .map(|component| lower_one(report, component, profiles));
    lowered
        .map(|component| (component.name.clone(), component))
        .collect()
}

fn lower_one(
    report: &mut Report<'_>,
    raw: &RawComponent<'_>,
    profiles: &Profiles,
) -> ComponentDecl {
    let (profile, unknown_profile) = own_profile(report, raw, profiles);
    let mut offered = Profiles::new();
    for name in &raw.profiles {
        match find(profiles, name.value) {
            Some(profile) => {
                offered.insert(name.value.to_owned(), profile);
            }
            None => {
                let message = format!("`profiles`: no profile is named {:?}", name.value);
                report.unknown_word(&name.span, message, name.value, known(profiles));
            }
        }
    }
    ComponentDecl {
        name: raw.name.value.to_owned(),
        // Code that is missing was reported, and nobody sees this value then.
        code: raw
            .code
            .clone()
            .unwrap_or_else(|| CodeSource::Wasm(PathBuf::new())),
        profile,
        unknown_profile,
        restart: raw.restart.as_ref().map(|restart| restart.value),
        args: raw.args.clone(),
        digest: raw.digest,
        profiles: offered,
        placement: raw.placement,
    }
}

/// The one place where an unknown name is no error: a process with too few rights is a smaller
/// mistake than an app that does not start, and `rusm check` fails on the warning.
fn own_profile(
    report: &mut Report<'_>,
    raw: &RawComponent<'_>,
    profiles: &Profiles,
) -> (Arc<Profile>, Option<String>) {
    let sandboxed = || Arc::new(Profile::sandboxed());
    let Some(name) = &raw.capability else {
        return (sandboxed(), None);
    };
    if let Some(profile) = find(profiles, name.value) {
        return (profile, None);
    }
    let message = format!(
        "no profile is named {:?}: the component `{}` runs sandboxed",
        name.value, raw.name.value
    );
    report.unknown_word_warning(&name.span, message, name.value, known(profiles));
    (sandboxed(), Some(name.value.to_owned()))
}

fn find(profiles: &Profiles, name: &str) -> Option<Arc<Profile>> {
    profiles
        .get(name)
        .cloned()
        .or_else(|| Profile::built_in(name).map(Arc::new))
}

fn known(profiles: &Profiles) -> impl Iterator<Item = &str> + Clone {
    profiles.keys().map(String::as_str).chain(Profile::BUILT_IN)
}
