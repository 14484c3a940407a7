//! Profiles: `inherits` followed, cycles found, grants applied from the base upwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusm_caps::{KvGrant, Permission, Profile, ProfileBuilder, SendGrant, SpawnGrant};

use super::by_name;
use crate::raw::{RawManifest, RawProfile, RawStorage, Switch};
use crate::report::Report;

/// The names of a cycle that are shown.
const CYCLE_SHOWN_MAX: usize = 8;

type Profiles = BTreeMap<String, Arc<Profile>>;

pub(super) fn lower(report: &mut Report<'_>, raw: &RawManifest<'_>) -> Profiles {
    let declared = by_name(&raw.profiles, |profile| profile.name.value);
    let mut profiles = Profiles::new();
    for profile in &raw.profiles {
        if Profile::BUILT_IN.contains(&profile.name.value) {
            let message = format!(
                "`{}` is a built-in profile and cannot be declared",
                profile.name.value
            );
            report.error_with_hint(
                &profile.name.span,
                message,
                "give it another name and inherit the built-in one",
            );
        }
        resolve(report, &declared, profile, &mut profiles);
    }
    check_spawn(report, raw, &profiles);
    for profile in &raw.profiles {
        profile.limits.check_within(report, &raw.node.ceilings);
    }
    profiles
}

/// Builds a profile and every profile that it inherits from. Walks up to the first one that is
/// built, then builds on the way down; a chain of any length needs no deep stack.
fn resolve<'r>(
    report: &mut Report<'_>,
    declared: &BTreeMap<&'r str, &'r RawProfile<'r>>,
    start: &'r RawProfile<'r>,
    profiles: &mut Profiles,
) {
    let mut chain: Vec<&RawProfile<'_>> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next = Some(start);
    let mut base = Arc::new(Profile::sandboxed());
    while let Some(profile) = next.take() {
        if let Some(built) = profiles.get(profile.name.value) {
            base = Arc::clone(built);
            break;
        }
        if !seen.insert(profile.name.value) {
            report_cycle(report, &chain, profile);
            break;
        }
        chain.push(profile);
        let Some(inherits) = &profile.inherits else {
            break;
        };
        match (
            Profile::built_in(inherits.value),
            declared.get(inherits.value),
        ) {
            (Some(built_in), _) => base = Arc::new(built_in),
            (None, Some(parent)) => next = Some(parent),
            (None, None) => {
                let known = declared.keys().copied().chain(Profile::BUILT_IN);
                report.unknown_word(
                    &inherits.span,
                    format!("no profile is named {:?}", inherits.value),
                    inherits.value,
                    known,
                );
            }
        }
    }
    for profile in chain.into_iter().rev() {
        base = build(report, profile, &base);
        profiles.insert(profile.name.value.to_owned(), Arc::clone(&base));
    }
}

fn report_cycle(report: &mut Report<'_>, chain: &[&RawProfile<'_>], again: &RawProfile<'_>) {
    let names = chain
        .iter()
        .map(|profile| profile.name.value)
        .skip_while(|name| *name != again.name.value);
    let names: Vec<&str> = names.collect();
    let mut shown: Vec<&str> = names.iter().copied().take(CYCLE_SHOWN_MAX).collect();
    if names.len() > CYCLE_SHOWN_MAX {
        shown.push("…");
    }
    shown.push(again.name.value);
    let span = again
        .inherits
        .as_ref()
        .map_or(&again.name.span, |inherits| &inherits.span);
    let message = format!("profiles inherit in a circle: {}", shown.join(" -> "));
    report.error_with_hint(span, message, "let one of them inherit \"sandboxed\"");
}

fn build(report: &mut Report<'_>, raw: &RawProfile<'_>, base: &Profile) -> Arc<Profile> {
    let mut builder = base
        .to_builder(raw.name.value)
        .with_limits(|limits| raw.limits.apply(limits));
    if let Some(network) = &raw.network {
        builder = builder.network(network.clone());
    }
    if let Some(listen) = &raw.listen {
        builder = builder.listen(listen.clone());
    }
    if let Some(functions) = &raw.host_functions {
        builder = builder.host_functions(functions.clone());
    }
    if let Some(spawn) = &raw.spawn {
        builder = builder.spawn(match spawn {
            Switch::Everything => SpawnGrant::Anyone,
            Switch::Nothing => SpawnGrant::Nobody,
            Switch::Listed(components) => {
                SpawnGrant::listed(components.iter().map(|component| component.value))
            }
        });
    }
    if let Some(storage) = &raw.storage {
        builder = builder.storage(match storage {
            RawStorage::Everything => KvGrant::every(),
            RawStorage::Nothing => KvGrant::default(),
            RawStorage::Buckets { read, write } => KvGrant {
                read: read.clone(),
                write: write.clone(),
            },
        });
    }
    if let Some(send) = &raw.send {
        builder = builder.send(match send {
            Switch::Everything => SendGrant::Anyone,
            Switch::Nothing => SendGrant::nobody(),
            Switch::Listed(names) => SendGrant::listed(names.iter().copied()),
        });
    }
    builder = switched(
        builder,
        Permission::ProcessControl,
        raw.process_control,
        ProfileBuilder::allow_process_control,
    );
    builder = switched(
        builder,
        Permission::Load,
        raw.load,
        ProfileBuilder::allow_load,
    );
    builder = switched(
        builder,
        Permission::Stdio,
        raw.stdio,
        ProfileBuilder::allow_stdio,
    );
    if let Some(env) = &raw.env {
        builder = env
            .iter()
            .cloned()
            .fold(builder.withhold(Permission::Env), ProfileBuilder::env);
    }
    if let Some(dirs) = &raw.preopen {
        let mut places = BTreeSet::new();
        builder = builder.withhold(Permission::Files);
        for dir in dirs {
            if places.insert(dir.value.guest().trim_end_matches('/')) {
                builder = builder.dir(dir.value.clone());
            } else {
                report.error(
                    &dir.span,
                    format!(
                        "`preopen`: another folder has the guest path {:?}",
                        dir.value.guest()
                    ),
                );
            }
        }
    }
    match builder.build() {
        Ok(profile) => Arc::new(profile),
        // Every part was checked when it was read, so this is only a second line of defence.
        Err(error) => {
            report.error(&raw.name.span, error);
            Arc::new(Profile::sandboxed())
        }
    }
}

/// A right that is on, off, or inherited.
fn switched(
    builder: ProfileBuilder,
    permission: Permission,
    switch: Option<bool>,
    allow: fn(ProfileBuilder) -> ProfileBuilder,
) -> ProfileBuilder {
    match switch {
        Some(true) => allow(builder),
        Some(false) => builder.withhold(permission),
        None => builder,
    }
}

/// A component that may be spawned is one of this manifest, unless the profile may load code: then
/// the name may be one that a process gives to its own.
fn check_spawn(report: &mut Report<'_>, raw: &RawManifest<'_>, profiles: &Profiles) {
    let known = by_name(&raw.components, |component| component.name.value);
    for profile in &raw.profiles {
        let may_load = profiles
            .get(profile.name.value)
            .is_some_and(|profile| profile.load());
        let Some(Switch::Listed(components)) = &profile.spawn else {
            continue;
        };
        for component in components {
            if !may_load && !known.contains_key(component.value) {
                let message = format!("`allow-spawn`: no component is named {:?}", component.value);
                report.unknown_word(
                    &component.span,
                    message,
                    component.value,
                    known.keys().copied(),
                );
            }
        }
    }
}
