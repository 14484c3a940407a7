//! Who may what: the manifest decides, whoever spawns, and no spawn widens anything.
//!
//! Guests report what they were refused as lines of output, which the log has for every process.

mod audit;
mod environment;
mod files;
mod spawning;

use crate::app::{boot, component};
use crate::support::{BOTH_PATHS, GuestPath, Scenario};
use rusm_core::App;

/// An app whose component `boss` runs this script, besides the others of the manifest.
struct Office {
    scenario: Scenario,
    _app: App,
}

impl Office {
    #[track_caller]
    fn open(path: GuestPath, boss: &str, others: &[String]) -> Self {
        let boss = component(
            "boss",
            "capability = \"boss\"\nrestart = \"temporary\"",
            boss,
        );
        let scenario = Scenario::new();
        let app = boot(&scenario, path, &format!("{boss}\n{}", others.join("\n")));
        Self {
            scenario,
            _app: app,
        }
    }

    /// Everything that the processes of this component wrote, once the first of them has ended.
    #[track_caller]
    fn lines(&self, component: &str) -> Vec<String> {
        self.scenario.recorder.wait_for_exit(component);
        self.scenario.recorder.lines(component)
    }
}

/// A typo in a profile's name must not widen: it runs sandboxed, and somebody is told.
#[test]
fn an_unknown_profile_is_the_sandbox_and_a_warning() {
    for path in BOTH_PATHS {
        let stray = component(
            "stray",
            "capability = \"bosss\"",
            "query send - then query spawn - then spawn boss then processes",
        );
        let rights =
            "[capabilities.boss]\nallow-spawn = true\nallow-process-control = true".to_owned();
        let manifest = format!(
            "{}\n{stray}",
            component("boss", "capability = \"boss\"", "")
        );
        let plan = crate::app::plan(
            path,
            &format!("{manifest}\n{rights}"),
            std::path::Path::new("."),
        );
        let warnings: Vec<String> = plan
            .manifest
            .warnings
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(
            matches!(&*warnings, [warning] if warning.contains("bosss") && warning.contains("sandboxed")),
            "{warnings:?}"
        );

        let office = Office::open(
            path,
            "spawn stray then inspect spawned then receive-within 0",
            &[stray, rights],
        );
        let expected = [
            "query=ok:granted",
            "query=ok:denied",
            "spawn=denied:spawn",
            "processes=denied:process-control",
        ];
        assert_eq!(office.lines("stray"), expected);
    }
}

/// A right that was given up is gone for good.
#[test]
fn a_dropped_right_is_gone() {
    for path in BOTH_PATHS {
        let rights = "[capabilities.boss]\nallow-process-control = true".to_owned();
        let office = Office::open(
            path,
            "query process-control - then drop process-control then query process-control - then processes",
            &[rights],
        );
        assert_eq!(
            office.lines("boss"),
            [
                "query=ok:granted",
                "drop=ok",
                "query=ok:denied",
                "processes=denied:process-control"
            ]
        );
    }
}
