//! A key of a profile, and whether it grants more than the code that has it could use.

use super::super::finding::{About, Finding};
use super::Known;
use rusm_caps::{Permission, Profile, SpawnGrant, entries};
use rusm_core::Need;
use rusm_manifest::{Change, Edit, Manifest, Origin, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// `allow-spawn = true` is written out as a list of at most this many components.
const SPAWN_LISTED_MAX: usize = 8;

/// A key of a profile.
pub(super) struct Key<'m> {
    pub(super) manifest: &'m Manifest,
    pub(super) profile: &'m str,
    pub(super) permission: Permission,
    pub(super) origin: &'m Origin,
}

impl Key<'_> {
    pub(super) fn judge(&self, known: &Known) -> Option<Finding> {
        let profile = self.manifest.profiles.get(self.profile)?;
        if entries(profile, self.permission).is_empty() {
            return None;
        }
        let users = self.users(known)?;
        let names: Vec<&str> = users.iter().map(|(name, _)| *name).collect();
        let needs: BTreeSet<Need> = users
            .iter()
            .flat_map(|(_, needs)| needs.iter().copied())
            .filter(|need| need.permission == self.permission)
            .collect();
        if needs.is_empty() {
            return Some(self.unused(&names));
        }
        self.wider(profile, &names, &needs)
    }

    /// The components that this key serves, with what their code can use. None: there are none, or
    /// some of that code is not known, so that nothing can be said.
    fn users<'k>(&self, known: &'k Known) -> Option<Vec<(&'k str, &'k BTreeSet<Need>)>> {
        let mut served = BTreeSet::new();
        let mut users = BTreeMap::new();
        for component in self.manifest.components.values() {
            let offered = component.profiles.values();
            for profile in [&component.profile].into_iter().chain(offered) {
                if !self.serves(profile.name()) {
                    continue;
                }
                served.insert(profile.name());
                let (name, needs) = known.get_key_value(&component.name)?;
                let loads = |need: &Need| need.permission == Permission::Load;
                if profile.load() && needs.iter().any(loads) {
                    return None;
                }
                users.insert(name.as_str(), needs);
            }
        }
        // A profile that inherits the key and serves no component is there for something else.
        let mut heirs = self.manifest.origins.profiles().map(|(name, _)| name);
        let is_for_others = |name: &str| {
            name != self.profile
                && self.serves(name)
                && !served.contains(name)
                && !self.is_a_step_to(name, &served)
        };
        if users.is_empty() || heirs.any(is_for_others) {
            return None;
        }
        Some(users.into_iter().collect())
    }

    /// Whether the key has the last word for that profile.
    fn serves(&self, profile: &str) -> bool {
        let written = self
            .manifest
            .origins
            .of_key(profile, self.permission.manifest_key());
        written
            .first()
            .is_some_and(|(owner, _)| *owner == self.profile)
    }

    /// Whether a profile is there for others to inherit, and one of those serves a component.
    fn is_a_step_to(&self, profile: &str, served: &BTreeSet<&str>) -> bool {
        served.iter().any(|heir| {
            let lineage = self.manifest.origins.lineage(heir);
            lineage.iter().any(|ancestor| ancestor.name == profile)
        })
    }

    fn unused(&self, components: &[&str]) -> Finding {
        let message = format!(
            "profile '{}' grants {}, and no code that has it imports anything to use it: {}",
            self.profile,
            self.permission,
            components.join(", ")
        );
        let key = self.permission.manifest_key();
        let edit = if self.inherits_something() {
            // Without the key, what is inherited would be granted instead: that would widen.
            self.set(match self.permission {
                Permission::Env | Permission::Files | Permission::HostFunctions => "[]",
                Permission::Network
                | Permission::Listen
                | Permission::Spawn
                | Permission::Storage
                | Permission::ProcessControl
                | Permission::Send
                | Permission::Load
                | Permission::Stdio => "false",
            })
        } else {
            self.edit(&[key], Change::Remove)
        };
        self.finding(&message, edit)
    }

    /// Whether the profile would have anything of the permission without this key.
    fn inherits_something(&self) -> bool {
        let lineage = self.manifest.origins.lineage(self.profile);
        let parent = lineage
            .get(1)
            .and_then(|parent| self.manifest.profile(parent.name));
        parent.is_none_or(|parent| parent.holds(self.permission))
    }

    fn wider(
        &self,
        profile: &Profile,
        components: &[&str],
        needs: &BTreeSet<Need>,
    ) -> Option<Finding> {
        match self.permission {
            Permission::Storage => self.wider_storage(profile, components, needs),
            Permission::Spawn => self.wider_spawn(profile),
            Permission::Network
            | Permission::Listen
            | Permission::ProcessControl
            | Permission::Send
            | Permission::Load
            | Permission::Stdio
            | Permission::Env
            | Permission::Files
            | Permission::HostFunctions => None,
        }
    }

    /// Reading where only writing is imported, or the other way round.
    fn wider_storage(
        &self,
        profile: &Profile,
        components: &[&str],
        needs: &BTreeSet<Need>,
    ) -> Option<Finding> {
        let grant = profile.storage();
        let reads = needs.iter().any(|need| !need.writes);
        let writes = needs.iter().any(|need| need.writes);
        let (surplus, rest) = if !writes && !grant.write.is_empty() {
            ("write", "read")
        } else if !reads && !grant.read.is_empty() {
            ("read", "write")
        } else {
            return None;
        };
        let message = format!(
            "profile '{}' lets code {surplus} buckets, and the code that has it only imports what can {rest} them: {}",
            self.profile,
            components.join(", ")
        );
        let edit = if self.origin.keys.contains_key(surplus) {
            self.edit(&[self.permission.manifest_key(), surplus], Change::Remove)
        } else {
            self.set(&format!("{{ {rest} = [\"*\"] }}"))
        };
        Some(self.finding(&message, edit))
    }

    /// Any component, those included that somebody adds later, where there are few.
    fn wider_spawn(&self, profile: &Profile) -> Option<Finding> {
        let names: Vec<&str> = self
            .manifest
            .components
            .keys()
            .map(String::as_str)
            .collect();
        let is_open = *profile.spawn() == SpawnGrant::Anyone && !profile.load();
        if !is_open || names.len() > SPAWN_LISTED_MAX {
            return None;
        }
        let message = format!(
            "profile '{}' lets code spawn any component, those included that are added later",
            self.profile
        );
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        Some(self.finding(&message, self.set(&format!("[{}]", quoted.join(", ")))))
    }

    fn set(&self, value: &str) -> Edit {
        self.edit(
            &[self.permission.manifest_key()],
            Change::Set(value.to_owned()),
        )
    }

    fn edit(&self, keys: &[&str], change: Change) -> Edit {
        let path = ["capabilities", self.profile]
            .into_iter()
            .chain(keys.iter().copied());
        Edit {
            path: path.map(str::to_owned).collect(),
            change,
        }
    }

    fn finding(&self, message: &str, edit: Edit) -> Finding {
        let keys = edit.path.get(2..).unwrap_or_default().join(".");
        let what = match &edit.change {
            Change::Remove => format!("remove {keys}"),
            Change::Set(value) => format!("write {keys} = {value}"),
        };
        let hint = format!("{what}; `rusm check --fix` does it");
        let origins = &self.manifest.origins;
        let note = origins.diagnostic(Severity::Note, &self.origin.key, message, Some(&hint));
        Finding::of_diagnostic(&note)
            .about(About::Grants)
            .with_fix(edit)
    }
}
