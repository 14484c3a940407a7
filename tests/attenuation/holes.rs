//! Ways by which a right might come back, one by one.

use super::{hand, order, spawned};
use crate::app::{boot_in, component};
use crate::support::{BOTH_PATHS, GuestPath, Scenario, guest};
use rusm_caps::{Decision, Permission};
use rusm_core::{App, ExitReason, Limit, Pid, RuntimeBuilder};
use std::path::Path;

/// An app whose component `boss` may bring code, spawn it, and use storage.
struct Office {
    scenario: Scenario,
    path: GuestPath,
    boss: Pid,
    _app: App,
}

impl Office {
    #[track_caller]
    fn open(path: GuestPath) -> Self {
        Self::with(path, Path::new("."), "", |builder| builder)
    }

    #[track_caller]
    fn with(
        path: GuestPath,
        folder: &Path,
        more: &str,
        set_up: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder,
    ) -> Self {
        let boss = component(
            "boss",
            "capability = \"boss\"\nrestart = \"permanent\"",
            "obey",
        );
        let manifest = format!(
            "{boss}\n[capabilities.boss]\nallow-load = true\nallow-spawn = true\nallow-storage = true\n{more}"
        );
        let scenario = Scenario::with(set_up);
        let app = boot_in(&scenario, path, &manifest, folder);
        let boss = scenario.recorder.wait_for_start("boss", 1);
        Self {
            scenario,
            path,
            boss,
            _app: app,
        }
    }

    #[track_caller]
    fn order(&self, who: Pid, script: &str) -> Vec<String> {
        order(&self.scenario, who, script)
    }

    /// Has a process bring the probe under that name.
    #[track_caller]
    fn load(&self, who: Pid, name: &str) -> String {
        hand(&self.scenario, who, guest("actor_probe", self.path));
        self.order(who, &format!("load {name}")).concat()
    }

    /// Has a process spawn a probe that obeys.
    #[track_caller]
    fn spawn(&self, who: Pid, what: &str) -> Pid {
        let lines = self.order(who, &format!("spawn {what} args obey"));
        let pid = lines.first().and_then(|line| spawned(line));
        pid.unwrap_or_else(|| panic!("{what}: {lines:?}"))
    }

    /// Asked, and tried.
    #[track_caller]
    fn may_store(&self, who: Pid) -> bool {
        let lines = self.order(who, "query storage b then kv-get b k");
        let [query, get] = &*lines else {
            panic!("{lines:?}");
        };
        let is_allowed = query == "query=ok:granted";
        assert_eq!(get == "kv-get=denied:storage", !is_allowed, "{lines:?}");
        is_allowed
    }
}

/// What a process gives up is gone from the code that it has brought before, too.
#[test]
fn what_a_loader_gives_up_its_code_is_without() {
    for path in BOTH_PATHS {
        let office = Office::open(path);
        assert_eq!(office.load(office.boss, "plug"), "load=ok");
        let before = office.spawn(office.boss, "plug");
        assert!(office.may_store(before));
        office.order(office.boss, "drop storage");
        let after = office.spawn(office.boss, "plug");
        assert!(!office.may_store(after));
        // Who lives already keeps what it was given, and cannot pass it on.
        assert!(office.may_store(before));
        let child = office.spawn(before, "plug");
        assert!(!office.may_store(child));
    }
}

/// A process of brought code that was narrowed does not get back what it lost by spawning the same code again.
#[test]
fn a_restricted_process_does_not_restore_itself() {
    for path in BOTH_PATHS {
        let office = Office::open(path);
        office.load(office.boss, "plug");
        let narrow = office.spawn(
            office.boss,
            "plug revoke=storage memory-mb=8 timeout-ms=600000",
        );
        let again = office.spawn(narrow, "plug");
        assert!(!office.may_store(again));
        for wider in ["memory-mb=9", "timeout-ms=600001", "timeout-ms=0"] {
            let lines = office.order(again, &format!("spawn plug {wider} args obey"));
            assert!(
                matches!(&*lines, [line] if line.starts_with("spawn=error")),
                "{wider}: {lines:?}"
            );
        }
        let hungry = office.order(again, "spawn plug monitor args memory 9 then receive-down");
        let limit = format!(" {}", ExitReason::Limit(Limit::Memory));
        assert!(
            matches!(&*hungry, [_, down] if down.ends_with(&limit)),
            "{hungry:?}"
        );
        // It was the restriction, and nothing of the code's own.
        let free = office.spawn(office.boss, "plug");
        assert!(office.may_store(free));
    }
}

/// Code that brought code brings has no more than its bringer.
#[test]
fn brought_code_brings_no_more_than_it_has() {
    for path in BOTH_PATHS {
        let office = Office::open(path);
        office.load(office.boss, "plug");
        let narrow = office.spawn(office.boss, "plug revoke=storage");
        // The same name, of its own.
        assert_eq!(office.load(narrow, "plug"), "load=ok");
        assert_eq!(office.load(narrow, "plug").find("load=error"), Some(0));
        let grandchild = office.spawn(narrow, "plug");
        assert!(!office.may_store(grandchild));
        let unable = office.spawn(office.boss, "plug revoke=load");
        assert_eq!(office.load(unable, "agent"), "load=denied:load");
    }
}

/// Code lives on under its profile when whoever brought it has ended, and can be spawned by nobody any more.
#[test]
fn code_outlives_its_loader_and_spawns_nothing() {
    for path in BOTH_PATHS {
        let office = Office::open(path);
        office.load(office.boss, "plug");
        let plug = office.spawn(office.boss, "plug");
        let narrow = office.spawn(office.boss, "plug revoke=storage");
        office.scenario.runtime.node().kill(office.boss);
        office.scenario.recorder.wait_for_end(office.boss);
        assert!(office.may_store(plug) && !office.may_store(narrow));
        let lines = office.order(plug, "spawn plug args obey");
        assert!(
            matches!(&*lines, [line] if line.starts_with("spawn=error")),
            "{lines:?}"
        );
        // The one that was started in its place has brought nothing yet.
        let boss = office.scenario.recorder.wait_for_start("boss", 2);
        let lines = office.order(boss, "spawn plug args obey");
        assert!(
            matches!(&*lines, [line] if line.starts_with("spawn=error")),
            "{lines:?}"
        );
    }
}

/// A component that is started again has what the manifest says, whatever its predecessor gave up: nobody else's loss.
#[test]
fn a_restarted_component_has_its_declared_profile() {
    for path in BOTH_PATHS {
        let office = Office::open(path);
        office.order(office.boss, "drop storage");
        assert!(!office.may_store(office.boss));
        office.scenario.runtime.node().kill(office.boss);
        let boss = office.scenario.recorder.wait_for_start("boss", 2);
        assert!(office.may_store(boss));
    }
}

/// The name of a declared component cannot be taken by code that a process brings, and an embedder who decides by
/// component can tell the two kinds apart.
#[test]
fn brought_code_cannot_pass_for_a_component() {
    for path in BOTH_PATHS {
        let office = Office::with(path, Path::new("."), "", |builder| {
            builder.decide(Permission::Storage, |question| {
                assert_eq!(question.profile, "boss");
                match question.subject.is_loaded() {
                    true => Decision::deny("only for declared components"),
                    false => Decision::Allow,
                }
            })
        });
        assert!(office.load(office.boss, "boss").starts_with("load=error"));
        office.load(office.boss, "plug");
        let plug = office.spawn(office.boss, "plug");
        assert!(office.may_store(office.boss) && !office.may_store(plug));
        // A declared component that brought code spawns is itself again.
        let boss = office.spawn(plug, "boss");
        assert!(office.may_store(boss));
    }
}

/// Folders that a process has given up are closed for every call that begins at one.
#[test]
fn a_folder_that_was_given_up_is_closed() {
    for path in BOTH_PATHS {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        std::fs::create_dir(folder.path().join("inner")).expect("there is room");
        std::fs::write(folder.path().join("f"), "content").expect("there is room");
        let preopen = "preopen = [{ host = \".\", guest = \"/data\" }]\nenv = [\"PATH\"]";
        let office = Office::with(path, folder.path(), preopen, |builder| builder);
        let deeds = "read /data/f then list /data then write /data/g x then append /data/f x then make-dir /data/d then \
            remove-dir /data/inner then rename /data/f /data/h then hard-link /data/f /data/i then symlink f /data/j \
            then truncate /data/f then touch /data/f then remove /data/f";
        let lines = office.order(
            office.boss,
            "drop files then read /data/f then query files /data",
        );
        assert_eq!(lines.last().map(String::as_str), Some("query=ok:denied"));
        let lines = office.order(office.boss, deeds);
        assert!(!lines.iter().any(|line| line.contains("=ok")), "{lines:?}");
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .expect("it is there")
            .map(|entry| entry.expect("it is there").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["f", "inner"]);
        assert_eq!(
            std::fs::read(folder.path().join("f")).expect("it is there"),
            b"content"
        );
        // What has nothing to do with folders goes on.
        let lines = office.order(office.boss, "say here");
        assert_eq!(lines, ["say=ok:here"]);
    }
}
