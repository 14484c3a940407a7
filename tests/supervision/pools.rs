//! Pools: one entry, many children, each of them a child of its own to every rule.

use super::House;
use crate::app::component;
use crate::desk::Desk;
use crate::support::BOTH_PATHS;
use rusm_core::ExitReason;

/// A pool of three between two others.
fn pool(strategy: &str) -> Vec<String> {
    vec![
        component("first", "", "echo"),
        component("worker", "", "echo"),
        component("last", "", "echo"),
        format!("[supervisors.house]\nstrategy = \"{strategy}\"\nmax-restarts = 10"),
        "children = [{ component = \"first\" }, { component = \"worker\", count = 3 }, { component = \"last\" }]".to_owned(),
    ]
}

/// Kills one of the pool and expects this to follow.
#[track_caller]
fn after_the_death_of_the_second(strategy: &str, expected: &[&str]) {
    for path in BOTH_PATHS {
        let house = House::of(path, &pool(strategy));
        let before = house.history().len();
        house.kill("worker-2", 1);
        house.scenario.recorder.wait_for_start("last", 2);
        assert_eq!(house.history().split_off(before), expected, "{path:?}");
    }
}

#[test]
fn rest_for_one_over_a_pool() {
    after_the_death_of_the_second(
        "rest-for-one",
        &[
            "end worker-2",
            "stop last",
            "stop worker-3",
            "start worker-2",
            "start worker-3",
            "start last",
        ],
    );
}

#[test]
fn one_for_all_over_a_pool() {
    after_the_death_of_the_second(
        "one-for-all",
        &[
            "end worker-2",
            "stop last",
            "stop worker-3",
            "stop worker-1",
            "stop first",
            "start first",
            "start worker-1",
            "start worker-2",
            "start worker-3",
            "start last",
        ],
    );
}

/// One member traps; the others are the processes they were and go on, and so does the one started instead.
#[test]
fn a_pool_outlives_a_member_that_crashes() {
    for path in BOTH_PATHS {
        let manifest = [
            component("worker", "", "receive-tag 1 then unreachable"),
            "[supervisors.pool]\nmax-restarts = 10\nchildren = [{ component = \"worker\", count = 8 }]"
                .to_owned(),
        ];
        let house = House::of(path, &manifest);
        let recorder = &house.scenario.recorder;
        let desk = Desk::at(&house.scenario.runtime);
        let ids = (1..=8).map(|number| format!("worker-{number}"));
        let members: Vec<_> = ids.map(|id| recorder.wait_for_start(&id, 1)).collect();
        for (victim, id) in [(4, "worker-5"), (0, "worker-1")] {
            let victim = members[victim];
            desk.send(victim, 1, "go");
            assert!(matches!(
                recorder.wait_for_end(victim).reason,
                ExitReason::Trap(_)
            ));
            let reborn = recorder.wait_for_start(id, 2);
            assert!(house.scenario.runtime.node().is_alive(reborn));
        }
        let alive = members
            .iter()
            .filter(|pid| house.scenario.runtime.node().is_alive(**pid));
        assert_eq!(alive.count(), 6, "{path:?}");
    }
}
