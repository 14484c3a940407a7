//! One guest, run to its end under a profile, and everything that became of it: [`Court`], [`Outcome`].

use crate::support::Scenario;
use rusm_caps::{Profile, Recorded};
use rusm_core::{ExitReason, Pid, RuntimeEvent, Spawn};

/// A node that runs one guest after the other.
pub(crate) struct Court {
    pub(crate) scenario: Scenario,
}

/// How a guest's life went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) reason: ExitReason,
    /// What it was refused, in order.
    pub(crate) denied: Vec<Recorded>,
    /// What it wrote.
    pub(crate) lines: Vec<String>,
}

impl Court {
    pub(crate) fn new() -> Self {
        Self {
            scenario: Scenario::new(),
        }
    }

    /// Runs this code under a profile that grants nothing at all.
    #[track_caller]
    pub(crate) fn run(&self, component: &str, wasm: &[u8]) -> Outcome {
        self.run_as(nothing(), component, wasm, [""; 0])
    }

    /// Runs this code; the component's name must be new.
    #[track_caller]
    pub(crate) fn run_as<'a>(
        &self,
        profile: Profile,
        component: &str,
        wasm: &[u8],
        args: impl IntoIterator<Item = &'a str>,
    ) -> Outcome {
        let runtime = &self.scenario.runtime;
        let program = runtime
            .load(component, wasm)
            .unwrap_or_else(|error| panic!("{component}: {error}"));
        let spawn = Spawn::new(component, &program).profile(profile).args(args);
        let process = runtime
            .spawn(spawn)
            .unwrap_or_else(|error| panic!("{component}: {error}"));
        let reason = process.wait();
        Outcome {
            reason,
            denied: self.denied(process.pid()),
            lines: self.scenario.recorder.lines(component),
        }
    }

    /// What a process was refused so far.
    pub(crate) fn denied(&self, pid: Pid) -> Vec<Recorded> {
        let mut denied = Vec::new();
        for event in self.scenario.recorder.events() {
            if let RuntimeEvent::Denied(record) = event {
                denied.push(record);
            }
        }
        denied.retain(|record| record.pid == pid.as_u64());
        denied
    }
}

/// The empty profile: less than `sandboxed`, which may send.
pub(crate) fn nothing() -> Profile {
    Profile::builder("nothing")
        .build()
        .expect("nothing can always be granted")
}

/// Checks one audit record: who, what, which rule, and what would allow it.
#[track_caller]
pub(crate) fn assert_sentence(record: &Recorded, component: &str, permission: &str, deed: &str) {
    let sentence = &record.sentence;
    assert_eq!(
        (record.component.as_str(), record.permission, record.allowed),
        (component, permission, false),
        "{sentence}"
    );
    assert!(
        sentence.starts_with(&format!("{component} (pid ")),
        "{sentence}"
    );
    assert!(
        sentence.contains(&format!(") may not {deed}")),
        "{sentence}"
    );
    assert!(
        sentence.contains(&format!(": profile '{}' allows ", record.profile)),
        "{sentence}"
    );
}
