//! Building a profile: grants are put in one by one, and checked together at the end.

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;

use crate::losses::Imposed;
use crate::profile::Grants;
use crate::{
    DirGrant, EnvGrant, HostFunctionGrant, KvGrant, LimitError, Limits, ListenGrant, NetGrant,
    Permission, Profile, SendGrant, SpawnGrant,
};

/// Makes a [`Profile`]; starts with what [`Profile::builder`] or [`Profile::to_builder`] gave it.
#[derive(Clone, Debug)]
#[must_use]
pub struct ProfileBuilder {
    name: Arc<str>,
    grants: Grants,
    limits: Limits,
}

/// Grants that do not go together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProfileError {
    /// Two folders at one place.
    #[error("cannot build profile '{profile}': two folders share the guest path {guest:?}")]
    GuestPathTaken {
        /// The profile.
        profile: String,
        /// The place.
        guest: String,
    },
    /// A bound that cannot be honoured.
    #[error("cannot build profile '{profile}': {error}")]
    Limit {
        /// The profile.
        profile: String,
        /// Which bound, and why not.
        error: LimitError,
    },
}

impl ProfileBuilder {
    pub(crate) fn new(name: Arc<str>, grants: Grants, limits: Limits) -> ProfileBuilder {
        ProfileBuilder {
            name,
            grants,
            limits,
        }
    }

    /// Opens one more folder.
    pub fn dir(mut self, dir: DirGrant) -> ProfileBuilder {
        self.grants.dirs.push(dir);
        self
    }

    /// Shows one more variable or prefix.
    pub fn env(mut self, env: EnvGrant) -> ProfileBuilder {
        self.grants.env.push(env);
        self
    }

    /// Replaces what of the network may be reached.
    pub fn network(mut self, network: NetGrant) -> ProfileBuilder {
        self.grants.network = network;
        self
    }

    /// Replaces where it may listen.
    pub fn listen(mut self, listen: ListenGrant) -> ProfileBuilder {
        self.grants.listen = listen;
        self
    }

    /// Replaces what may be started.
    pub fn spawn(mut self, spawn: SpawnGrant) -> ProfileBuilder {
        self.grants.spawn = spawn;
        self
    }

    /// Replaces whom it may address.
    pub fn send(mut self, send: SendGrant) -> ProfileBuilder {
        self.grants.send = send;
        self
    }

    /// Replaces which buckets may be used.
    pub fn storage(mut self, storage: KvGrant) -> ProfileBuilder {
        self.grants.storage = storage;
        self
    }

    /// Lets it control processes that are no relatives.
    pub fn allow_process_control(mut self) -> ProfileBuilder {
        self.grants.process_control = true;
        self
    }

    /// Lets it register code that it brings itself.
    pub fn allow_load(mut self) -> ProfileBuilder {
        self.grants.load = true;
        self
    }

    /// Lets it use the real terminal.
    pub fn allow_stdio(mut self) -> ProfileBuilder {
        self.grants.stdio = true;
        self
    }

    /// Replaces which functions of the embedding program it may call.
    pub fn host_functions(mut self, functions: HostFunctionGrant) -> ProfileBuilder {
        self.grants.host_functions = functions;
        self
    }

    /// Takes away everything of a permission that is in so far.
    pub fn withhold(mut self, permission: Permission) -> ProfileBuilder {
        self.grants.withhold(permission);
        self
    }

    /// Replaces the limits.
    pub fn limits(mut self, limits: Limits) -> ProfileBuilder {
        self.limits = limits;
        self
    }

    /// Changes some of the limits.
    pub fn with_limits(mut self, change: impl FnOnce(&mut Limits)) -> ProfileBuilder {
        change(&mut self.limits);
        self
    }

    /// The profile, if its parts can be honoured together.
    pub fn build(self) -> Result<Profile, ProfileError> {
        let profile = || self.name.to_string();
        self.limits
            .validate()
            .map_err(|error| ProfileError::Limit {
                profile: profile(),
                error,
            })?;
        let mut places = BTreeSet::new();
        for dir in &self.grants.dirs {
            if !places.insert(dir.guest().trim_end_matches('/')) {
                return Err(ProfileError::GuestPathTaken {
                    profile: profile(),
                    guest: dir.guest().to_owned(),
                });
            }
        }
        Ok(Profile {
            name: self.name,
            grants: self.grants,
            limits: self.limits,
            revoked: Vec::new(),
            imposed: Imposed::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two folders at one place, spelled differently or not, are refused.
    #[test]
    fn one_folder_per_guest_path() {
        let dir = |guest: &str| DirGrant::read_only("d", guest).unwrap();
        let built = Profile::builder("p").dir(dir("/a")).dir(dir("/a/")).build();
        assert_eq!(
            built,
            Err(ProfileError::GuestPathTaken {
                profile: "p".into(),
                guest: "/a/".into()
            })
        );
        assert!(
            Profile::builder("p")
                .dir(dir("/a"))
                .dir(dir("/a/b"))
                .build()
                .is_ok()
        );
    }

    /// A bound that cannot be honoured is an error when the profile is made, not a smaller bound later.
    #[test]
    fn bounds_are_checked_when_built() {
        let built = Profile::builder("p")
            .with_limits(|limits| limits.max_memory_bytes = 1 << 40)
            .build();
        assert!(
            built
                .unwrap_err()
                .to_string()
                .contains("not between 64 KiB and 4096 MiB")
        );
    }
}
