//! How a tree comes up: whole, or not at all; again and again; and to any depth.

use super::{House, history};
use crate::app::{boot, component, plan};
use crate::support::{BOTH_PATHS, Scenario};
use crate::tidy::root;
use rusm_core::{AppEnd, BootError, ExitReason, RuntimeEvent};
use std::fmt::Write;
use std::path::Path;

/// OTP statements 111 and 140: the start of one child fails, those started before are stopped in reverse
/// order, nothing is left, and the error names the child and its reason.
#[test]
fn app_start_fail() {
    for path in BOTH_PATHS {
        // The one that watches the app, the root, `outer`, `first`, `inner`, `second`: there is no room for `third`.
        let scenario = Scenario::with(|builder| builder.max_processes(6));
        let manifest = [
            component("first", "", "echo"),
            component("second", "", "echo"),
            component("third", "", "echo"),
            "[supervisors.outer]\nchildren = [{ component = \"first\" }, { supervisor = \"inner\" }]\n[supervisors.inner]".to_owned(),
            "children = [{ component = \"second\" }, { component = \"third\" }]".to_owned(),
        ];
        let plan = plan(path, &manifest.join("\n"), Path::new("."));
        let error = scenario.runtime.boot(&plan).expect_err("there is no room");
        let BootError::Tree(reason @ ExitReason::NotStarted(_)) = &error else {
            panic!("{path:?}: {error:?}")
        };
        let told = reason.to_string();
        for words in [
            "child \"inner\" did not start",
            "child \"third\" did not start",
            "no room for another process",
        ] {
            assert!(told.contains(words), "'{words}' is not in: {told}");
        }
        let expected = [
            "start first",
            "start second",
            "fail third",
            "stop second",
            "fail inner",
            "stop first",
            "fail outer",
        ];
        assert_eq!(history(&scenario.recorder), expected);
        scenario.recorder.wait_for_exit("app");
        assert_eq!(scenario.runtime.node().process_count(), 0, "{path:?}");
        // There is room again for what fits.
        let app = boot(
            &scenario,
            path,
            &component("first", "restart = \"permanent\"", "echo"),
        );
        app.stop();
        assert!(matches!(app.wait(), AppEnd::Stopped));
    }
}

/// The code of one file is compiled once, whoever is made of it; and whatever is wrong with some, all is told at once, in the order of
/// the manifest.
#[test]
fn components_of_one_file_share_its_code() {
    let other = "0".repeat(64);
    let manifest = format!(
        "[components.alike]\nwasm = \"PROBE\"
        [components.another]\nwasm = \"PROBE\"\ndigest = \"sha256:{other}\"
        [components.first]\nwasm = \"PROBE\"
        [components.gone]\nwasm = \"nowhere.wasm\"
        [components.odd]\nwasm = \"Cargo.toml\"
        [components.second]\nwasm = \"PROBE\""
    );
    for path in BOTH_PATHS {
        let scenario = Scenario::without_cache();
        let plan = plan(path, &manifest, &root());
        let error = scenario
            .runtime
            .declare_all(&plan)
            .expect_err("it is wrong");
        let BootError::Code(problems) = error else {
            panic!("{path:?}: {error:?}")
        };
        let faulty: Vec<_> = problems
            .iter()
            .map(|problem| problem.component.as_str())
            .collect();
        assert_eq!(faulty, ["another", "gone", "odd"], "{problems:?}");

        let mut n_compiled = 0;
        let mut steps = Vec::new();
        for event in scenario.recorder.events() {
            if let RuntimeEvent::Loading { done, total, .. } = event {
                steps.push((done, total));
            }
            n_compiled += usize::from(matches!(event, RuntimeEvent::CompileStarted { .. }));
        }
        assert_eq!(n_compiled, 1, "{path:?}");
        assert!(
            steps.is_sorted() && steps.last() == Some(&(6, 6)),
            "{steps:?}"
        );
    }
}

/// OTP statement 141: an app that was stopped is started again as if it never ran.
#[test]
fn app_stop() {
    for path in BOTH_PATHS {
        let manifest = [
            component("a", "", "echo"),
            component("b", "restart = \"permanent\"", "echo"),
            "[supervisors.s]\nchildren = [{ component = \"a\", count = 2 }]".to_owned(),
        ]
        .join("\n");
        let scenario = Scenario::new();
        let mut lives = Vec::new();
        for _ in 0..2 {
            let before = history(&scenario.recorder).len();
            let app = boot(&scenario, path, &manifest);
            app.stop();
            assert!(matches!(app.wait(), AppEnd::Stopped));
            lives.push(history(&scenario.recorder).split_off(before));
        }
        let life = [
            "start b",
            "start a-1",
            "start a-2",
            "start s",
            "stop s",
            "stop a-2",
            "stop a-1",
            "stop b",
        ];
        let mut sorted = life.map(str::to_owned).to_vec();
        sorted.sort();
        for mut life in lives {
            assert!(life.iter().rposition(|step| step.starts_with("start")) < Some(4));
            life.sort();
            assert_eq!(life, sorted);
        }
    }
}

/// OTP statements 110 and 139, a hundred levels deep: what is below has started before what comes after, and a crash at the
/// bottom is settled there.
#[test]
fn app_deps_in_a_deep_tree() {
    const LEVELS: usize = 100;
    for path in BOTH_PATHS {
        let mut manifest = component("leaf", "", "echo");
        for level in 0..LEVELS {
            let child = match level + 1 {
                LEVELS => "component = \"leaf\"".to_owned(),
                below => format!("supervisor = \"s{below}\""),
            };
            writeln!(
                manifest,
                "[supervisors.s{level}]\nchildren = [{{ {child} }}]"
            )
            .expect("text can be written to a string");
        }
        let house = House::of(path, &[manifest]);
        let levels = (0..LEVELS).rev().map(|level| format!("start s{level}"));
        let expected: Vec<String> = std::iter::once("start leaf".to_owned())
            .chain(levels)
            .collect();
        assert_eq!(house.history(), expected, "{path:?}");
        house.kill("leaf", 1);
        assert_eq!(
            house.history().split_off(expected.len()),
            ["end leaf", "start leaf"]
        );
        house.app.stop();
        assert!(matches!(house.app.wait(), AppEnd::Stopped));
    }
}
