//! What the SDK's servers, tasks and supervisors do, played by guests of both paths.
//!
//! A scene is a part of the guest `otp_probe`, called like the test it belongs to: it plays, and says what it found, line
//! by line.

mod admin;
mod machines;
mod servers;
mod starts;
mod supervisors;
mod tasks;

use crate::support::{GuestPath, Scenario, guest};
use rusm_caps::{Profile, SpawnGrant};
use rusm_core::{Exit, ExitReason, ProcessHandle, Program, Spawn};

/// Who drives, and what plays along: a component with a core module is as good as two of a kind.
const PAIRS: [(GuestPath, GuestPath); 4] = [
    (GuestPath::Component, GuestPath::Component),
    (GuestPath::Component, GuestPath::Core),
    (GuestPath::Core, GuestPath::Component),
    (GuestPath::Core, GuestPath::Core),
];

/// The components that a scene may spawn.
const CAST: [&str; 5] = ["clerk", "gate", "helper", "house", "task"];

/// A node on which scenes are played.
struct Theatre {
    scenario: Scenario,
    driver: Program,
}

impl Theatre {
    fn new(driver: GuestPath, cast: GuestPath) -> Self {
        let scenario = Scenario::new();
        let load = |path| {
            let wasm = guest("otp_probe", path);
            scenario
                .runtime
                .load("otp_probe", &wasm)
                .expect("the probe can run here")
        };
        let (driver, cast) = (load(driver), load(cast));
        for component in CAST {
            scenario.runtime.declare(component, &cast, profile());
        }
        Self { scenario, driver }
    }

    fn spawn(&self, component: &str, program: &Program, args: &[&str]) -> ProcessHandle {
        let spawn = Spawn::new(component, program)
            .args(args.iter().copied())
            .profile(profile());
        self.scenario
            .runtime
            .spawn(spawn)
            .expect("there is room for it")
    }

    /// Why the scene ended.
    #[track_caller]
    fn plays(&self, scene: &str) -> ExitReason {
        let driver = self.spawn("driver", &self.driver, &["drive", scene]);
        self.scenario.recorder.wait_for_end(driver.pid()).reason
    }

    /// What processes of this component have said.
    fn said(&self, component: &str) -> Vec<String> {
        self.scenario.recorder.lines(component)
    }

    /// The next end of a process of this component that the test has not seen.
    #[track_caller]
    fn end_of(&self, component: &str) -> Exit {
        self.scenario.recorder.wait_for_exit(component)
    }
}

/// It may start what belongs to the scene, and nothing else.
fn profile() -> Profile {
    Profile::sandboxed()
        .to_builder("probe")
        .spawn(SpawnGrant::listed(CAST.into_iter().chain(["nothing"])))
        .build()
        .expect("it can be honoured")
}

/// Plays a scene with every pair of paths; its driver ends normally and says exactly this.
#[track_caller]
fn check(scene: &str, expected: &[&str]) {
    play(scene, expected, |_| ());
}

/// The same, and the clerks say exactly that.
#[track_caller]
fn check_all(scene: &str, driver: &[&str], clerks: &[&str]) {
    play(scene, driver, |theatre| {
        assert_eq!(theatre.said("clerk"), clerks)
    });
}

#[track_caller]
fn play(scene: &str, expected: &[&str], check: impl Fn(&Theatre)) {
    for (driver, cast) in PAIRS {
        let theatre = Theatre::new(driver, cast);
        let reason = theatre.plays(scene);
        let said = theatre.said("driver");
        assert_eq!(said, expected, "{driver:?} {cast:?}: {reason}");
        assert_eq!(reason, ExitReason::Normal, "{driver:?} {cast:?}");
        check(&theatre);
    }
}
