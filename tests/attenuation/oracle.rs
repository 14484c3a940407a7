//! What each process may do, in sets of words: `storage:read:b1` is one right, `storage` its family.
//!
//! The rules are those of the product's contract and nothing else: the manifest decides, restrictions and drops take
//! families away, code that a process brought has its loader's rights and not what its spawner lost.

#![expect(
    clippy::indexing_slicing,
    reason = "the number of a process is an index into what gave it"
)]

use std::collections::{BTreeMap, BTreeSet};

/// Rights, as words.
pub(super) type Rights = BTreeSet<String>;

/// The family that a right belongs to.
pub(super) fn family(right: &str) -> &str {
    right.split_once(':').map_or(right, |(family, _)| family)
}

/// A component of the manifest.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub(super) profile: String,
    /// Its own profile's, and those of the profiles that it offers.
    pub(super) profiles: BTreeMap<String, Rights>,
}

/// A process.
#[derive(Clone, Debug)]
pub(super) struct Life {
    /// What it may do now.
    pub(super) rights: Rights,
    /// What it could do when it began.
    pub(super) at_start: Rights,
    /// Everything that the operator granted to its component, or to the loader of its code. Never grows.
    pub(super) granted: Rights,
    /// Families that were taken from it.
    lost: BTreeSet<String>,
    profile: String,
    parent: Option<usize>,
    pub(super) is_alive: bool,
    /// Code that it brought.
    loaded: BTreeSet<String>,
}

/// What comes of an attempt to spawn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Spawned {
    /// The number of the new process.
    As(usize),
    Denied,
    Escalation,
    Unknown,
}

#[derive(Debug, Default)]
pub(super) struct Oracle {
    pub(super) declared: BTreeMap<String, Declared>,
    pub(super) lives: Vec<Life>,
}

impl Oracle {
    /// The node itself starts a component.
    pub(super) fn begin(&mut self, component: &str) -> usize {
        let declared = &self.declared[component];
        let (profile, granted) = (declared.profile.clone(), all(declared));
        let rights = declared.profiles[&profile].clone();
        self.born(Life {
            at_start: rights.clone(),
            rights,
            granted,
            lost: BTreeSet::new(),
            profile,
            parent: None,
            is_alive: true,
            loaded: BTreeSet::new(),
        })
    }

    fn born(&mut self, life: Life) -> usize {
        self.lives.push(life);
        self.lives.len() - 1
    }

    /// Whether it may now, by this family's rules.
    pub(super) fn may(&self, who: usize, right: &str) -> bool {
        self.lives[who].rights.contains(right)
    }

    pub(super) fn gives_up(&mut self, who: usize, lost: &str) {
        let life = &mut self.lives[who];
        life.rights.retain(|right| family(right) != lost);
        life.lost.insert(lost.to_owned());
    }

    pub(super) fn ends(&mut self, who: usize) {
        self.lives[who].is_alive = false;
    }

    /// Whether the code is registered under that name.
    pub(super) fn loads(&mut self, who: usize, name: &str) -> bool {
        !self.declared.contains_key(name)
            && self.may(who, "load")
            && self.lives[who].loaded.insert(name.to_owned())
    }

    pub(super) fn spawns(
        &mut self,
        who: usize,
        name: &str,
        profile: Option<&str>,
        revoked: &[&str],
    ) -> Spawned {
        if !self.may(who, &format!("spawn:{name}")) {
            return Spawned::Denied;
        }
        let (granted, base, mut lost, base_profile) =
            if let Some(declared) = self.declared.get(name) {
                let chosen = profile.unwrap_or(&declared.profile);
                let Some(rights) = declared.profiles.get(chosen) else {
                    return Spawned::Escalation;
                };
                (
                    all(declared),
                    rights.clone(),
                    BTreeSet::new(),
                    chosen.to_owned(),
                )
            } else {
                let Some(loader) = self.loader(who, name) else {
                    return Spawned::Unknown;
                };
                if profile.is_some_and(|wished| wished != loader.profile) {
                    return Spawned::Escalation;
                }
                let lost = loader.lost.union(&self.lives[who].lost).cloned().collect();
                (
                    loader.granted.clone(),
                    loader.rights.clone(),
                    lost,
                    loader.profile.clone(),
                )
            };
        lost.extend(revoked.iter().map(|family| (*family).to_owned()));
        let rights: Rights = base
            .into_iter()
            .filter(|right| !lost.contains(family(right)))
            .collect();
        Spawned::As(self.born(Life {
            at_start: rights.clone(),
            rights,
            granted,
            lost,
            profile: base_profile,
            parent: Some(who),
            is_alive: true,
            loaded: BTreeSet::new(),
        }))
    }

    /// The nearest living process, from `who` upwards, that brought code of this name.
    fn loader(&self, who: usize, name: &str) -> Option<&Life> {
        let upwards = std::iter::successors(Some(who), |who| self.lives[*who].parent);
        let mut lives = upwards.map(|who| &self.lives[who]);
        lives.find(|life| life.is_alive && life.loaded.contains(name))
    }
}

/// Everything that the operator granted to a component, in whichever of its profiles.
fn all(declared: &Declared) -> Rights {
    declared.profiles.values().flatten().cloned().collect()
}
