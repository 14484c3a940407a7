//! The second wall around a real node, and `rusm doctor`. What the kernel refuses behind the wall is shown in
//! `crates/rusm-harden/tests/wall.rs`; here, that nodes stand behind it, that it hinders nothing, and that a machine
//! without it is told apart.

use crate::programs;
use crate::support::{Outcome, Place, signal};
use rusm_harden::{Layer, State};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command};

/// Runs something, and the programs it starts, without a system call, as on a kernel that does not have it.
fn without<T: Send>(call: libc::c_long, run: impl FnOnce() -> T + Send) -> T {
    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let rules = BTreeMap::from([(call, Vec::new())]);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, absent, arch).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    let bound = move || {
        // Where filters are forbidden already, so is what this one would forbid.
        let _forbidden = seccompiler::apply_filter(&program);
        run()
    };
    std::thread::scope(|scope| scope.spawn(bound).join().unwrap())
}

fn sleeping(place: &Place, harden: &str) -> Child {
    place.program("sleep.wasm", &programs::sleeps());
    let mut child = place
        .rusm(["run", "sleep.wasm", "--harden", harden])
        .start();
    let mut ready = String::new();
    let stdout = child.stdout.as_mut().unwrap();
    BufReader::new(stdout).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    child
}

/// `NoNewPrivs` and `Seccomp` of every thread, with its name. One that compiled or linked may end between the listing
/// and the look at it: it is no thread of a running node any more.
fn threads(child: &Child) -> Vec<(String, String)> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let state = |task: std::fs::DirEntry| {
        let text = match std::fs::read_to_string(task.path().join("status")) {
            Err(gone) if [Some(libc::ENOENT), Some(libc::ESRCH)].contains(&gone.raw_os_error()) => {
                return None;
            }
            read => read.unwrap(),
        };
        let figure = |key: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(key));
            found.unwrap_or_default().trim().to_owned()
        };
        let state = format!("{} {}", figure("NoNewPrivs:"), figure("Seccomp:"));
        Some((figure("Name:"), state))
    };
    tasks.filter_map(|task| state(task.unwrap())).collect()
}

/// Scheduler, ticker, signals, input and output: none of a running node's threads was forgotten.
#[test]
fn every_thread_of_a_node_is_behind_the_wall() {
    let place = Place::new();
    let calls = rusm_harden::probe().state(Layer::Calls).clone();
    if let State::Missing(why) = calls {
        eprintln!("this machine cannot show it: {why}");
        let refused = place.rusm(["run", "sleep.wasm", "--harden", "require"]);
        place.program("sleep.wasm", &programs::sleeps());
        refused.finish().ends_with(4).says(&["system calls"]);
        return;
    }
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    let is_free = own
        .lines()
        .any(|line| line.split_whitespace().eq(["Seccomp:", "0"]));
    for (harden, expected) in [("auto", "1 2"), ("off", "0 0")] {
        let child = sleeping(&place, harden);
        let threads = threads(&child);
        signal(&child, "TERM");
        Outcome::of(child).ends_with(143);
        assert!(threads.len() > 4, "{threads:?}");
        assert!(
            threads.iter().any(|(name, _)| name == "rusm-signals"),
            "{threads:?}"
        );
        // A container has filters of its own, which cannot be switched off.
        if harden == "auto" || is_free {
            let others = threads.iter().filter(|(_, state)| state != expected);
            assert_eq!(others.count(), 0, "{harden}: {threads:?}");
        }
    }
}

/// A folder to read, one to write, the network of this machine, compiled code that is kept: all of it works behind the
/// whole wall, or the start says what is missing.
#[test]
fn what_is_granted_works_behind_the_whole_wall() {
    let place = Place::new();
    place.program("create.wasm", &programs::creates("made"));
    std::fs::create_dir(place.path("data")).unwrap();
    let run = |dir: &str| {
        place
            .rusm([
                "run",
                "create.wasm",
                "--harden",
                "require",
                "--dir",
                dir,
                "--allow-net",
            ])
            .finish()
    };
    let probed = rusm_harden::probe();
    if !probed.is_whole() {
        eprintln!("this machine cannot show it: the wall {probed}");
        run("data").ends_with(4).says(&["harden", "rusm doctor"]);
        return;
    }
    run("data").ends_with(0);
    assert!(place.path("data/made").is_file());
    // The second run takes its code from the cache. 69: EROFS or its kin, from the first wall.
    assert_ne!(run("data::/data::ro").code, Some(0));
    let entries = std::fs::read_dir(place.path("cache/rusm")).unwrap();
    assert_ne!(entries.count(), 0);
}

/// The store is made, written to and opened again behind the whole wall, though nothing else beside it is open.
#[test]
fn a_store_works_behind_the_whole_wall() {
    let place = Place::new();
    place.program("count.wasm", &programs::counts());
    place.write(
        "rusm.toml",
        r#"
        [app]
        name = "test"
        [node]
        harden = "require"
        store = "data/app.redb"
        [components.count]
        wasm = "count.wasm"
        restart = "temporary"
        capability = "counter"
        [capabilities.counter]
        allow-storage = { read = ["counts"], write = ["counts"] }
        "#,
    );
    let probed = rusm_harden::probe();
    if !probed.is_whole() {
        eprintln!("this machine cannot show it: the wall {probed}");
        place.rusm(["run"]).finish().ends_with(4).says(&["harden"]);
        return;
    }
    place.rusm(["run", "--check-only"]).finish().ends_with(0);
    assert!(!place.path("data").exists(), "a check makes nothing");
    for round in ["> | 1", "> | 2", "> | 3"] {
        place.rusm(["run"]).finish().ends_with(0).says(&[round]);
    }
    let beside = std::fs::read_dir(place.path("data")).unwrap();
    assert_eq!(beside.count(), 1, "the store is one file");
}

/// Without Landlock, or where filters are forbidden, a node starts and says what it lacks; one that requires it does not.
#[test]
fn a_machine_without_the_wall_is_told_apart() {
    for (call, lacks) in [
        (libc::SYS_landlock_create_ruleset, "files"),
        (libc::SYS_seccomp, "system calls: "),
    ] {
        let place = Place::new();
        place.program("x.wasm", &programs::prints(1, "hello"));
        let manifest = |harden: &str| {
            let text = format!(
                "[app]\nname = \"test\"\n[node]\nharden = \"{harden}\"\n[components.x]\nwasm = \"x.wasm\"\nrestart = \"temporary\"\n"
            );
            place.write("rusm.toml", text);
        };
        let run = |words: &[&str]| {
            let run = place.rusm(words);
            without(call, || run.finish())
        };
        manifest("auto");
        run(&["run"])
            .ends_with(0)
            .says(&["INFO the node's own confinement", lacks, "> | hello"]);
        assert_eq!(run(&["run", "x.wasm"]).ends_with(0).stdout(), "hello");
        manifest("require");
        let refused = run(&["run"]).ends_with(4);
        assert!(!refused.stderr.contains("hello"), "{}", refused.stderr);
        refused.says(&[
            "cannot start: the node's own confinement was required",
            lacks,
            "rusm doctor",
        ]);
        run(&["run", "x.wasm", "--harden", "require"])
            .ends_with(4)
            .says(&[lacks]);
        // What is typed comes before what is declared.
        let off = run(&["run", "--harden", "off"]).ends_with(0);
        assert!(!off.stderr.contains("confinement"), "{}", off.stderr);
    }
}

/// A folder that is not there when the node starts is told, as it stays closed.
#[test]
fn a_folder_that_is_missing_at_the_start_is_told() {
    let place = Place::new();
    place.program("x.wasm", &programs::exits(0));
    let outcome = place
        .rusm(["run", "x.wasm", "--dir", "gone::/data", "-v"])
        .finish();
    outcome
        .ends_with(4)
        .says(&["gone stays closed until the node is started again: it does not exist"]);
}

fn doctor(place: &Place) -> Value {
    let outcome = place.rusm(["doctor", "--json"]).finish();
    let report: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let is_fit = report.get("ok").and_then(Value::as_bool).unwrap();
    assert_eq!(outcome.code == Some(0), is_fit, "{report}");
    report
}

/// What one line of the doctor's says.
fn line<'r>(report: &'r Value, name: &str) -> &'r Value {
    let lines = report["checks"].as_array().unwrap();
    lines
        .iter()
        .find(|line| line.get("name").is_some_and(|found| found == name))
        .unwrap()
}

/// Every line says what was found and what it means, and what is not well says what would help.
#[test]
fn the_doctor_says_what_this_machine_can_hold() {
    let place = Place::new();
    let report = doctor(&place);
    for line in report["checks"].as_array().unwrap() {
        assert!(
            ["ok", "partly", "no"].contains(&line["state"].as_str().unwrap()),
            "{line}"
        );
        assert!(
            !line["found"].as_str().unwrap().is_empty()
                && !line["means"].as_str().unwrap().is_empty()
        );
        assert_eq!(line["state"] == "ok", line["help"].is_null(), "{line}");
    }
    let probed = rusm_harden::probe();
    let expected = if *probed.state(Layer::Files) == State::Held {
        "ok"
    } else {
        "no"
    };
    assert_eq!(line(&report, "second wall, files")["state"], expected);
    for places in ["guarded places", "dense places"] {
        let found = line(&report, places)["found"].as_str().unwrap();
        assert!(found.contains("processes"), "{found}");
    }
    let text = place.rusm(["doctor"]).finish();
    assert_eq!(text.code == Some(0), report["ok"] == true);
    assert!(text.stdout().contains("second wall, system calls:") && text.stderr.is_empty());
}

/// What a machine lacks of the wall is found by trying it, and fails nothing; too few descriptors do.
#[test]
fn the_doctor_finds_what_is_missing() {
    let place = Place::new();
    let report = without(libc::SYS_landlock_create_ruleset, || doctor(&place));
    let files = line(&report, "second wall, files");
    assert_eq!(files["state"], "no");
    assert!(
        files["found"].as_str().unwrap().contains("Landlock"),
        "{files}"
    );
    assert_eq!(
        line(&report, "open files")["state"] == "no",
        report["ok"] == false
    );
    let report = without(libc::SYS_seccomp, || doctor(&place));
    assert_eq!(line(&report, "second wall, system calls")["state"], "no");

    let few = Command::new("sh")
        .args([
            "-c",
            "ulimit -n 50 && exec \"$0\" doctor --json",
            env!("CARGO_BIN_EXE_rusm"),
        ])
        .env("XDG_CACHE_HOME", place.path("cache"))
        .output()
        .unwrap();
    assert_eq!(few.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&few.stdout).unwrap();
    assert_eq!(line(&report, "open files")["state"], "no");
}
