//! Supervisors of the manifest, with guests for children (statements 117 to 125). `tests/supervision` has the rest.

use crate::app::{boot, component, controller, probe, scripted};
use crate::desk::Desk;
use crate::support::{BOTH_PATHS, GuestPath, Recorder, Scenario, supervision};
use rusm_core::{App, AppEnd, ExitReason};
use rusm_supervisor::SupervisorEvent;

/// An app of these components under one supervisor.
struct Tree {
    scenario: Scenario,
    app: App,
    desk: Desk,
}

impl Tree {
    #[track_caller]
    fn of(path: GuestPath, supervisor: &str, components: &[(&str, &str, &str)]) -> Self {
        let mut manifest: Vec<String> = components
            .iter()
            .map(|(name, _, script)| component(name, "", script))
            .collect();
        let child =
            |(name, keys, _): &(&str, &str, &str)| format!("{{ component = \"{name}\"{keys} }}");
        let children: Vec<String> = components.iter().map(child).collect();
        let children = children.join(", ");
        manifest.push(format!(
            "[supervisors.house]\n{supervisor}\nchildren = [{children}]"
        ));
        let scenario = Scenario::new();
        let app = boot(&scenario, path, &manifest.join("\n"));
        scenario.recorder.wait_for_start("house", 1);
        let desk = Desk::at(&scenario.runtime);
        Self {
            scenario,
            app,
            desk,
        }
    }

    /// Sends to the process that a child got at its start with this number.
    #[track_caller]
    fn tell(&self, child: &str, start: usize) {
        let pid = self.scenario.recorder.wait_for_start(child, start);
        self.desk.send(pid, 1, "go");
    }

    #[track_caller]
    fn stops(self) {
        self.app.stop();
        assert!(matches!(self.app.wait(), AppEnd::Stopped));
        let node = self.scenario.runtime.node();
        // Guests are known by what the runtime keeps with them; processes of the node's own may be about to end.
        let left = node.processes().into_iter();
        let guests: Vec<_> = left.filter(|pid| node.extension(*pid).is_some()).collect();
        assert_eq!(guests, [], "nobody is left");
    }
}

fn n_starts(recorder: &Recorder, child: &str) -> usize {
    let events = recorder.events();
    let starts = events.iter().filter(|event| {
        matches!(supervision(event), Some(SupervisorEvent::ChildStarted { id, .. }) if &**id == child)
    });
    starts.count()
}

/// Children that end while they are stopped, however, hold nothing up and do not come back.
#[test]
fn stop_race() {
    for path in BOTH_PATHS {
        let trapping = "trap-exits on then say ready then receive then ";
        let (crashing, leaving, own) = (
            format!("{trapping}panic"),
            format!("{trapping}say goodbye"),
            format!("{trapping}exit error: enough"),
        );
        let tree = Tree::of(
            path,
            "max-restarts = 1000000",
            &[
                ("crashing", "", &crashing),
                ("leaving", "", &leaving),
                ("own", "", &own),
                ("restless", "", "receive-within 1 then exit error: again"),
                (
                    "hasty",
                    ", shutdown-ms = 0",
                    "receive-within 1 then exit error: again",
                ),
            ],
        );
        for child in ["crashing", "leaving", "own"] {
            tree.scenario.recorder.wait_for_line(child, "say=ok:ready");
        }
        tree.scenario.recorder.wait_for_start("restless", 3);
        tree.scenario.recorder.wait_for_start("hasty", 3);
        let scenario = &tree.scenario.recorder.clone();
        tree.stops();
        for child in ["crashing", "leaving", "own"] {
            assert_eq!(n_starts(scenario, child), 1, "{path:?}: {child}");
        }
    }
}

/// The exit signal of a guest that is no parent does not end a supervisor, nor does it reach its children.
#[test]
fn sup_parent_exit() {
    for path in BOTH_PATHS {
        let tree = Tree::of(path, "", &[("child", "", "echo")]);
        let house = tree.scenario.recorder.wait_for_start("house", 1).as_u64();
        let script = format!(
            "signal {house} shutdown then signal {house} error: x then signal {house} normal then lists {house}"
        );
        let program = probe(&tree.scenario, path);
        let stranger = scripted("stranger", &program, &script).profile(controller());
        let stranger = tree.scenario.runtime.spawn(stranger);
        assert_eq!(
            stranger.expect("there is room for it").wait(),
            ExitReason::Normal
        );
        assert_eq!(
            tree.scenario.recorder.lines("stranger"),
            ["signal=ok", "signal=ok", "signal=ok", "lists=ok:1"]
        );
        let child = tree.scenario.recorder.wait_for_start("child", 1);
        tree.desk.hears_echo_of(child);
        let recorder = tree.scenario.recorder.clone();
        tree.stops();
        assert_eq!(n_starts(&recorder, "child"), 1);
        assert_eq!(n_starts(&recorder, "house"), 1);
    }
}

/// A temporary child that goes with a sibling stays away, a transient one comes back.
#[test]
fn bystander() {
    for path in BOTH_PATHS {
        let tree = Tree::of(
            path,
            "strategy = \"one-for-all\"\nmax-restarts = 10",
            &[
                ("passing", ", restart = \"temporary\"", "echo"),
                ("crashing", "", "receive then panic"),
                ("lasting", ", restart = \"transient\"", "echo"),
            ],
        );
        tree.tell("crashing", 1);
        tree.scenario.recorder.wait_for_start("crashing", 2);
        let again = tree.scenario.recorder.wait_for_start("lasting", 2);
        tree.desk.hears_echo_of(again);
        let recorder = tree.scenario.recorder.clone();
        tree.stops();
        assert_eq!(n_starts(&recorder, "passing"), 1, "{path:?}");
    }
}

/// Exactly so many restarts, which the child itself can read; the next end is the supervisor's own.
#[test]
fn intensity_exact() {
    for path in BOTH_PATHS {
        let tree = Tree::of(
            path,
            "max-restarts = 3\nperiod-ms = 600_000",
            &[
                ("crashing", "", "receive then exit error: again"),
                ("service", "", "echo"),
            ],
        );
        let given_up = |event: &_| {
            let event = supervision(event)?;
            matches!(event, SupervisorEvent::GaveUp { .. }).then_some(())
        };
        for start in 1..=3 {
            tree.tell("crashing", start);
            tree.scenario.recorder.wait_for_start("crashing", start + 1);
        }
        let events = tree.scenario.recorder.events();
        assert_eq!(events.iter().find_map(given_up), None, "{path:?}");
        let service = tree.scenario.recorder.wait_for_start("service", 1);
        tree.tell("crashing", 4);
        tree.scenario.recorder.wait_for(given_up);
        let exit = tree.scenario.recorder.wait_for_end(service);
        assert_eq!(exit.reason, ExitReason::Shutdown);
        // The one above starts it again, from the beginning.
        tree.scenario.recorder.wait_for_start("house", 2);
        tree.stops();
    }
}

/// One end is one restart, however many children start again because of it.
#[test]
fn intensity_window() {
    for path in BOTH_PATHS {
        let tree = Tree::of(
            path,
            "strategy = \"one-for-all\"\nmax-restarts = 2\nperiod-ms = 600_000",
            &[
                ("first", "", "echo"),
                ("crashing", "", "receive then exit error: again"),
                ("last", "", "echo"),
            ],
        );
        for start in 1..=2 {
            tree.tell("crashing", start);
        }
        let last = tree.scenario.recorder.wait_for_start("last", 3);
        tree.desk.hears_echo_of(last);
        let recorder = tree.scenario.recorder.clone();
        tree.stops();
        assert_eq!(n_starts(&recorder, "house"), 1, "{path:?}");
    }
}
