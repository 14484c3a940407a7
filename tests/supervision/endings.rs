//! How an app ends: finished, stopped in order, or given up, and then with a report.

use super::House;
use crate::app::component;
use crate::support::{BOTH_PATHS, supervision};
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
        let of_loop = crashes.iter().filter(|crash| &*crash.component == "loop");
        let reasons: Vec<String> = of_loop.map(|crash| crash.reason.to_string()).collect();
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
                .any(|crash| crash.reason.to_string().contains("no/such/folder")),
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
        let events = house.scenario.recorder.events();
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
            Some((&**id, reason.clone(), *outcome))
        });
        let stopped: Vec<_> = stopped.take(4).collect();
        let expected = [
            ("hasty", ExitReason::Killed, StopOutcome::BrutallyKilled),
            ("stubborn", ExitReason::Killed, StopOutcome::TimedOut),
            ("orderly", ExitReason::Normal, StopOutcome::InTime),
            ("obeying", ExitReason::Shutdown, StopOutcome::InTime),
        ];
        assert_eq!(stopped, expected, "{path:?}");
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
