//! Folders: what is granted, how, and nothing around it.

use crate::app::{boot_in, component};
use crate::support::{BOTH_PATHS, GuestPath, Scenario};
use rusm_core::RuntimeEvent;
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

/// `data` is granted, with a file and links that lead out of it; `secret` lies beside it.
fn house() -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let data = folder.path().join("data");
    let set_up = || {
        std::fs::create_dir(&data)?;
        std::fs::write(data.join("file"), "content")?;
        std::fs::write(folder.path().join("secret"), "hidden")?;
        symlink("../secret", data.join("up"))?;
        symlink(folder.path().join("secret"), data.join("across"))?;
        symlink("..", data.join("out"))
    };
    set_up().expect("the folder can be filled");
    folder
}

/// What is in a folder and below, with contents; links are not followed.
fn contents(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        let name = path.display().to_string();
        if path.is_symlink() {
            let target = std::fs::read_link(&path).expect("it is a link");
            found.insert(name, target.display().to_string());
        } else if path.is_dir() {
            found.insert(name, String::new());
            found.extend(contents(&path));
        } else {
            found.insert(
                name,
                std::fs::read_to_string(&path).expect("it can be read"),
            );
        }
    }
    found
}

/// Runs each step as a guest that has `data`, and answers what came of it.
#[track_caller]
fn try_each(path: GuestPath, house: &Path, keys: &str, steps: &[&str]) -> Vec<(String, String)> {
    let manifest = [
        component(
            "guest",
            "capability = \"files\"\nrestart = \"temporary\"",
            &steps.join(" then "),
        ),
        format!("[capabilities.files]\npreopen = [{{ host = \"data\", guest = \"/data\"{keys} }}]"),
    ];
    let scenario = Scenario::new();
    let app = boot_in(&scenario, path, &manifest.join("\n"), house);
    app.wait();
    let lines = scenario.recorder.lines("guest");
    assert_eq!(
        lines.len(),
        steps.len(),
        "{:?} after {lines:#?}",
        scenario.recorder.wait_for_exit("guest").reason
    );
    let answers = lines
        .iter()
        .map(|line| line.split_once('=').expect("it is a report").1.to_owned());
    let is_denied = |event: &RuntimeEvent| matches!(event, RuntimeEvent::Denied(_));
    let audited = scenario
        .recorder
        .events()
        .iter()
        .filter(|it| is_denied(it))
        .count();
    let refused = answers
        .clone()
        .filter(|answer| answer.starts_with("denied:"))
        .count();
    assert_eq!(audited, refused, "{steps:?}");
    steps
        .iter()
        .map(|step| (*step).to_owned())
        .zip(answers)
        .collect()
}

const WRITES: [&str; 10] = [
    "write /data/file other",
    "write /data/new text",
    "append /data/file more",
    "remove /data/file",
    "rename /data/file /data/moved",
    "make-dir /data/folder",
    "symlink file /data/link",
    "truncate /data/file",
    "touch /data/file",
    "hard-link /data/file /data/second",
];

#[test]
fn a_read_only_folder_takes_no_kind_of_write() {
    for path in BOTH_PATHS {
        let house = house();
        let before = contents(house.path());
        for (step, answer) in try_each(path, house.path(), ", read-only = true", &WRITES) {
            assert!(answer.starts_with("denied:"), "{path:?}: {step}: {answer}");
        }
        assert_eq!(contents(house.path()), before);
        let reads = try_each(
            path,
            house.path(),
            ", read-only = true",
            &["read /data/file", "list /data"],
        );
        let answers: Vec<_> = reads.iter().map(|(_, answer)| &**answer).collect();
        assert_eq!(answers, ["ok:content", "ok:across file out up"]);
    }
}

/// The counterpart: each of these writes works where it is granted, so the refusals above are refusals.
#[test]
fn a_writable_folder_takes_every_kind_of_write() {
    for path in BOTH_PATHS {
        for write in WRITES {
            let house = house();
            let (step, answer) = try_each(path, house.path(), "", &[write]).remove(0);
            assert!(answer.starts_with("ok"), "{path:?}: {step}: {answer}");
        }
    }
}

/// Neither by dots nor by absolute paths nor by links, whether the folder is writable or not.
#[test]
fn no_path_leads_out_of_a_folder() {
    let outside = "/etc/hostname";
    let steps = [
        "read /data/../secret",
        "read ../secret",
        "read /secret",
        "read /data/up",
        "read /data/across",
        "read /data/out/secret",
        "list /data/out",
        "list /",
        "list /data/..",
        "write /data/up changed",
        "write /data/across changed",
        "write /data/out/new text",
        "write /data/../new text",
        "append /data/up changed",
        "remove /data/../secret",
        "remove /data/out/secret",
        "rename /data/file /data/../moved",
        "rename /data/../secret /data/taken",
        "make-dir /data/../folder",
    ];
    for (path, keys) in BOTH_PATHS
        .into_iter()
        .flat_map(|path| [(path, ""), (path, ", read-only = true")])
    {
        let house = house();
        let before = contents(house.path());
        let secret = format!("read {}", house.path().join("secret").display());
        let absolute = format!("read {outside}");
        let steps: Vec<&str> = steps
            .iter()
            .copied()
            .chain([&*secret, &*absolute])
            .collect();
        for (step, answer) in try_each(path, house.path(), keys, &steps) {
            assert!(
                !answer.starts_with("ok"),
                "{path:?}{keys}: {step}: {answer}"
            );
        }
        assert_eq!(contents(house.path()), before);
    }
}

/// A guest that may write can make links, but not follow them out.
#[test]
fn a_link_that_the_guest_makes_leads_nowhere_else() {
    let steps = [
        "symlink ../secret /data/mine",
        "read /data/mine",
        "write /data/mine changed",
        "symlink .. /data/above",
        "list /data/above",
        "read /data/above/secret",
        "symlink /etc /data/etc",
        "list /data/etc",
    ];
    for path in BOTH_PATHS {
        let house = house();
        for (step, answer) in try_each(path, house.path(), "", &steps) {
            assert!(
                step.starts_with("symlink ..") || !answer.starts_with("ok"),
                "{path:?}: {step}: {answer}"
            );
        }
        let secret = std::fs::read_to_string(house.path().join("secret"));
        assert_eq!(secret.expect("it is there"), "hidden");
    }
}
