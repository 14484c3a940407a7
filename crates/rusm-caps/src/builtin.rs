//! The three profiles that exist without a manifest.
//!
//! | | sandboxed | network-client | trusted |
//! |---|---|---|---|
//! | CPU, memory | 64 MiB | 64 MiB | 1 GiB |
//! | send | anyone | anyone | anyone |
//! | network | none | public addresses | public addresses |
//! | stdio, process control, spawn, storage | none | none | all |
//! | files, environment, load, listen, host functions | none | none | none |

use crate::{KvGrant, Limits, NetGrant, Profile, ProfileBuilder, SendGrant, SpawnGrant};

impl Profile {
    /// The names of the built-in profiles, which no manifest can redefine.
    pub const BUILT_IN: [&'static str; 3] = ["sandboxed", "network-client", "trusted"];

    /// CPU, bounded memory and messages: what a component runs under that was given nothing else.
    pub fn sandboxed() -> Profile {
        built(Profile::builder("sandboxed").send(SendGrant::Anyone))
    }

    /// The same plus outgoing network to public addresses.
    pub fn network_client() -> Profile {
        built(
            Profile::sandboxed()
                .to_builder("network-client")
                .network(NetGrant::public()),
        )
    }

    /// Terminal, public network, process control, spawn, storage and a large heap; no files and
    /// no environment.
    pub fn trusted() -> Profile {
        let builder = Profile::builder("trusted")
            .send(SendGrant::Anyone)
            .network(NetGrant::public())
            .spawn(SpawnGrant::Anyone)
            .storage(KvGrant::every())
            .allow_process_control()
            .allow_stdio()
            .limits(Limits::trusted());
        built(builder)
    }

    /// The built-in profile of that name.
    pub fn built_in(name: &str) -> Option<Profile> {
        match name {
            "sandboxed" => Some(Profile::sandboxed()),
            "network-client" => Some(Profile::network_client()),
            "trusted" => Some(Profile::trusted()),
            _ => None,
        }
    }
}

fn built(builder: ProfileBuilder) -> Profile {
    builder
        .build()
        .expect("the built-in profiles have no folders, and limits that a test validates")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Permission;

    /// What each built-in profile holds, in full: adding to one is a change of this table.
    #[test]
    fn the_built_in_profiles_hold_exactly_this() {
        let held = |profile: Profile| {
            Permission::ALL
                .into_iter()
                .filter(|p| profile.holds(*p))
                .collect::<Vec<_>>()
        };
        assert_eq!(held(Profile::sandboxed()), [Permission::Send]);
        assert_eq!(
            held(Profile::network_client()),
            [Permission::Network, Permission::Send]
        );
        assert_eq!(
            held(Profile::trusted()),
            [
                Permission::Network,
                Permission::Spawn,
                Permission::Storage,
                Permission::ProcessControl,
                Permission::Send,
                Permission::Stdio
            ]
        );
    }

    /// Each name leads to the profile of that name, and each covers the one before it.
    #[test]
    fn they_are_found_by_name_and_nested() {
        let all = Profile::BUILT_IN.map(|name| Profile::built_in(name).unwrap());
        for (profile, name) in all.iter().zip(Profile::BUILT_IN) {
            assert_eq!(profile.name(), name);
        }
        let [sandboxed, network_client, trusted] = all;
        assert_eq!(network_client.covers(&sandboxed), Ok(()));
        assert_eq!(trusted.covers(&network_client), Ok(()));
        assert!(sandboxed.covers(&network_client).is_err());
        assert_eq!(Profile::built_in("root"), None);
    }
}
