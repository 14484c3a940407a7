//! When one profile is at least as wide as another.
//!
//! `covers` is the one definition of "narrower", used wherever a profile is derived or chosen. It
//! is sound, not complete: it may refuse a profile that several grants together would allow, and
//! never accepts one that allows anything more.

use thiserror::Error;

use crate::{Permission, Profile};

/// A profile that allows more than the one it was to stay within.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("profile '{wider}' is not within profile '{bound}': its {key} allows more")]
pub struct Escalation {
    wider: String,
    bound: String,
    key: &'static str,
}

impl Escalation {
    pub(crate) fn new(wider: &Profile, bound: &Profile, key: &'static str) -> Escalation {
        Escalation {
            wider: wider.name().to_owned(),
            bound: bound.name().to_owned(),
            key,
        }
    }

    /// The manifest key that allows more.
    pub fn key(&self) -> &'static str {
        self.key
    }
}

impl Profile {
    /// Whether everything that `narrower` allows is allowed by this profile as well.
    pub fn covers(&self, narrower: &Profile) -> Result<(), Escalation> {
        if let Some(wider) = Permission::ALL
            .into_iter()
            .find(|permission| !self.covers_permission(narrower, *permission))
        {
            return Err(Escalation::new(narrower, self, wider.manifest_key()));
        }
        match self.limits().exceeded_by(narrower.limits()) {
            Some(key) => Err(Escalation::new(narrower, self, key)),
            None => Ok(()),
        }
    }

    fn covers_permission(&self, narrower: &Profile, permission: Permission) -> bool {
        match permission {
            Permission::Network => self.network().covers_grant(narrower.network()),
            Permission::Listen => self.listen().covers_grant(narrower.listen()),
            Permission::Spawn => self.spawn().covers_grant(narrower.spawn()),
            Permission::Storage => self.storage().covers_grant(narrower.storage()),
            Permission::ProcessControl => self.process_control() || !narrower.process_control(),
            Permission::Send => self.send().covers_grant(narrower.send()),
            Permission::Load => self.load() || !narrower.load(),
            Permission::Stdio => self.stdio() || !narrower.stdio(),
            Permission::Env => narrower
                .env()
                .iter()
                .all(|inner| self.env().iter().any(|outer| outer.covers_grant(inner))),
            Permission::Files => narrower
                .dirs()
                .iter()
                .all(|inner| self.dirs().iter().any(|outer| outer.covers_grant(inner))),
            Permission::HostFunctions => self
                .host_functions()
                .covers_grant(narrower.host_functions()),
        }
    }
}
