//! What code can use, by its imports, compared with what its profile grants.
//!
//! An import is not a use, so neither side is an error. What every program of a language imports
//! whether it needs it or not (streams, arguments with the environment) is not held against it.

use rusm_caps::{Permission, Profile};

/// Imports by the permission they need: prefixes of interfaces, or of `module/function`.
const NEEDS: [(Permission, &[&str]); 7] = [
    (
        Permission::Network,
        &[
            "wasi:sockets/",
            "wasi:http/",
            "wasi_snapshot_preview1/sock_connect",
        ],
    ),
    (
        Permission::Files,
        &["wasi:filesystem/", "wasi_snapshot_preview1/path_"],
    ),
    (
        Permission::Env,
        &["wasi:cli/environment", "wasi_snapshot_preview1/environ_"],
    ),
    (Permission::Spawn, &["rusm:actor/spawner", "rusm/spawn"]),
    (Permission::Load, &["rusm:actor/spawner", "rusm/load"]),
    (
        Permission::Storage,
        &["rusm:actor/kv", "wasi:keyvalue/", "rusm/kv-"],
    ),
    (
        Permission::ProcessControl,
        &[
            "rusm:actor/control",
            "rusm/processes",
            "rusm/inspect",
            "rusm/kill",
        ],
    ),
];

/// Imports that most code has without need: a grant that is missing for them is not worth a word.
const ROUTINE: [&str; 3] = [
    "wasi:cli/environment",
    "wasi_snapshot_preview1/environ_",
    "wasi_snapshot_preview1/path_",
];

/// A sentence for what is missing, and one for what is not used.
pub(super) fn compare(imports: &[&str], profile: &Profile) -> Vec<String> {
    let mut missing = Vec::new();
    let mut unused = Vec::new();
    for (permission, prefixes) in NEEDS {
        let uses = |prefix: &&str| imports.iter().any(|import| import.starts_with(*prefix));
        let is_granted = profile.holds(permission);
        // Spawning and loading share an interface; an import of it says nothing about loading.
        let is_told = |prefix: &&&str| {
            !ROUTINE.contains(prefix) && (permission != Permission::Load || !prefix.contains(':'))
        };
        if !is_granted && prefixes.iter().filter(is_told).any(uses) {
            missing.push(permission.name());
        }
        if is_granted && !prefixes.iter().any(uses) {
            unused.push(permission.name());
        }
    }
    let mut notes = Vec::new();
    let name = profile.name();
    if !missing.is_empty() {
        notes.push(format!(
            "its code can ask for {}, which profile '{name}' does not grant",
            missing.join(", ")
        ));
    }
    // What a built-in profile grants was not chosen one by one.
    if !unused.is_empty() && !Profile::BUILT_IN.contains(&name) {
        notes.push(format!(
            "profile '{name}' grants {}, which its code has no import to use",
            unused.join(", ")
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusm_caps::{NetGrant, SpawnGrant};

    /// A grant that the code cannot use and an import that is not granted are both told.
    #[test]
    fn both_sides_are_told() {
        let profile = Profile::builder("web")
            .network(NetGrant::public())
            .build()
            .unwrap();
        let notes = compare(
            &["rusm:actor/spawner@0.1.0", "wasi:cli/stdout@0.2.3"],
            &profile,
        );
        assert_eq!(
            notes,
            [
                "its code can ask for spawn, which profile 'web' does not grant",
                "profile 'web' grants network, which its code has no import to use",
            ]
        );
    }

    /// Code that uses what it is granted, and what every program imports, give no note.
    #[test]
    fn what_fits_is_silent() {
        let profile = Profile::builder("boss")
            .spawn(SpawnGrant::Anyone)
            .build()
            .unwrap();
        assert_eq!(
            compare(
                &[
                    "rusm/spawn",
                    "wasi_snapshot_preview1/environ_get",
                    "rusm/send"
                ],
                &profile
            ),
            Vec::<String>::new()
        );
        assert_eq!(compare(&[], &Profile::trusted()), Vec::<String>::new());
    }
}
