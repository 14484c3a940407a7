//! What guests say to each other: messages, calls, ties, names, groups, timers.
//!
//! Every pair of guest paths talks: a component with a core module is as good as two of a kind.

mod calls;
mod messages;
mod names;
mod ties;

use crate::app::{controller, probe, scripted};
use crate::desk::Desk;
use crate::support::{GuestPath, Scenario};
use rusm_caps::Limits;
use rusm_core::{ExitReason, Name, ProcessHandle, Program};

/// Who speaks, and who is spoken to.
pub(crate) const PAIRS: [(GuestPath, GuestPath); 4] = [
    (GuestPath::Component, GuestPath::Component),
    (GuestPath::Component, GuestPath::Core),
    (GuestPath::Core, GuestPath::Component),
    (GuestPath::Core, GuestPath::Core),
];

/// A node on which guests with scripts meet. They may control each other.
struct Stage {
    scenario: Scenario,
    component: Program,
    module: Program,
    desk: Desk,
}

impl Stage {
    fn new() -> Self {
        let scenario = Scenario::new();
        let component = probe(&scenario, GuestPath::Component);
        let module = probe(&scenario, GuestPath::Core);
        let desk = Desk::at(&scenario.runtime);
        Self {
            scenario,
            component,
            module,
            desk,
        }
    }

    /// A guest that runs this script and is registered under its component's name.
    #[track_caller]
    fn enters(&self, path: GuestPath, name: &str, script: &str) -> ProcessHandle {
        self.enters_with(path, name, script, |_| ())
    }

    /// The same, within other limits.
    #[track_caller]
    fn enters_with(
        &self,
        path: GuestPath,
        name: &str,
        script: &str,
        change: impl FnOnce(&mut Limits),
    ) -> ProcessHandle {
        let profile = controller()
            .to_builder(name)
            .with_limits(change)
            .build()
            .expect("it can be honoured");
        let program = match path {
            GuestPath::Component => &self.component,
            GuestPath::Core => &self.module,
        };
        let spawn = scripted(name, program, script)
            .profile(profile)
            .name(Name::new(name).expect("it is a name"));
        self.scenario
            .runtime
            .spawn(spawn)
            .expect("there is room for it")
    }

    /// What the guest has reported at its normal end.
    #[track_caller]
    fn reports(&self, guest: &ProcessHandle, name: &str) -> Vec<String> {
        let reason = self.end_of(guest);
        let lines = self.scenario.recorder.lines(name);
        assert_eq!(reason, ExitReason::Normal, "{name} after {lines:#?}");
        lines
    }

    /// Why it ended.
    #[track_caller]
    fn end_of(&self, guest: &ProcessHandle) -> ExitReason {
        self.scenario.recorder.wait_for_end(guest.pid()).reason
    }

    /// What a guest that enters now has reported at its normal end.
    #[track_caller]
    fn plays(&self, path: GuestPath, name: &str, script: &str) -> Vec<String> {
        self.reports(&self.enters(path, name, script), name)
    }

    #[track_caller]
    fn hears(&self, name: &str, line: &str) {
        self.scenario.recorder.wait_for_line(name, line);
    }
}

/// As guests report it.
fn number(process: &ProcessHandle) -> u64 {
    process.pid().as_u64()
}
