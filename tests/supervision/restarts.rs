//! Who is started again, with whom, and when not.

use super::House;
use crate::app::component;
use crate::desk::Desk;
use crate::support::BOTH_PATHS;
use rusm_core::{ExitReason, RuntimeEvent};

/// Three services under one supervisor.
fn trio(strategy: &str) -> Vec<String> {
    let mut manifest: Vec<String> = ["a", "b", "c"]
        .map(|name| component(name, "", "echo"))
        .to_vec();
    manifest.push(format!(
        "[supervisors.trio]\nstrategy = \"{strategy}\"\nmax-restarts = 10
        children = [{{ component = \"a\" }}, {{ component = \"b\" }}, {{ component = \"c\" }}]"
    ));
    manifest
}

/// Kills the second of three services and expects this to follow; everybody answers afterwards.
#[track_caller]
fn after_the_death_of_b(strategy: &str, expected: &[&str]) {
    for path in BOTH_PATHS {
        let house = House::of(path, &trio(strategy));
        let before = house.history();
        assert_eq!(before, ["start a", "start b", "start c", "start trio"]);
        house.kill("b", 1);
        let desk = Desk::at(&house.scenario.runtime);
        for name in ["a", "b", "c"] {
            let start = format!("start {name}");
            let number = 1 + expected.iter().filter(|step| **step == start).count();
            desk.hears_echo_of(house.scenario.recorder.wait_for_start(name, number));
        }
        assert_eq!(
            house.history().split_off(before.len()),
            expected,
            "{path:?}"
        );
    }
}

#[test]
fn one_for_one_restarts_the_dead_one_alone() {
    after_the_death_of_b("one-for-one", &["end b", "start b"]);
}

#[test]
fn rest_for_one_restarts_those_that_came_after() {
    after_the_death_of_b("rest-for-one", &["end b", "stop c", "start b", "start c"]);
}

#[test]
fn one_for_all_restarts_all() {
    after_the_death_of_b(
        "one-for-all",
        &["end b", "stop c", "stop a", "start a", "start b", "start c"],
    );
}

/// A transient child comes back after a crash and not after an orderly end; a temporary one never.
#[test]
fn restart_types_say_who_comes_back() {
    for path in BOTH_PATHS {
        let house = House::of(
            path,
            &[
                component("permanent", "", "receive"),
                component("transient", "", "receive then exit shutdown"),
                component("crashing", "", "receive then exit-code 3"),
                component("temporary", "", "receive then panic"),
                "[supervisors.house]\nmax-restarts = 10".to_owned(),
                "children = [{ component = \"permanent\" }, { component = \"transient\", restart = \"transient\" },".to_owned(),
                "{ component = \"crashing\", restart = \"transient\" }, { component = \"temporary\", restart = \"temporary\" }]".to_owned(),
            ],
        );
        let desk = Desk::at(&house.scenario.runtime);
        let before = house.history().len();
        // Those that stay away first: that is decided before the turn of those that come back.
        for name in ["temporary", "transient", "crashing", "permanent"] {
            desk.send(house.scenario.recorder.wait_for_start(name, 1), 1, "go");
            house.scenario.recorder.wait_for_exit(name);
        }
        house.scenario.recorder.wait_for_start("crashing", 2);
        house.scenario.recorder.wait_for_start("permanent", 2);
        let mut history = house.history().split_off(before);
        history.sort();
        let expected = [
            "end crashing",
            "end permanent",
            "end temporary",
            "end transient",
            "start crashing",
            "start permanent",
        ];
        assert_eq!(history, expected, "{path:?}");
    }
}

/// `count` makes so many children, each restarted on its own.
#[test]
fn count_makes_several_children() {
    for path in BOTH_PATHS {
        let house = House::of(
            path,
            &[
                component("worker", "", "echo"),
                "[supervisors.pool]\nmax-restarts = 10\nchildren = [{ component = \"worker\", count = 3 }]".to_owned(),
            ],
        );
        let desk = Desk::at(&house.scenario.runtime);
        let others =
            ["worker-1", "worker-3"].map(|name| house.scenario.recorder.wait_for_start(name, 1));
        let reborn = house.kill("worker-2", 1);
        for worker in others.into_iter().chain([reborn]) {
            desk.hears_echo_of(worker);
        }
        let events = house.scenario.recorder.events();
        let ends = events.iter().filter(
            |event| matches!(event, RuntimeEvent::Exited(exit) if &*exit.component == "worker"),
        );
        assert_eq!(ends.count(), 1);
    }
}

/// A supervisor that gives up is a child like any other: the one above starts it again, with all its children.
#[test]
fn a_nested_supervisor_that_gives_up_is_started_again() {
    for path in BOTH_PATHS {
        let house = House::of(
            path,
            &[
                component("outside", "", "echo"),
                component("first", "", "echo"),
                component("second", "", "echo"),
                "[supervisors.outer]\nmax-restarts = 5\nchildren = [{ component = \"outside\" }, { supervisor = \"inner\" }]".to_owned(),
                "[supervisors.inner]\nmax-restarts = 0\nchildren = [{ component = \"first\" }, { component = \"second\" }]".to_owned(),
            ],
        );
        let before = house.history().len();
        let first = house.kill("first", 1);
        house.scenario.recorder.wait_for_start("inner", 2);
        let desk = Desk::at(&house.scenario.runtime);
        desk.hears_echo_of(first);
        desk.hears_echo_of(house.scenario.recorder.wait_for_start("second", 2));
        desk.hears_echo_of(house.scenario.recorder.wait_for_start("outside", 1));
        let history = house.history().split_off(before);
        let expected = [
            "end first",
            "give up first",
            "stop second",
            "end inner",
            "start first",
            "start second",
            "start inner",
        ];
        assert_eq!(history, expected, "{path:?}");
    }
}

/// Children of a supervisor that was killed do not live on alone.
#[test]
fn no_child_outlives_a_killed_supervisor() {
    for path in BOTH_PATHS {
        let house = House::of(
            path,
            &[
                component("child", "", "echo"),
                "[supervisors.house]\nmax-restarts = 1\nchildren = [{ component = \"child\" }]"
                    .to_owned(),
            ],
        );
        let child = house.scenario.recorder.wait_for_start("child", 1);
        house.kill("house", 1);
        let exit = house.scenario.recorder.wait_for_exit("child");
        assert_eq!((exit.pid, exit.reason), (child, ExitReason::Killed));
        let reborn = house.scenario.recorder.wait_for_start("child", 2);
        Desk::at(&house.scenario.runtime).hears_echo_of(reborn);
    }
}
