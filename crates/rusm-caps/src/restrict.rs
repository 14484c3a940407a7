//! Making a profile narrower: at spawn, and for good in a running process.
//!
//! A restriction that would widen is an error and not quietly ignored; so is one that names a
//! permission nobody knows, because a right that was meant to go would stay.

use std::time::Duration;

use thiserror::Error;

use crate::escape::quoted;
use crate::limits::time_within;
use crate::{Limits, Permission, Profile};

/// What a spawner takes away from the profile that the new process would have had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// Permissions, by their manifest names, such as `network` or `storage`.
    pub revoke: Vec<String>,
    /// A smaller memory.
    pub max_memory_mb: Option<u32>,
    /// Less CPU time; 0 is no bound, as in the manifest.
    pub max_cpu_ms: Option<u64>,
    /// A shorter life; 0 is no bound, as in the manifest.
    pub timeout_ms: Option<u64>,
}

/// A restriction that is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RestrictError {
    /// No permission of that name.
    #[error(
        "cannot revoke {name}: no such permission; there are {}",
        known_names()
    )]
    UnknownPermission {
        /// What was asked for, fit for printing.
        name: String,
    },
    /// More than the profile has.
    #[error(
        "cannot set {key} to {asked}: profile '{profile}' has only {held}, and a restriction never widens"
    )]
    Wider {
        /// Which bound.
        key: &'static str,
        /// The profile.
        profile: String,
        /// What was asked for.
        asked: String,
        /// What the profile has.
        held: String,
    },
    /// A bound that cannot be honoured.
    #[error("cannot set {key} to {asked}: out of range")]
    OutOfRange {
        /// Which bound.
        key: &'static str,
        /// What was asked for.
        asked: u64,
    },
}

fn known_names() -> String {
    Permission::ALL.map(Permission::name).join(", ")
}

impl Profile {
    /// The profile without what the restrictions take away.
    pub fn restrict(&self, restrictions: &Restrictions) -> Result<Profile, RestrictError> {
        let mut narrower = self.clone();
        for name in &restrictions.revoke {
            let Some(permission) = Permission::from_name(name) else {
                return Err(RestrictError::UnknownPermission { name: quoted(name) });
            };
            narrower.withdraw(permission);
        }
        if let Some(memory_mb) = restrictions.max_memory_mb {
            narrower.limits.max_memory_bytes = self.narrower_memory(memory_mb)?;
            narrower.imposed.max_memory_bytes = Some(narrower.limits.max_memory_bytes);
        }
        if let Some(cpu_ms) = restrictions.max_cpu_ms {
            narrower.limits.max_cpu =
                self.narrower_time("max-cpu-ms", self.limits.max_cpu, cpu_ms)?;
            narrower.imposed.max_cpu = narrower.limits.max_cpu;
        }
        if let Some(timeout_ms) = restrictions.timeout_ms {
            narrower.limits.timeout =
                self.narrower_time("timeout-ms", self.limits.timeout, timeout_ms)?;
            narrower.imposed.timeout = narrower.limits.timeout;
        }
        Ok(narrower)
    }

    /// The profile without anything of the permission of that name; none if there is no such
    /// permission.
    pub fn revoke(&self, permission: &str) -> Option<Profile> {
        let permission = Permission::from_name(permission)?;
        let mut narrower = self.clone();
        narrower.withdraw(permission);
        Some(narrower)
    }

    pub(crate) fn withdraw(&mut self, permission: Permission) {
        self.grants.withhold(permission);
        if let Err(position) = self.revoked.binary_search(&permission) {
            self.revoked.insert(position, permission);
        }
    }

    fn narrower_memory(&self, memory_mb: u32) -> Result<u64, RestrictError> {
        let bytes = u64::from(memory_mb) << 20;
        let held = self.limits.max_memory_bytes;
        if bytes > held {
            let held = format!("{} MiB", held >> 20);
            return Err(self.wider("max-memory-mb", u64::from(memory_mb), held));
        }
        if bytes < Limits::MEMORY_BYTES_MIN {
            return Err(RestrictError::OutOfRange {
                key: "max-memory-mb",
                asked: u64::from(memory_mb),
            });
        }
        Ok(bytes)
    }

    fn narrower_time(
        &self,
        key: &'static str,
        held: Option<Duration>,
        ms: u64,
    ) -> Result<Option<Duration>, RestrictError> {
        let asked = (ms != 0).then(|| Duration::from_millis(ms));
        if !time_within(held, asked) {
            return Err(self.wider(
                key,
                ms,
                held.map_or_else(String::new, |held| format!("{} ms", held.as_millis())),
            ));
        }
        if asked.is_some_and(|asked| asked > Limits::TIME_MAX) {
            return Err(RestrictError::OutOfRange { key, asked: ms });
        }
        Ok(asked)
    }

    fn wider(&self, key: &'static str, asked: u64, held: String) -> RestrictError {
        RestrictError::Wider {
            key,
            profile: self.name().to_owned(),
            asked: asked.to_string(),
            held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is revoked is gone, is remembered, and is gone once however often it is revoked.
    #[test]
    fn revoking_is_for_good() {
        let narrower = Profile::trusted()
            .revoke("network")
            .unwrap()
            .revoke("allow-network")
            .unwrap();
        assert!(!narrower.holds(Permission::Network));
        assert!(narrower.holds(Permission::Spawn));
        assert_eq!(narrower.revoked(), [Permission::Network]);
        assert_eq!(Profile::trusted().revoke("netwrok"), None);
    }

    /// Asking for more than the profile has is refused, not cut down.
    #[test]
    fn a_restriction_never_widens() {
        let asked = |restrictions: Restrictions| Profile::sandboxed().restrict(&restrictions);
        let memory = |mb| {
            asked(Restrictions {
                max_memory_mb: Some(mb),
                ..Restrictions::default()
            })
        };
        assert_eq!(memory(64).unwrap().limits().max_memory_bytes, 64 << 20);
        assert_eq!(memory(8).unwrap().limits().max_memory_bytes, 8 << 20);
        assert_eq!(
            memory(65).unwrap_err().to_string(),
            "cannot set max-memory-mb to 65: profile 'sandboxed' has only 64 MiB, and a restriction never widens"
        );
        assert!(matches!(memory(0), Err(RestrictError::OutOfRange { .. })));
        assert!(memory(u32::MAX).is_err());
    }

    /// A time bound can be set, made shorter, and not be taken away again with 0.
    #[test]
    fn time_bounds_only_get_shorter() {
        let with = |profile: &Profile, ms| {
            profile.restrict(&Restrictions {
                timeout_ms: Some(ms),
                ..Restrictions::default()
            })
        };
        let bounded = with(&Profile::sandboxed(), 500).unwrap();
        assert_eq!(bounded.limits().timeout, Some(Duration::from_millis(500)));
        assert!(with(&bounded, 400).is_ok());
        assert!(with(&bounded, 501).is_err());
        assert!(with(&bounded, 0).is_err());
        assert!(with(&Profile::sandboxed(), u64::MAX).is_err());
    }

    /// An unknown name is an error with the known ones, and the guest's text in it is escaped.
    #[test]
    fn an_unknown_permission_is_refused() {
        let restrictions = Restrictions {
            revoke: vec!["net\nwork".to_owned()],
            ..Restrictions::default()
        };
        let error = Profile::trusted()
            .restrict(&restrictions)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(
                "cannot revoke 'net\\u{a}work': no such permission; there are network, listen"
            ),
            "{error}"
        );
    }
}
