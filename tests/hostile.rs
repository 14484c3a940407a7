//! Guests that do what no compiler lets them: whatever they try, it is the end of themselves at most.

mod addresses;
mod arena;
mod attack;
mod beneath;
mod bombs;
mod bounds;
mod breeding;
mod code;
mod dialects;
mod floods;
mod forgery;
mod handles;
mod loops;
mod numbers;
mod paths;
mod pointers;
mod rebinding;
mod rights;
mod roster;
mod secrets;
mod storage;
mod streams;
mod texts;
mod words;

use crate::app::{probe, scripted};
use crate::desk::Desk;
use crate::support::{GuestPath, Scenario};
use rusm_core::ProcessHandle;

/// A process that answers, to see afterwards that it still does.
struct Neighbour {
    desk: Desk,
    process: ProcessHandle,
}

impl Neighbour {
    fn in_node(scenario: &Scenario) -> Self {
        let program = probe(scenario, GuestPath::Core);
        let spawn = scripted("neighbour", &program, "echo then forget");
        let process = scenario.runtime.spawn(spawn).expect("there is room for it");
        Self {
            desk: Desk::at(&scenario.runtime),
            process,
        }
    }

    /// It answers, and nothing else than the answer has reached the desk.
    #[track_caller]
    fn still_answers(self) {
        self.desk.hears_echo_of(self.process.pid());
        self.process.kill();
    }
}
