//! What an audit log is made from: who was given what, what a process was started with, and what it gave up.

use super::Office;
use crate::app::component;
use crate::support::BOTH_PATHS;
use rusm_caps::Permission;
use rusm_core::RuntimeEvent;

const RIGHTS: &str = "[capabilities.boss]\nallow-spawn = [\"leaf\"]\nallow-load = true\n\
                      [capabilities.quiet]\nallow-send = [\"boss\"]";

/// Every component's profiles are told when it is declared, once, those that a spawner may choose as well.
#[test]
fn what_the_manifest_grants_is_told_once() {
    for path in BOTH_PATHS {
        let leaf = component(
            "leaf",
            "capability = \"quiet\"\nprofiles = [\"boss\"]",
            "exit 0",
        );
        let office = Office::open(path, "spawn leaf", &[leaf, RIGHTS.to_owned()]);
        office.lines("boss");
        let mut told: Vec<(String, String, bool)> = Vec::new();
        for event in office.scenario.recorder.events() {
            if let RuntimeEvent::Granted {
                component,
                profile,
                is_offered,
            } = event
            {
                told.push((component.to_string(), profile.name().to_owned(), is_offered));
            }
        }
        told.sort();
        let expected = [
            ("boss", "boss", false),
            ("leaf", "boss", true),
            ("leaf", "quiet", false),
        ];
        let expected = expected
            .map(|(component, profile, offered)| (component.into(), profile.into(), offered));
        assert_eq!(told, expected, "{path:?}");
    }
}

/// A process is started with the profile that decides for it, narrowed as its spawner asked; a supervisor has none.
#[test]
fn a_start_tells_what_the_process_may_do() {
    for path in BOTH_PATHS {
        let leaf = component("leaf", "capability = \"quiet\"", "exit 0");
        let office = Office::open(path, "spawn leaf", &[leaf, RIGHTS.to_owned()]);
        office.scenario.recorder.wait_for_exit("leaf");
        let mut told: Vec<(String, Option<Vec<String>>)> = Vec::new();
        for event in office.scenario.recorder.events() {
            if let RuntimeEvent::Spawned {
                component, profile, ..
            } = event
            {
                told.push((
                    component.to_string(),
                    profile.map(|profile| profile.grant_lines()),
                ));
            }
        }
        let of = |name: &str| {
            told.iter()
                .find(|(component, _)| component == name)
                .map(|(_, lines)| lines.clone())
        };
        let lines =
            |lines: &[&str]| Some(Some(lines.iter().map(|line| (*line).to_owned()).collect()));
        assert_eq!(
            of("boss"),
            lines(&[
                "allow-spawn = [\"leaf\"]",
                "allow-send = true",
                "allow-load = true"
            ]),
            "{path:?}"
        );
        assert_eq!(of("leaf"), lines(&["allow-send = [\"boss\"]"]), "{path:?}");
        assert!(
            told.iter().any(|(_, lines)| lines.is_none()),
            "no native process: {told:?}"
        );
    }
}

/// What a process gives up is told, with who and what; a second time as well, since it asked a second time.
#[test]
fn what_a_process_gives_up_is_told() {
    for path in BOTH_PATHS {
        let office = Office::open(
            path,
            "drop spawn then drop load then drop spawn",
            &[RIGHTS.to_owned()],
        );
        office.lines("boss");
        let mut told = Vec::new();
        let mut started = None;
        for event in office.scenario.recorder.events() {
            if let RuntimeEvent::Spawned { component, pid, .. } = &event
                && &**component == "boss"
            {
                started = Some(*pid);
            }
            if let RuntimeEvent::Dropped {
                component,
                pid,
                permission,
            } = event
            {
                assert_eq!(&*component, "boss");
                told.push((pid, permission));
            }
        }
        let pid = started.expect("the boss was started");
        assert_eq!(
            told,
            [Permission::Spawn, Permission::Load, Permission::Spawn]
                .map(|permission| (pid, permission)),
            "{path:?}"
        );
    }
}
