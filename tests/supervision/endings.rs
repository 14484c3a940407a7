//! How an app ends: finished, stopped in order, or given up, and then with a report.

use super::House;
use crate::app::component;
use crate::desk::Desk;
use crate::support::{BOTH_PATHS, Recorder, supervision};
use rusm_core::{AppEnd, ExitReason};
use rusm_supervisor::{StopOutcome, SupervisorEvent};

/// When the top gives up the app is over, and says what crashed.
#[test]
fn an_app_that_crashes_too_often_gives_up_and_reports_the_crashes() {
    for path in BOTH_PATHS {
        let manifest = [
            component("loop", "restart = \"permanent\"", "exit-code 3"),
            component("service", "restart = \"permanent\"", "echo"),
        ];
        let house = House::of(path, &manifest);
        let end = house.app.wait();
        let AppEnd::GaveUp(crashes) = end else {
            panic!("{path:?}: {end:?}")
        };
        let of_loop = crashes
            .iter()
            .filter(|crash| &*crash.exit.component == "loop");
        let reasons: Vec<String> = of_loop.map(|crash| crash.exit.reason.to_string()).collect();
        // One restart in five seconds is allowed.
        assert!(
            matches!(&*reasons, [first, second] if first.starts_with("error: exit code") && first == second),
            "{reasons:?}"
        );
        assert!(house.history().contains(&"give up loop".to_owned()));
        assert!(house.history().contains(&"stop service".to_owned()));
        assert_eq!(
            house.scenario.recorder.wait_for_exit("service").reason,
            ExitReason::Shutdown
        );
    }
}

/// A child that cannot even start counts like one that crashes: the app gives up with that reason.
#[test]
fn an_app_whose_child_cannot_start_gives_up_and_says_why() {
    for path in BOTH_PATHS {
        let manifest = [
            component("reader", "capability = \"files\"\nrestart = \"permanent\"", "say alive"),
            "[capabilities.files]\npreopen = [{ host = \"/rusm/tests/have/no/such/folder\", guest = \"/data\" }]".to_owned(),
        ];
        let house = House::of(path, &manifest);
        let end = house.app.wait();
        let AppEnd::GaveUp(crashes) = end else {
            panic!("{path:?}: {end:?}")
        };
        assert!(
            crashes
                .iter()
                .any(|crash| crash.exit.reason.to_string().contains("no/such/folder")),
            "{crashes:?}"
        );
    }
}

/// Last started, first stopped, through every level. Asking twice is asking once.
#[test]
fn an_app_stops_in_reverse_order() {
    for path in BOTH_PATHS {
        let mut manifest: Vec<String> = ["a", "b", "c", "d"]
            .map(|name| component(name, "", "echo"))
            .to_vec();
        manifest.push("[supervisors.outer]\nchildren = [{ component = \"a\" }, { supervisor = \"inner\" }, { component = \"d\" }]".to_owned());
        manifest.push(
            "[supervisors.inner]\nchildren = [{ component = \"b\" }, { component = \"c\" }]"
                .to_owned(),
        );
        let house = House::of(path, &manifest);
        let before = house.history();
        assert_eq!(
            before,
            [
                "start a",
                "start b",
                "start c",
                "start inner",
                "start d",
                "start outer"
            ]
        );
        house.app.stop();
        house.app.stop();
        let end = house.app.wait();
        assert!(matches!(end, AppEnd::Stopped), "{path:?}: {end:?}");
        let stops = [
            "stop d",
            "stop c",
            "stop b",
            "stop inner",
            "stop a",
            "stop outer",
        ];
        assert_eq!(house.history().split_off(before.len()), stops);
    }
}

/// Who has no time is killed at once, who takes too much of it is killed then, and who obeys is not.
#[test]
fn a_child_that_does_not_stop_in_its_time_is_killed() {
    for path in BOTH_PATHS {
        let house = House::of(
            path,
            &[
                component("obeying", "", "forget"),
                component("orderly", "", "trap-exits on then say trapping then receive"),
                component("stubborn", "", "trap-exits on then say trapping then forget"),
                component("hasty", "", "trap-exits on then say trapping then forget"),
                "[supervisors.house]".to_owned(),
                "children = [{ component = \"obeying\" }, { component = \"orderly\", shutdown-ms = 600_000 },".to_owned(),
                "{ component = \"stubborn\", shutdown-ms = 50 }, { component = \"hasty\", shutdown-ms = 0 }]".to_owned(),
            ],
        );
        for name in ["orderly", "stubborn", "hasty"] {
            house
                .scenario
                .recorder
                .wait_for_line(name, "say=ok:trapping");
        }
        house.app.stop();
        house.app.wait();
        let expected = [
            ("hasty", ExitReason::Killed, StopOutcome::BrutallyKilled),
            ("stubborn", ExitReason::Killed, StopOutcome::TimedOut),
            ("orderly", ExitReason::Normal, StopOutcome::InTime),
            ("obeying", ExitReason::Shutdown, StopOutcome::InTime),
        ];
        let stopped = stopped(&house.scenario.recorder);
        assert_eq!(stopped[..4], named(&expected), "{path:?}");
    }
}

/// An app of tasks is over when they are, also those of nested supervisors.
#[test]
fn an_app_finishes_when_all_is_done() {
    for path in BOTH_PATHS {
        let house = House::of(
            path,
            &[
                component("top", "restart = \"transient\"", "say done"),
                component("once", "", "panic"),
                component("task", "", "say done"),
                "[supervisors.outer]\nchildren = [{ supervisor = \"inner\", restart = \"transient\" },".to_owned(),
                "{ component = \"once\", restart = \"temporary\" }]".to_owned(),
                "[supervisors.inner]\nchildren = [{ component = \"task\", count = 3, restart = \"transient\" }]".to_owned(),
            ],
        );
        let end = house.app.wait();
        assert!(
            matches!(end, AppEnd::Finished),
            "{path:?}: {end:?} after {:#?}",
            house.history()
        );
        for component in ["task", "top"] {
            let lines = house.scenario.recorder.lines(component);
            assert!(
                !lines.is_empty() && lines.iter().all(|line| line == "say=ok:done"),
                "{lines:?}"
            );
        }
        assert_eq!(house.scenario.recorder.lines("task").len(), 3);
    }
}

/// In words: who is killed at once, and who is waited for however long it takes. A supervisor's time is meant
/// like a child's, and when it is over the children go the way of their supervisor.
#[test]
fn a_shutdown_in_words() {
    for path in BOTH_PATHS {
        let house = House::of(
            path,
            &[
                component("patient", "", "trap-exits on then say trapping then receive then say asked then receive-tag 5"),
                component("hasty", "", "trap-exits on then say trapping then forget"),
                component("below", "", "echo"),
                component("slow", "", "trap-exits on then say trapping then receive then say asked then forget"),
                "[supervisors.house]\nchildren = [{ component = \"patient\", shutdown-ms = \"infinity\" },".to_owned(),
                "{ component = \"hasty\", shutdown-ms = \"brutal-kill\" }, { supervisor = \"killed\", shutdown-ms = \"brutal-kill\" },".to_owned(),
                "{ supervisor = \"late\", shutdown-ms = 100 }]".to_owned(),
                "[supervisors.killed]\nchildren = [{ component = \"below\" }]".to_owned(),
                "[supervisors.late]\nchildren = [{ component = \"slow\", shutdown-ms = \"infinity\" }]".to_owned(),
            ],
        );
        let recorder = &house.scenario.recorder;
        for name in ["patient", "hasty", "slow"] {
            recorder.wait_for_line(name, "say=ok:trapping");
        }
        house.app.stop();
        recorder.wait_for_line("patient", "say=ok:asked");
        let patient = recorder.wait_for_start("patient", 1);
        Desk::at(&house.scenario.runtime).send(patient, 5, "enough");
        assert!(matches!(house.app.wait(), AppEnd::Stopped));
        let expected = [
            ("late", ExitReason::Killed, StopOutcome::TimedOut),
            ("killed", ExitReason::Killed, StopOutcome::BrutallyKilled),
            ("hasty", ExitReason::Killed, StopOutcome::BrutallyKilled),
            ("patient", ExitReason::Normal, StopOutcome::InTime),
            ("house", ExitReason::Shutdown, StopOutcome::InTime),
        ];
        assert_eq!(stopped(recorder), named(&expected), "{path:?}");
        assert_eq!(recorder.wait_for_exit("below").reason, ExitReason::Killed);
    }
}

/// The children that supervisors stopped, in that order, and how.
fn stopped(recorder: &Recorder) -> Vec<(String, ExitReason, StopOutcome)> {
    let events = recorder.events();
    let stopped = events.iter().filter_map(|event| {
        let SupervisorEvent::ChildStopped {
            id,
            reason,
            outcome,
            ..
        } = supervision(event)?
        else {
            return None;
        };
        Some((id.to_string(), reason.clone(), *outcome))
    });
    stopped.collect()
}

fn named(steps: &[(&str, ExitReason, StopOutcome)]) -> Vec<(String, ExitReason, StopOutcome)> {
    let owned = steps
        .iter()
        .map(|(id, reason, outcome)| ((*id).to_owned(), reason.clone(), *outcome));
    owned.collect()
}
