//! Which profile a new process runs under.
//!
//! The operator decides, and whoever spawns can only narrow. A declared component runs under its own
//! profile or one that its declaration offers; code that a process brought runs under the profile of
//! that process. This is the only way from one process's profile to another's, so the law of
//! attenuation is a law of this file.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use crate::{Profile, RestrictError, Restrictions, printable};

/// Where the code of a new process comes from, and with it the profiles it can run under.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// A component of the manifest.
    Declared {
        /// Its name.
        component: &'a str,
        /// Its profile.
        profile: &'a Arc<Profile>,
        /// The profiles that a spawner may choose besides, by name.
        offered: &'a BTreeMap<String, Arc<Profile>>,
    },
    /// Code that a process registered.
    Loaded {
        /// What its loader has.
        profile: &'a Arc<Profile>,
    },
}

/// A spawn that asks for more than there is for that code.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AttenuationError {
    /// The declaration does not offer that profile.
    #[error("component '{component}' does not offer profile '{}'", printable(.wished))]
    NotOffered {
        /// The component.
        component: String,
        /// What was asked for, as the guest wrote it.
        wished: String,
    },
    /// Loaded code has no choice.
    #[error("loaded code runs under its loader's profile, not '{}'", printable(.wished))]
    NotTheLoaders {
        /// What was asked for, as the guest wrote it.
        wished: String,
    },
    /// The restriction is none.
    #[error(transparent)]
    Restriction(#[from] RestrictError),
}

impl Origin<'_> {
    /// The profile of the new process: the one that is wished for, if it can be had, without what the
    /// restrictions take away.
    pub fn attenuate(
        self,
        wished: Option<&str>,
        restrict: Option<&Restrictions>,
    ) -> Result<Arc<Profile>, AttenuationError> {
        let chosen = self.choose(wished)?;
        Ok(match restrict {
            Some(restrict) => Arc::new(chosen.restrict(restrict)?),
            None => Arc::clone(chosen),
        })
    }

    fn choose(&self, wished: Option<&str>) -> Result<&Arc<Profile>, AttenuationError> {
        let (Origin::Declared { profile, .. } | Origin::Loaded { profile }) = *self;
        let Some(wished) = wished.filter(|wished| *wished != profile.name()) else {
            return Ok(profile);
        };
        match *self {
            Origin::Declared {
                component, offered, ..
            } => offered
                .get(wished)
                .ok_or_else(|| AttenuationError::NotOffered {
                    component: component.to_owned(),
                    wished: wished.to_owned(),
                }),
            Origin::Loaded { .. } => Err(AttenuationError::NotTheLoaders {
                wished: wished.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles() -> (Arc<Profile>, BTreeMap<String, Arc<Profile>>) {
        let offered = Arc::new(Profile::network_client());
        let by_name = BTreeMap::from([("network-client".to_owned(), offered)]);
        (Arc::new(Profile::sandboxed()), by_name)
    }

    /// A declared component has its own profile and those offered, by name, and no other.
    #[test]
    fn only_what_is_offered_can_be_chosen() {
        let (profile, offered) = profiles();
        let origin = Origin::Declared {
            component: "worker",
            profile: &profile,
            offered: &offered,
        };
        let chosen = |wished| Ok(origin.attenuate(wished, None)?.name().to_owned());
        assert_eq!(chosen(None), Ok("sandboxed".to_owned()));
        assert_eq!(chosen(Some("sandboxed")), Ok("sandboxed".to_owned()));
        assert_eq!(
            chosen(Some("network-client")),
            Ok("network-client".to_owned())
        );
        let refused: Result<String, AttenuationError> = chosen(Some("trusted\u{202e}"));
        assert_eq!(
            refused.unwrap_err().to_string(),
            "component 'worker' does not offer profile 'trusted\\u{202e}'"
        );
    }

    /// Loaded code runs under its loader's profile whatever is wished for, narrowed or not.
    #[test]
    fn loaded_code_has_its_loaders_profile() {
        let (profile, _) = profiles();
        let origin = Origin::Loaded { profile: &profile };
        let none = Restrictions {
            revoke: vec!["send".to_owned()],
            ..Restrictions::default()
        };
        assert_eq!(origin.attenuate(None, None), Ok(Arc::clone(&profile)));
        assert!(
            !origin
                .attenuate(Some("sandboxed"), Some(&none))
                .unwrap()
                .holds(crate::Permission::Send)
        );
        assert!(matches!(
            origin.attenuate(Some("trusted"), None),
            Err(AttenuationError::NotTheLoaders { .. })
        ));
        let wider = Restrictions {
            max_memory_mb: Some(65),
            ..Restrictions::default()
        };
        assert!(matches!(
            origin.attenuate(None, Some(&wider)),
            Err(AttenuationError::Restriction(_))
        ));
    }
}
