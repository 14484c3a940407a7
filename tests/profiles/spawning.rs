//! Which profile a new process runs under, and who may make it.

use super::Office;
use crate::app::component;
use crate::desk::Desk;
use crate::support::{BOTH_PATHS, guest};
use rusm_core::{ExitReason, Limit, RuntimeEvent};

/// A component that says what it may do.
fn teller(name: &str, keys: &str) -> String {
    component(
        name,
        keys,
        "query process-control - then query network 8.8.8.8:443 then query spawn -",
    )
}

const STRONG: &str =
    "[capabilities.strong]\nallow-process-control = true\nallow-network = [\"public\"]";
const MAY_SPAWN: &str = "[capabilities.boss]\nallow-spawn = true";

fn told(process_control: bool, network: bool, spawn: bool) -> Vec<String> {
    let answer = |is_granted| format!("query=ok:{}", if is_granted { "granted" } else { "denied" });
    [process_control, network, spawn].map(answer).to_vec()
}

/// The spawner has fewer rights than one of its children and more than the other; neither matters.
#[test]
fn a_declared_component_runs_under_its_own_profile_whoever_spawns_it() {
    for path in BOTH_PATHS {
        let others = [
            teller("strong", "capability = \"strong\""),
            teller("weak", ""),
            STRONG.to_owned(),
            MAY_SPAWN.to_owned(),
        ];
        let office = Office::open(
            path,
            "query process-control - then spawn strong then spawn weak",
            &others,
        );
        assert_eq!(office.lines("strong"), told(true, true, false));
        assert_eq!(office.lines("weak"), told(false, false, false));
        assert_eq!(
            office.lines("boss").first().map(String::as_str),
            Some("query=ok:denied")
        );
    }
}

#[test]
fn a_spawner_chooses_among_the_profiles_that_are_offered() {
    for path in BOTH_PATHS {
        let others = [
            teller("teller", "profiles = [\"strong\"]"),
            STRONG.to_owned(),
            MAY_SPAWN.to_owned(),
        ];
        let office = Office::open(path, "spawn teller profile=strong", &others);
        assert_eq!(office.lines("teller"), told(true, true, false));
        assert!(
            office
                .lines("boss")
                .iter()
                .all(|line| line.starts_with("spawn=ok:"))
        );

        let wishes = "spawn teller profile=trusted then spawn teller profile=boss then spawn teller profile=nothing";
        let office = Office::open(path, wishes, &others);
        let lines = office.lines("boss");
        assert_eq!(lines.len(), 3);
        for (line, name) in lines.iter().zip(["trusted", "boss", "nothing"]) {
            assert!(
                line.starts_with("spawn=error:")
                    && line.contains("does not offer")
                    && line.contains(name),
                "{line}"
            );
        }
        assert!(office.scenario.recorder.lines("teller").is_empty());
    }
}

#[test]
fn restrictions_narrow() {
    for path in BOTH_PATHS {
        let others = [
            teller("teller", "capability = \"strong\""),
            STRONG.to_owned(),
            MAY_SPAWN.to_owned(),
        ];
        let office = Office::open(path, "spawn teller revoke=process-control", &others);
        assert_eq!(office.lines("teller"), told(false, true, false));
        let office = Office::open(
            path,
            "spawn teller revoke=process-control revoke=allow-network",
            &others,
        );
        assert_eq!(office.lines("teller"), told(false, false, false));

        for (restriction, deed, limit) in [
            ("memory-mb=4", "hoard", Limit::Memory),
            ("cpu-ms=1000", "spin", Limit::CpuTime),
            ("timeout-ms=500", "forget", Limit::WallTime),
        ] {
            let office = Office::open(
                path,
                &format!("spawn teller {restriction} args {deed}"),
                &others,
            );
            assert_eq!(
                office.scenario.recorder.wait_for_exit("teller").reason,
                ExitReason::Limit(limit),
                "{restriction}"
            );
        }
    }
}

#[test]
fn restrictions_never_widen() {
    for path in BOTH_PATHS {
        let bounded =
            "[capabilities.bounded]\nmax-memory-mb = 8\nmax-cpu-ms = 1000\ntimeout-ms = 60000";
        let others = [
            teller("teller", "capability = \"bounded\""),
            bounded.to_owned(),
            MAY_SPAWN.to_owned(),
        ];
        for wider in [
            "memory-mb=9",
            "cpu-ms=1001",
            "cpu-ms=0",
            "timeout-ms=60001",
            "timeout-ms=0",
            "revoke=gravity",
        ] {
            let office = Office::open(path, &format!("spawn teller {wider}"), &others);
            let lines = office.lines("boss");
            assert!(
                matches!(&*lines, [line] if line.starts_with("spawn=error:cannot spawn with that profile")),
                "{wider}: {lines:?}"
            );
            assert!(
                office.scenario.recorder.lines("teller").is_empty(),
                "{wider}"
            );
        }
    }
}

/// Not even by one generation more: what the child may do is decided again from the manifest.
#[test]
fn code_that_is_loaded_runs_under_its_loaders_profile() {
    for path in BOTH_PATHS {
        let rights = "[capabilities.boss]\nallow-load = true\nallow-spawn = [\"brought\"]\nmax-memory-mb = 32".to_owned();
        let script = "register boss then load brought then spawn brought args query load - also query process-control -
            also spawn other also spawn brought args say grandchild then spawn brought profile=trusted then receive";
        let others = [teller("other", ""), rights];
        let office = Office::open(path, script, &others);
        let desk = Desk::at(&office.scenario.runtime);
        let boss = office.scenario.recorder.wait_for_start("boss", 1);
        let code = guest("actor_probe", path);
        desk.does(move |context| context.send(boss, 1, code))
            .expect("its mailbox has room");
        let lines = until(&office, "brought", "say=ok:grandchild");
        assert_eq!(
            lines.get(..2),
            Some(&["query=ok:granted".to_owned(), "query=ok:denied".to_owned()][..])
        );
        assert!(
            lines.contains(&"spawn=denied:spawn".to_owned()),
            "it may not spawn what its loader may not: {lines:?}"
        );
        desk.send(boss, 2, "done");
        let lines = office.lines("boss");
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with("spawn=error:") && line.contains("loader's profile")),
            "{lines:?}"
        );
    }
}

/// The lines of a component once it has written this one.
fn until(office: &Office, component: &str, line: &str) -> Vec<String> {
    office.scenario.recorder.wait_for_line(component, line);
    office.scenario.recorder.lines(component)
}

#[test]
fn a_list_says_who_may_be_spawned_and_a_refusal_is_recorded() {
    for path in BOTH_PATHS {
        let others = [
            teller("listed", ""),
            teller("unlisted", ""),
            "[capabilities.boss]\nallow-spawn = [\"listed\"]".to_owned(),
        ];
        let office = Office::open(
            path,
            "spawn unlisted then spawn nobody then spawn boss then spawn listed",
            &others,
        );
        office.lines("listed");
        let lines = office.lines("boss");
        let refused = "spawn=denied:spawn";
        assert!(
            matches!(&*lines, [a, b, c, d] if a == refused && b == refused && c == refused && d.starts_with("spawn=ok")),
            "{lines:?}"
        );
        let mut records = Vec::new();
        for event in office.scenario.recorder.events() {
            if let RuntimeEvent::Denied(record) = event {
                records.push(format!("{record:?}"));
            }
        }
        assert!(
            records.len() == 3 && records.iter().all(|record| record.contains("boss")),
            "{records:?}"
        );
        assert!(
            records.iter().any(|record| record.contains("unlisted")),
            "{records:?}"
        );
    }
}

/// Each starts the next: a chain of children of children uses up the first one's bound.
#[test]
fn max_processes_counts_descendants_of_every_generation() {
    for path in BOTH_PATHS {
        let others = [
            component("leaf", "capability = \"leaf\"", "spawn leaf then forget"),
            "[capabilities.boss]\nallow-spawn = true\nmax-processes = 3".to_owned(),
            "[capabilities.leaf]\nallow-spawn = true".to_owned(),
        ];
        let office = Office::open(path, "spawn leaf then forget", &others);
        let refused = "spawn=error:cannot spawn: no room for another process or piece of code";
        let lines = office.scenario.recorder.wait_for_lines("leaf", 3);
        assert!(lines.contains(&refused.to_owned()), "{lines:?}");
        assert_eq!(
            lines
                .iter()
                .filter(|line| line.starts_with("spawn=ok:"))
                .count(),
            2
        );
        let spawned = |event: &RuntimeEvent| matches!(event, RuntimeEvent::Spawned { component, .. } if &**component == "leaf");
        assert_eq!(
            office
                .scenario
                .recorder
                .events()
                .iter()
                .filter(|event| spawned(event))
                .count(),
            3
        );
    }
}

/// A place is free again when a descendant has ended, however deep.
#[test]
fn the_end_of_a_descendant_makes_room() {
    for path in BOTH_PATHS {
        let others = [
            component("leaf", "", "say here"),
            "[capabilities.boss]\nallow-spawn = true\nmax-processes = 1".to_owned(),
        ];
        let round = "spawn leaf monitor then receive";
        let office = Office::open(path, &[round; 5].join(" then "), &others);
        let lines = office.lines("boss");
        assert_eq!(
            lines
                .iter()
                .filter(|line| line.starts_with("spawn=ok:"))
                .count(),
            5,
            "{lines:?}"
        );
    }
}
