//! The tree that a manifest describes: who is restarted with whom, when it gives up, how it stops and ends.
//!
//! Children are guests of both paths. What a supervisor did is read from its own reports, in order.

mod automatic;
mod booting;
mod endings;
mod pools;
mod reports;
mod restarts;

use crate::app::boot;
use crate::support::{GuestPath, Recorder, Scenario, supervision};
use rusm_core::{App, Pid, RuntimeEvent};
use rusm_supervisor::SupervisorEvent;

/// A running app.
struct House {
    scenario: Scenario,
    app: App,
}

impl House {
    #[track_caller]
    fn of(path: GuestPath, manifest: &[String]) -> Self {
        let scenario = Scenario::new();
        let app = boot(&scenario, path, &manifest.join("\n"));
        Self { scenario, app }
    }

    /// Kills the process that this child got at its start with this number, and waits for the one after it.
    #[track_caller]
    fn kill(&self, child: &str, number: usize) -> Pid {
        let pid = self.scenario.recorder.wait_for_start(child, number);
        self.scenario.runtime.node().kill(pid);
        self.scenario.recorder.wait_for_start(child, number + 1)
    }

    /// Waits until supervisors have done this.
    #[track_caller]
    fn wait_for_step(&self, wanted: &str) {
        self.scenario
            .recorder
            .wait_for(|event| (step(event)? == wanted).then_some(()));
    }

    fn history(&self) -> Vec<String> {
        history(&self.scenario.recorder)
    }
}

/// What supervisors did with children, in order.
fn history(recorder: &Recorder) -> Vec<String> {
    recorder.events().iter().filter_map(step).collect()
}

/// What a supervisor did with a child: `start a`, `fail a`, `end a`, `stop a`, `give up a`.
fn step(event: &RuntimeEvent) -> Option<String> {
    match supervision(event)? {
        SupervisorEvent::ChildStarted { id, .. } => Some(format!("start {id}")),
        SupervisorEvent::StartFailed { id, .. } => Some(format!("fail {id}")),
        SupervisorEvent::ChildEnded { id, .. } => Some(format!("end {id}")),
        SupervisorEvent::ChildStopped { id, .. } => Some(format!("stop {id}")),
        SupervisorEvent::GaveUp { id, .. } => Some(format!("give up {id}")),
        SupervisorEvent::Started
        | SupervisorEvent::ChildIgnored { .. }
        | SupervisorEvent::TriesAgain { .. }
        | SupervisorEvent::Stopped { .. } => None,
    }
}
