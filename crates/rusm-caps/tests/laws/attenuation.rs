//! The law of attenuation: no sequence of calls gives a process a right that the operator granted
//! neither to its component nor to its loader.
//!
//! Processes of arbitrary components spawn each other, choose offered profiles, restrict, load code,
//! spawn what was loaded and give rights up, in any order, by the very functions that the runtime
//! decides with. After each step the process that is new or changed is held against the profiles that
//! the operator wrote for its component, or for the component of whoever loaded its code.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rusm_caps::*;

use crate::arbitrary::{NAMES, profile, restrictions};
use crate::asked::{Asked, asked};

/// A component of the manifest.
#[derive(Clone, Debug)]
struct Declared {
    profile: Arc<Profile>,
    offered: BTreeMap<String, Arc<Profile>>,
}

impl Declared {
    /// Everything that the operator granted to it.
    fn granted(&self) -> Vec<Arc<Profile>> {
        let offered = self.offered.values().cloned();
        offered.chain([Arc::clone(&self.profile)]).collect()
    }
}

/// Code that a process brought, and what the operator had granted to that process.
#[derive(Clone, Debug)]
struct Loaded {
    profile: Arc<Profile>,
    granted: Vec<Arc<Profile>>,
}

#[derive(Debug)]
struct Process {
    profile: Arc<Profile>,
    granted: Vec<Arc<Profile>>,
    /// What it and its ancestors loaded.
    loaded: Vec<Loaded>,
    given_up: Vec<Permission>,
}

#[derive(Clone, Debug)]
enum Step {
    Spawn(&'static str, Option<&'static str>, Option<Restrictions>),
    SpawnLoaded(Index, Option<&'static str>, Option<Restrictions>),
    Load,
    Drop(Permission),
}

const OFFERED: [&str; 2] = ["first", "second"];

fn declared() -> impl Strategy<Value = Declared> {
    prop::collection::vec(profile().boxed(), 3).prop_map(|profiles| {
        let [own, first, second] = profiles.try_into().unwrap();
        let offered = OFFERED.into_iter().zip([first, second]);
        Declared {
            profile: Arc::new(own),
            offered: offered
                .map(|(name, profile)| (name.to_owned(), Arc::new(profile)))
                .collect(),
        }
    })
}

fn step() -> impl Strategy<Value = Step> {
    // "p" is what every declared profile is called, and "other" is nobody's.
    let wished = || option::of(select(vec!["first", "second", "p", "other"]));
    let restrict = || option::of(restrictions());
    prop_oneof![
        4 => (select(&NAMES), wished(), restrict()).prop_map(|(name, wished, restrict)| Step::Spawn(name, wished, restrict)),
        2 => (any::<Index>(), wished(), restrict()).prop_map(|(nth, wished, restrict)| Step::SpawnLoaded(nth, wished, restrict)),
        2 => Just(Step::Load),
        1 => select(Permission::ALL.to_vec()).prop_map(Step::Drop),
    ]
}

/// Makes the step, if the process may, and returns the one that is new.
fn advance(
    manifest: &BTreeMap<&'static str, Declared>,
    process: &mut Process,
    step: Step,
) -> Option<Process> {
    let may = |request| decide(&process.profile, &request).is_ok();
    let (profile, granted) = match step {
        Step::Spawn(component, wished, restrict) => {
            let declared = manifest
                .get(component)
                .filter(|_| may(Request::Spawn { component }))?;
            let origin = Origin::Declared {
                component,
                profile: &declared.profile,
                offered: &declared.offered,
            };
            (
                origin.attenuate(wished, restrict.as_ref()).ok()?,
                declared.granted(),
            )
        }
        Step::SpawnLoaded(nth, wished, restrict) => {
            let is_allowed = !process.loaded.is_empty() && may(Request::Spawn { component: "own" });
            let loaded = is_allowed.then(|| nth.get(&process.loaded))?;
            let origin = Origin::Loaded {
                profile: &loaded.profile,
            };
            (
                origin.attenuate(wished, restrict.as_ref()).ok()?,
                loaded.granted.clone(),
            )
        }
        Step::Load => {
            if may(Request::Load) {
                process.loaded.push(Loaded {
                    profile: Arc::clone(&process.profile),
                    granted: process.granted.clone(),
                });
            }
            return None;
        }
        Step::Drop(permission) => {
            process.profile = Arc::new(process.profile.revoke(permission.name()).unwrap());
            process.given_up.push(permission);
            return None;
        }
    };
    Some(Process {
        profile,
        granted,
        loaded: process.loaded.clone(),
        given_up: Vec::new(),
    })
}

fn allows(profile: &Profile, asked: &Asked) -> bool {
    decide(profile, &asked.request()).is_ok()
}

fn check(process: &Process, asked: &[Asked]) -> Result<(), TestCaseError> {
    let within = |granted: &Arc<Profile>| granted.covers(&process.profile).is_ok();
    prop_assert!(process.granted.iter().any(within), "{:?}", process.profile);
    for asked in asked.iter().filter(|asked| allows(&process.profile, asked)) {
        let granted = |granted: &Arc<Profile>| allows(granted, asked);
        prop_assert!(process.granted.iter().any(granted), "{asked:?}");
    }
    for permission in &process.given_up {
        prop_assert!(!process.profile.holds(*permission), "{permission}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever is called in whatever order, every process stays within what the operator granted to
    /// its component or to its loader, and what it gave up stays given up.
    #[test]
    fn no_sequence_of_calls_widens(
        components in prop::collection::vec(declared().boxed(), 4),
        steps in prop::collection::vec((any::<Index>(), step()), 0..30),
        asked in prop::collection::vec(asked().boxed(), 20),
    ) {
        let manifest: BTreeMap<_, _> = NAMES.into_iter().zip(components).collect();
        let mut processes: Vec<Process> = manifest.values().map(|declared| Process {
            profile: Arc::clone(&declared.profile),
            granted: vec![Arc::clone(&declared.profile)],
            loaded: Vec::new(),
            given_up: Vec::new(),
        }).collect();
        for (who, step) in steps {
            let who = who.index(processes.len());
            let process = &mut processes[who];
            let new = advance(&manifest, process, step);
            check(process, &asked)?;
            if let Some(new) = new {
                check(&new, &asked)?;
                processes.push(new);
            }
        }
    }
}

/// The law is not about nothing: spawning, choosing, restricting and loading all happen.
#[test]
fn processes_do_spawn_and_load() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let (mut n_declared, mut n_chosen, mut n_restricted, mut n_loaded) = (0, 0, 0, 0);
    for _ in 0..2_000 {
        let (declared, step) = (declared(), step())
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut process = Process {
            profile: Arc::clone(&declared.profile),
            granted: declared.granted(),
            loaded: vec![Loaded {
                profile: Arc::clone(&declared.profile),
                granted: declared.granted(),
            }],
            given_up: Vec::new(),
        };
        let manifest = NAMES
            .into_iter()
            .map(|name| (name, declared.clone()))
            .collect();
        if advance(&manifest, &mut process, step.clone()).is_some() {
            match &step {
                Step::Spawn(_, wished, restrict) => {
                    n_declared += 1;
                    n_chosen += u32::from(wished.is_some());
                    n_restricted += u32::from(restrict.is_some());
                }
                Step::SpawnLoaded(..) => n_loaded += 1,
                Step::Load | Step::Drop(_) => {}
            }
        }
    }
    assert!(
        [n_declared, n_chosen, n_restricted, n_loaded]
            .into_iter()
            .all(|n| n > 20),
        "{n_declared} {n_chosen} {n_restricted} {n_loaded}"
    );
}
