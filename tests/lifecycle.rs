//! How processes end: each death ends that process only, and everybody concerned learns the right reason.
//!
//! Each case runs through both guest paths as an app: a victim and a neighbour under one supervisor, and a
//! guest that is linked to the victim, traps exits, and monitors it.

mod kills;
mod starts;

use crate::app::{boot, component, controller, probe, scripted};
use crate::desk::Desk;
use crate::support::{BOTH_PATHS, GuestPath, Scenario, exit, supervision};
use rusm_core::{AppEnd, ExitReason, Limit, Pid};
use rusm_supervisor::{Decision, SupervisorEvent};

/// An app whose victim is about to die, and a guest that waits for it.
struct Deathbed {
    scenario: Scenario,
    app: rusm_core::App,
    desk: Desk,
    victim: Pid,
    neighbour: Pid,
}

impl Deathbed {
    /// The victim waits for a word, then does `deed`, under a profile of these keys.
    #[track_caller]
    fn prepare(path: GuestPath, profile: &str, deed: &str) -> Self {
        let manifest = [
            component(
                "victim",
                "capability = \"mortal\"",
                &format!("receive then {deed}"),
            ),
            component("neighbour", "", "echo"),
            format!("[capabilities.mortal]\n{profile}\n"),
            "[supervisors.house]\nmax-restarts = 100\nperiod-ms = 1000\n".to_owned(),
            "children = [{ component = \"victim\" }, { component = \"neighbour\" }]".to_owned(),
        ];
        let scenario = Scenario::new();
        let app = boot(&scenario, path, &manifest.join("\n"));
        let victim = scenario.recorder.wait_for_start("victim", 1);
        let neighbour = scenario.recorder.wait_for_start("neighbour", 1);
        let desk = Desk::at(&scenario.runtime);
        let script = format!(
            "trap-exits on then link {victim} then monitor {victim} then send {} 9 tied
            then receive-from {victim} then receive-from {victim}",
            desk.pid().as_u64(),
            victim = victim.as_u64()
        );
        let mourner = scripted("mourner", &probe(&scenario, path), &script).profile(controller());
        scenario
            .runtime
            .spawn(mourner)
            .expect("there is room for it");
        assert_eq!(desk.message().2, "tied");
        Self {
            scenario,
            app,
            desk,
            victim,
            neighbour,
        }
    }

    /// The word that the victim waits for.
    fn begin(&self) {
        self.desk.send(self.victim, 1, "go");
    }

    /// The victim has died: its link, its monitor and its supervisor know why; it is started again; the
    /// neighbour has noticed nothing.
    #[track_caller]
    fn conclude(self, is_right: impl Fn(&ExitReason) -> bool) -> ExitReason {
        let recorder = &self.scenario.recorder;
        let reason = recorder.wait_for_end(self.victim).reason;
        assert!(is_right(&reason), "the victim ended with '{reason}'");
        assert_eq!(recorder.wait_for_exit("mourner").reason, ExitReason::Normal);
        let lines = recorder.lines("mourner");
        for notice in ["exit", "down"] {
            let line = format!("receive-from=ok:{notice} {} {reason}", self.victim.as_u64());
            assert!(lines.contains(&line), "'{line}' is not in {lines:#?}");
        }
        let ended = recorder.wait_for(|event| {
            let ended = supervision(event)?;
            let SupervisorEvent::ChildEnded {
                pid,
                reason,
                decision: Decision::Restart,
                ..
            } = ended
            else {
                return None;
            };
            (*pid == self.victim).then(|| reason.clone())
        });
        assert_eq!(ended, reason);
        let reborn = recorder.wait_for_start("victim", 2);
        assert_ne!(reborn, self.victim);
        self.desk.hears_echo_of(self.neighbour);
        let events = recorder.events();
        let mut ends = events.iter().filter_map(exit);
        assert!(ends.all(|exit| exit.pid != self.neighbour));
        self.app.stop();
        assert!(matches!(self.app.wait(), AppEnd::Stopped));
        reason
    }
}

/// The victim does `deed` through both paths, and its reason is right.
#[track_caller]
fn ends(profile: &str, deed: &str, is_right: impl Fn(&ExitReason) -> bool) {
    for path in BOTH_PATHS {
        let bed = Deathbed::prepare(path, profile, deed);
        bed.begin();
        bed.conclude(&is_right);
    }
}

fn is_trap_of(reason: &ExitReason, text: &str) -> bool {
    matches!(reason, ExitReason::Trap(found) if found.contains(text))
}

#[test]
fn a_trap_ends_one_process() {
    ends("", "unreachable", |reason| {
        is_trap_of(reason, "`unreachable` instruction executed")
    });
}

#[test]
fn a_panic_ends_one_process_and_is_a_trap() {
    ends("", "panic so it goes", |reason| {
        is_trap_of(reason, "`unreachable` instruction executed")
    });
}

#[test]
fn memory_over_its_bound_ends_one_process() {
    ends("max-memory-mb = 8", "hoard", |reason| {
        *reason == ExitReason::Limit(Limit::Memory)
    });
}

#[test]
fn a_stack_overflow_ends_one_process() {
    ends("", "overflow", |reason| {
        is_trap_of(reason, "call stack exhausted")
    });
}

#[test]
fn a_stack_overflow_in_linear_memory_ends_one_process() {
    ends("", "overflow-data", |reason| {
        matches!(reason, ExitReason::Trap(_))
    });
}

#[test]
fn an_endless_loop_ends_at_its_cpu_bound() {
    ends("max-cpu-ms = 1000", "spin", |reason| {
        *reason == ExitReason::Limit(Limit::CpuTime)
    });
}

#[test]
fn an_endless_loop_ends_at_its_slice_bound() {
    ends("max-slice-ms = 1000", "spin", |reason| {
        *reason == ExitReason::Limit(Limit::CpuTime)
    });
}

#[test]
fn an_endless_loop_ends_at_its_wall_time() {
    ends("timeout-ms = 2000", "spin", |reason| {
        *reason == ExitReason::Limit(Limit::WallTime)
    });
}

#[test]
fn waiting_ends_at_its_wall_time_too() {
    ends("timeout-ms = 2000", "receive-tag 99", |reason| {
        *reason == ExitReason::Limit(Limit::WallTime)
    });
}

/// What the guest gives to preview 1 arrives. The standard library knows of WASI 0.2 only that an exit went well
/// or not; `starts` has a component that gives a code.
#[test]
fn an_exit_code_other_than_0_is_an_error() {
    for (path, code) in BOTH_PATHS.into_iter().zip([1, 3]) {
        let bed = Deathbed::prepare(path, "", "exit-code 3");
        bed.begin();
        bed.conclude(|reason| *reason == ExitReason::error(format!("exit code {code}")));
    }
}

#[test]
fn an_exit_code_of_0_is_normal() {
    ends("", "exit-code 0", |reason| *reason == ExitReason::Normal);
}

#[test]
fn returning_is_normal() {
    ends("", "say goodbye", |reason| *reason == ExitReason::Normal);
}

#[test]
fn a_reason_of_its_own_reaches_everybody() {
    ends("", "exit error: had enough", |reason| {
        *reason == ExitReason::error("had enough")
    });
    ends("", "exit shutdown", |reason| {
        *reason == ExitReason::Shutdown
    });
}

#[test]
fn output_over_its_bound_ends_one_process() {
    ends("max-output-kb = 1", "print-many 1000 more", |reason| {
        *reason == ExitReason::Limit(Limit::Output)
    });
}
