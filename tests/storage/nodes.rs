//! A node and the file of its store: made at the first start, whole at the next, one node's at a time, and no guest's.

use crate::app::{component, plan};
use crate::support::{BOTH_PATHS, GuestPath, Scenario};
use rusm_core::{App, AppEnd, BootError, ExitReason};
use std::path::Path;
use tempfile::TempDir;

/// An app of one guest that runs this script over a store, and whatever else `keys` says.
fn manifest(node: &str, profile: &str, script: &str) -> String {
    let guest = component(
        "keeper",
        "restart = \"temporary\"\ncapability = \"keeper\"",
        script,
    );
    format!("[node]\n{node}\n{guest}\n[capabilities.keeper]\nallow-storage = true\n{profile}\n")
}

const STORE: &str = "store = \"data/app.redb\"";

fn house() -> TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

/// Starts an app in this folder as `rusm run` does.
fn start(path: GuestPath, folder: &Path, manifest: &str) -> (Scenario, Result<App, BootError>) {
    let plan = plan(path, manifest, folder);
    let file = folder.join("rusm.toml");
    let scenario = Scenario::with(|builder| builder.manifest(&plan.manifest, &file));
    let app = scenario.runtime.boot(&plan);
    (scenario, app)
}

/// What the guest of an app reports that runs to its end.
#[track_caller]
fn run(path: GuestPath, folder: &Path, script: &str) -> Vec<String> {
    let (scenario, app) = start(path, folder, &manifest(STORE, "", script));
    let end = app.expect("the app starts").wait();
    assert!(matches!(end, AppEnd::Finished), "{end:?}");
    scenario.recorder.lines("keeper")
}

#[track_caller]
fn refused(path: GuestPath, folder: &Path, manifest: &str) -> String {
    let (scenario, app) = start(path, folder, manifest);
    let error = app.expect_err("the app does not start").to_string();
    assert_eq!(scenario.recorder.lines("keeper"), [""; 0], "{error}");
    error
}

/// What was acknowledged is there at the next start, whichever path asks.
#[test]
fn data_survive_a_restart_of_the_node() {
    let house = house();
    let mut expected = Vec::new();
    for (round, path) in [0, 1, 0].into_iter().enumerate() {
        let script = format!("kv-list b then kv-put b {round} of-round-{round}");
        let lines = run(BOTH_PATHS[path], house.path(), &script);
        let listed = expected.join(" ");
        let list = format!("kv-list=ok:{listed}");
        assert_eq!(lines, [list.trim_end_matches(':'), "kv-put=ok"]);
        expected.push(format!("{round}=of-round-{round}"));
    }
}

/// The first start makes the folder and the file, for their owner alone.
#[cfg(unix)]
#[test]
fn a_new_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let house = house();
    run(GuestPath::Core, house.path(), "kv-put b k v");
    let mode = |path: &str| {
        let metadata = std::fs::metadata(house.path().join(path)).expect("it is there");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode("data"), mode("data/app.redb")), (0o700, 0o600));
}

/// The second node on a file is told so and does not start; once the first is down, it does.
#[test]
fn a_store_is_one_nodes_at_a_time() {
    let house = house();
    let path = GuestPath::Core;
    let waits = manifest(STORE, "", "kv-put b k v then forget");
    let (first, app) = start(path, house.path(), &waits);
    let _app = app.expect("the app starts");
    first.recorder.wait_for_line("keeper", "kv-put=ok");
    let error = refused(path, house.path(), &manifest(STORE, "", "kv-get b k"));
    assert!(
        error.contains("app.redb") && error.contains("in use by another node"),
        "{error}"
    );
    first.runtime.shutdown();
    assert_eq!(run(path, house.path(), "kv-get b k"), ["kv-get=ok:v"]);
}

/// A file of another kind, and a place where there can be no file: nothing starts, the reason is told, and what is
/// there stays as it is.
#[test]
fn what_is_no_store_stops_the_start() {
    let house = house();
    let file = house.path().join("notes.txt");
    std::fs::write(&file, "not to be lost").expect("the folder is writable");
    std::fs::write(house.path().join("empty.redb"), "").expect("the folder is writable");
    for (store, reason) in [
        ("notes.txt", "is not a rusm store"),
        ("notes.txt/app.redb", "cannot make the folder"),
        (".", "it is a directory"),
        ("empty.redb", "it is empty"),
    ] {
        let path = house.path().join(store);
        let node = format!("store = {:?}", path.display().to_string());
        let error = refused(
            GuestPath::Core,
            house.path(),
            &manifest(&node, "", "kv-get b k"),
        );
        assert!(error.contains(reason), "{store}: {error}");
    }
    let kept = std::fs::read_to_string(&file).expect("it is there");
    assert_eq!(kept, "not to be lost");
}

/// Without `store` under `[node]` every operation that is granted is told that there is none.
#[test]
fn a_node_without_a_store_says_so() {
    for path in BOTH_PATHS {
        let house = house();
        let script =
            "kv-get b k then kv-put b k v then kv-delete b k then kv-list b then kv-transact b
            then kv-increment b n 1";
        let (scenario, app) = start(path, house.path(), &manifest("", "", script));
        app.expect("the app starts").wait();
        let lines = scenario.recorder.lines("keeper");
        assert_eq!(lines.len(), 6, "{lines:#?}");
        for line in lines {
            assert!(
                line.ends_with("=error:the node has no store: set store under [node]"),
                "{path:?}: {line}"
            );
        }
    }
}

/// No guest is given a folder in which it could read or write the file, and the one that asks does not start.
#[test]
fn a_guests_folder_does_not_hold_the_store() {
    for path in BOTH_PATHS {
        let house = house();
        std::fs::create_dir_all(house.path().join("data/inner")).expect("the folder is writable");
        for (host, read_only) in [
            ("data", false),
            ("data/inner", false),
            ("data/inner", true),
            (".", true),
        ] {
            let folder = format!(
                "preopen = [{{ host = {host:?}, guest = \"/data\", read-only = {read_only} }}]"
            );
            let node = "store = \"data/inner/app.redb\"";
            let manifest = manifest(node, &folder, "write /data/app.redb ruined");
            let (scenario, app) = start(path, house.path(), &manifest);
            app.expect("the app starts").wait();
            let exit = scenario.recorder.wait_for_exit("keeper");
            let ExitReason::NotStarted(reason) = &exit.reason else {
                panic!("{path:?} {host}: {exit:?}");
            };
            assert!(reason.contains("the store"), "{reason}");
        }
    }
}

/// The manifest's bound on the file is the store's: a write that does not fit is refused with its own error and not
/// in part, what is there can be read, and room that was made can be used.
#[test]
fn a_full_store_refuses_writes_and_is_read() {
    for path in BOTH_PATHS {
        let house = house();
        let script = "kv-put b small v then kv-put b large bytes:8000000 then kv-get b large then kv-get b small
            then kv-delete b small then kv-list b then kv-put b again v";
        let node = format!("{STORE}\nstore-max-mb = 4");
        let (scenario, app) = start(path, house.path(), &manifest(&node, "", script));
        app.expect("the app starts").wait();
        let lines = scenario.recorder.lines("keeper");
        let [small, large, rest @ ..] = lines.as_slice() else {
            panic!("{lines:#?}");
        };
        assert_eq!(small, "kv-put=ok", "{path:?}");
        assert!(
            large.starts_with("kv-put=error:")
                && large.contains("full")
                && large.contains("4194304"),
            "{large}"
        );
        let expected = [
            "kv-get=ok:none",
            "kv-get=ok:v",
            "kv-delete=ok:true",
            "kv-list=ok",
            "kv-put=ok",
        ];
        assert_eq!(rest, expected, "{path:?}");
    }
}
