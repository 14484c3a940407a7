//! `rusm why`: whether a component may do something, which rule decides, and where that was written.

mod answer;
mod render;

use super::Session;
use crate::args::WhyArgs;
use crate::manifest_file;
use crate::place::{find_app, nearest};
use crate::report::{Failure, Kind, print_json, print_result};
use answer::Answer;
use rusm_caps::{LIMIT_KEYS, Permission, Profile, explain_target};
use rusm_manifest::{ComponentDecl, Manifest};

/// The exit code of a no.
const DENIED: u8 = 1;

/// What is asked about.
enum Subject {
    Permission(Permission),
    /// The manifest keys of one limit, or of the two of a mailbox.
    Limits(Vec<&'static str>),
}

pub(super) fn why(args: &WhyArgs, session: &Session) -> Result<u8, Failure> {
    let path = find_app(args.manifest.as_deref())?;
    let manifest = manifest_file::read(&path, session.console)?;
    for warning in &manifest.warnings {
        session.console.diagnostic(warning);
    }
    let component = component(&manifest, &args.component)?;
    let profile = profile(component, args.profile.as_deref())?;
    let answer = match subject(&args.permission)? {
        Subject::Permission(permission) => {
            // Code that is brought has names that no manifest knows.
            if let (Permission::Spawn, Some(target), false) =
                (permission, &args.target, profile.load())
            {
                self::component(&manifest, target)?;
            }
            let explained = explain_target(profile, permission, args.target.as_deref());
            let explained = explained.map_err(|error| {
                let expected = error.expected;
                Failure::new(Kind::Usage, error.to_string()).help(expected)
            })?;
            Answer::of_permission(
                &manifest,
                component,
                profile,
                permission,
                args.target.as_deref(),
                explained,
            )
        }
        Subject::Limits(keys) => {
            if let Some(target) = &args.target {
                let message = format!("a limit has no target, and '{target}' is one");
                return Err(Failure::new(Kind::Usage, message).help("leave it out"));
            }
            Answer::of_limits(&manifest, component, profile, &keys)
        }
    };
    if args.json {
        print_json(&answer.to_json(&path))?;
    } else {
        print_result(&answer.to_text())?;
    }
    Ok(if answer.is_allowed() { 0 } else { DENIED })
}

fn component<'m>(manifest: &'m Manifest, typed: &str) -> Result<&'m ComponentDecl, Failure> {
    if let Some(component) = manifest.components.get(typed) {
        return Ok(component);
    }
    let known = manifest.components.keys().map(String::as_str);
    let is_pid = typed.contains('.') && typed.chars().all(|c| "<>.0123456789".contains(c));
    let (message, help) = if is_pid {
        (
            format!(
                "cannot ask about the running process {typed}: this release answers for components"
            ),
            "name the component that it runs".to_owned(),
        )
    } else {
        (
            format!("no component is named '{typed}'"),
            suggestion(typed, known),
        )
    };
    Err(Failure::new(Kind::Usage, message).help(help))
}

/// The component's own profile, or one that it offers to whoever spawns it.
fn profile<'m>(component: &'m ComponentDecl, typed: Option<&str>) -> Result<&'m Profile, Failure> {
    let own = &component.profile;
    match typed {
        None => Ok(own),
        Some(name) if name == own.name() => Ok(own),
        Some(name) => match component.profiles.get(name) {
            Some(profile) => Ok(profile),
            None => {
                let offered = component.profiles.keys().map(String::as_str);
                let message = format!(
                    "component '{}' neither has the profile '{name}' nor offers it",
                    component.name
                );
                let help = suggestion(name, [own.name()].into_iter().chain(offered));
                Err(Failure::new(Kind::Usage, message).help(help))
            }
        },
    }
}

fn subject(typed: &str) -> Result<Subject, Failure> {
    if let Some(permission) = Permission::from_name(typed) {
        return Ok(Subject::Permission(permission));
    }
    let keys = LIMIT_KEYS.into_iter();
    let of_one =
        |key: &&str| *key == typed || key.split_once('.').is_some_and(|(key, _)| key == typed);
    let keys: Vec<&'static str> = keys.filter(of_one).collect();
    if !keys.is_empty() {
        return Ok(Subject::Limits(keys));
    }
    let names = Permission::ALL.into_iter().map(Permission::name);
    let other_names = Permission::ALL.into_iter().map(Permission::manifest_key);
    let help = match nearest(typed, names.clone().chain(other_names).chain(LIMIT_KEYS)) {
        Some(near) => format!("did you mean '{near}'?"),
        None => {
            let (names, limits): (Vec<_>, _) = (names.collect(), LIMIT_KEYS.join(", "));
            format!("there are {}; and the limits {limits}", names.join(", "))
        }
    };
    Err(Failure::new(
        Kind::Usage,
        format!("there is no permission '{typed}', and no limit"),
    )
    .help(help))
}

/// The nearest of the known words, or all of them.
fn suggestion<'k>(typed: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    const LISTED_MAX: usize = 20;
    match nearest(typed, known.clone()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => {
            let listed: Vec<&str> = known.clone().take(LISTED_MAX).collect();
            let more = if known.count() > LISTED_MAX {
                ", …"
            } else {
                ""
            };
            format!("there are {}{more}", listed.join(", "))
        }
    }
}
