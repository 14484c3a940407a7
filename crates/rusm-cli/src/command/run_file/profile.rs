//! From the flags of a single file to its profile.
//!
//! It starts from nothing, or from the profile that is named, and each flag adds its grant. The
//! terminal is always granted: who types the command means to see what it prints.

mod everywhere;

use crate::args::{GrantArgs, ListenFlag, NetFlag};
use crate::environment::{self, Environment};
use crate::manifest_file;
use crate::place::{MANIFEST, nearest};
use crate::report::{Console, Failure, Kind};
use rusm_caps::{Limits, ListenGrant, NetGrant, NetRule, Profile, ProfileBuilder};
use rusm_caps::{SendGrant, SpawnGrant};
use std::path::Path;
use std::time::Duration;

const MIB: u64 = 1 << 20;
const KIB: u64 = 1 << 10;
/// What the profile is called in reports when none is named.
const NAME: &str = "command-line";

/// What a single file is given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Granted {
    pub(super) profile: Profile,
    pub(super) environment: Environment,
}

/// The profile for these flags, and the variables it may see.
pub(super) fn of(args: &GrantArgs, console: Console) -> Result<Granted, Failure> {
    let base = match &args.profile {
        Some(name) => named(name, console)?,
        None => bare(),
    };
    let mut builder = with_limits(base.to_builder(base.name().to_owned()).allow_stdio(), args);
    for dir in &args.dir {
        builder = builder.dir(dir.clone());
    }
    if args.allow_spawn {
        builder = builder.spawn(SpawnGrant::Anyone);
    }
    if !args.allow_net.is_empty() {
        builder = builder.network(network(base.network(), &args.allow_net));
    }
    if !args.allow_listen.is_empty() {
        builder = builder.listen(listening(base.listen(), &args.allow_listen));
    }
    let mut environment = environment::of_process();
    for flag in &args.env {
        match (&flag.value, flag.grant.exact_name()) {
            (Some(value), Some(name)) => {
                environment.insert(name.to_owned(), value.clone());
            }
            (None, Some(name)) if !environment.contains_key(name) => {
                return Err(unset(name, &environment));
            }
            (_, _) => {}
        }
        builder = builder.env(flag.grant.clone());
    }
    let profile = builder
        .build()
        .map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
    Ok(Granted {
        profile,
        environment,
    })
}

/// Nothing but sending, which reaches nobody it did not start, within bounds that no ordinary program meets.
fn bare() -> Profile {
    let limits = Limits {
        max_memory_bytes: 4096 * MIB,
        ..Limits::trusted()
    };
    let profile = Profile::builder(NAME)
        .send(SendGrant::Anyone)
        .limits(limits)
        .build();
    profile.expect("it has no folders, and limits that a test builds")
}

/// A built-in profile, or one of the manifest in the current folder.
fn named(name: &str, console: Console) -> Result<Profile, Failure> {
    if let Some(profile) = Profile::built_in(name) {
        return Ok(profile);
    }
    let path = Path::new(MANIFEST);
    let declared = if path.is_file() {
        manifest_file::read(path, console)?.profiles
    } else {
        Default::default()
    };
    if let Some(profile) = declared.get(name) {
        return Ok(Profile::clone(profile));
    }
    let known: Vec<&str> = Profile::BUILT_IN
        .into_iter()
        .chain(declared.keys().map(String::as_str))
        .collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("there are {}", known.join(", ")),
    };
    Err(Failure::new(Kind::Usage, format!("there is no profile '{name}'")).help(help))
}

fn with_limits(builder: ProfileBuilder, args: &GrantArgs) -> ProfileBuilder {
    let time = |ms: u64| (ms > 0).then(|| Duration::from_millis(ms));
    builder.with_limits(|limits| {
        if let Some(mib) = args.max_memory_mb {
            limits.max_memory_bytes = mib.saturating_mul(MIB);
        }
        if let Some(ms) = args.max_cpu_ms {
            limits.max_cpu = time(ms);
        }
        if let Some(ms) = args.max_slice_ms {
            limits.max_slice = time(ms);
        }
        if let Some(ms) = args.timeout_ms {
            limits.timeout = time(ms);
        }
        if let Some(kib) = args.max_output_kb {
            limits.max_output_bytes = if kib == 0 {
                u64::MAX
            } else {
                kib.saturating_mul(KIB)
            };
        }
        if let Some(most) = args.max_processes {
            limits.max_processes = most;
        }
        if let Some(most) = args.max_handles {
            limits.max_handles = most;
        }
    })
}

/// The rules that are there and those of the flags together.
fn network(base: &NetGrant, flags: &[NetFlag]) -> NetGrant {
    let mut rules: Vec<NetRule> = base.rules().to_vec();
    for flag in flags {
        match flag {
            NetFlag::Everywhere => rules.extend(everywhere::rules()),
            NetFlag::Rule(rule) => rules.push(rule.clone()),
        }
    }
    NetGrant::Rules(rules)
}

/// Where it may listen already and where the flags say, together.
fn listening(base: &ListenGrant, flags: &[ListenFlag]) -> ListenGrant {
    let mut rules = match base {
        ListenGrant::Off => Vec::new(),
        ListenGrant::Anywhere => return ListenGrant::Anywhere,
        ListenGrant::Rules(rules) => rules.clone(),
    };
    for flag in flags {
        match flag {
            ListenFlag::Anywhere => return ListenGrant::Anywhere,
            ListenFlag::Rule(rule) => rules.push(*rule),
        }
    }
    ListenGrant::Rules(rules)
}

fn unset(name: &str, environment: &Environment) -> Failure {
    let help = match nearest(name, environment.keys().map(String::as_str)) {
        Some(near) => format!("did you mean {near}? To set it: --env {name}=VALUE"),
        None => format!("to set it: --env {name}=VALUE"),
    };
    Failure::new(
        Kind::Usage,
        format!("cannot pass on the environment variable {name}: it is not set here"),
    )
    .help(help)
}

#[cfg(test)]
mod tests;
