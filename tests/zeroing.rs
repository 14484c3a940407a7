//! No process sees a byte of an old one, wherever it is placed.
//!
//! Every place is filled at once with guests that leave a pattern in all they have, and that end by returning, by a trap, by a kill, or
//! at a limit. The next wave begins by looking at all of it: each guest is a reader of the wave before and the writer for the wave after.

mod surveyor;

use crate::desk::Desk;
use crate::scale::becomes_idle;
use crate::support::{BOTH_PATHS, GuestPath, Scenario};
use crate::trial::Court;
use rusm_caps::{Limits, Profile};
use rusm_core::{ExitReason, Limit, Pid, Placement, ProcessHandle, Program, Spawn};
use std::time::Duration;
use surveyor::{BEGIN, EVERYTHING, End, MAIL, ROOM};

/// How many are started beyond what the pool holds: they are placed densely.
const N_BEYOND: usize = 40;
/// How many are placed densely where all are: each slab has a place that was used before for each of the next wave.
const N_DENSE: usize = 200;
/// How many run into a limit at once: each uses much CPU time before.
const N_LIMITED: usize = 8;
/// Much more than all that a guest leaves takes.
const MAX_CPU: Duration = Duration::from_millis(300);
/// What the last message to each holds.
const LAST_BYTES: usize = 3_000;

fn profile(end: End) -> Profile {
    let limits = |limits: &mut Limits| limits.max_cpu = (end == End::Limit).then_some(MAX_CPU);
    let profile = Profile::builder("surveyor").with_limits(limits);
    profile.build().expect("it can be honoured")
}

/// Everybody looks, leaves all he can, and ends, in wave after wave.
#[track_caller]
fn nothing_is_found(path: GuestPath, placement: Placement) {
    let scenario = Scenario::new();
    let desk = Desk::at(&scenario.runtime);
    let n_slots = usize::try_from(scenario.runtime.capacity().pool_slots).expect("it is small");
    let fills_the_pool = placement == Placement::Auto;
    let all = if fills_the_pool {
        n_slots + N_BEYOND
    } else {
        N_DENSE
    };
    // Those of a kind are given slots that their kind had; where all are taken, each gets one of others as well.
    for (end, n) in [
        (End::Return, all),
        (End::Return, all),
        (End::Trap, all),
        (End::Limit, N_LIMITED),
        (End::Limit, N_LIMITED),
        (End::Kill, all),
        (End::Return, all),
    ] {
        let program = scenario
            .runtime
            .load_placed("surveyor", &surveyor::guest(path, end), placement)
            .expect("it can run here");
        let wave = Wave {
            scenario: &scenario,
            desk: &desk,
            everybody: start(&scenario, &program, &profile(end), n),
        };
        wave.begins();
        if fills_the_pool && end != End::Limit {
            becomes_idle(&scenario);
            assert_eq!(
                scenario.runtime.ledger().free_seats,
                0,
                "every slot is used"
            );
        }
        wave.ends(end);
    }
}

fn start(
    scenario: &Scenario,
    program: &Program,
    profile: &Profile,
    n: usize,
) -> Vec<ProcessHandle> {
    let start = |_| {
        let spawn = Spawn::new("surveyor", program).profile(profile.clone());
        scenario.runtime.spawn(spawn).expect("there is room for it")
    };
    (0..n).map(start).collect()
}

/// Guests that live at the same time.
struct Wave<'a> {
    scenario: &'a Scenario,
    desk: &'a Desk,
    everybody: Vec<ProcessHandle>,
}

impl Wave<'_> {
    fn pids(&self) -> Vec<Pid> {
        self.everybody.iter().map(ProcessHandle::pid).collect()
    }

    /// Sends something to each. Who has found something has ended already.
    fn send(&self, payload: &[u8]) {
        let (everybody, payload) = (self.pids(), payload.to_vec());
        self.desk.does(move |context| {
            for pid in everybody {
                context
                    .send(pid, 1, payload.clone())
                    .expect("its mailbox has room");
            }
        });
    }

    fn begins(&self) {
        self.send(BEGIN);
    }

    #[track_caller]
    fn ends(self, end: End) {
        match end {
            End::Return | End::Trap => self.send(&[0xa5; LAST_BYTES]),
            End::Kill => {
                becomes_idle(self.scenario);
                self.everybody.iter().for_each(ProcessHandle::kill);
            }
            End::Limit => {}
        }
        for process in self.everybody {
            let reason = process.wait();
            let is_expected = match end {
                End::Return => reason == ExitReason::Normal,
                End::Trap => {
                    matches!(&reason, ExitReason::Trap(text) if text.contains("unreachable"))
                }
                End::Kill => reason == ExitReason::Killed,
                End::Limit => reason == ExitReason::Limit(Limit::CpuTime),
            };
            assert!(is_expected, "{end:?}: {}", in_words(&reason));
        }
    }
}

#[test]
fn a_core_module_in_the_pool_finds_nothing() {
    nothing_is_found(GuestPath::Core, Placement::Auto);
}

#[test]
fn a_component_in_the_pool_finds_nothing() {
    nothing_is_found(GuestPath::Component, Placement::Auto);
}

#[test]
fn who_is_placed_densely_finds_nothing() {
    for path in BOTH_PATHS {
        nothing_is_found(path, Placement::Dense);
    }
}

/// A reason to end, and what was found if that is what it says.
fn in_words(reason: &ExitReason) -> String {
    let code = |found: usize| ExitReason::error(format!("exit code {found}"));
    let places = EVERYTHING.into_iter().zip(1..);
    let all = places.chain([("mailbox", MAIL), ("room for a message", ROOM)]);
    let found = all.into_iter().find(|(_, found)| *reason == code(*found));
    match found {
        Some((what, _)) => format!("something of an old process is in its {what}"),
        None => reason.to_string(),
    }
}

/// The guest is able to find what is there: left by itself, where a process can do that.
#[test]
fn what_is_left_is_found() {
    let court = Court::new();
    for path in BOTH_PATHS {
        for what in EVERYTHING {
            let name = format!("{what}-{path:?}");
            let outcome = court.run(&name, &surveyor::forgetful(path, what));
            let told = in_words(&outcome.reason);
            match what {
                // Each call has locals of its own, and each object fields of its own.
                "stack" | "heap" => assert_eq!(outcome.reason, ExitReason::Normal, "{name}"),
                // What was dropped cannot even be read.
                "segments" => assert!(told.contains("out of bounds"), "{name}: {told}"),
                _ => assert!(
                    told.ends_with(&format!("is in its {what}")),
                    "{name}: {told}"
                ),
            }
        }
    }
}
