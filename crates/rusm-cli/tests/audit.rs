//! `rusm run` with an audit log, and `rusm audit` over what it leaves.

use crate::programs;
use crate::sample::{figure, sample};
use crate::support::{Outcome, Place, signal};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A place whose folders only their owner may write to, whatever the machine's umask.
fn place(manifest: &str) -> Place {
    let place = Place::new();
    place.write("rusm.toml", manifest);
    place
}

/// One file a day; there may be two of them at midnight.
fn files(place: &Place) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(place.path("data/audit"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .collect();
    files.sort();
    files
}

fn records(outcome: &Outcome) -> Vec<Value> {
    outcome
        .stdout()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text<'r>(record: &'r Value, field: &str) -> &'r str {
    record[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field} is missing in {record}"))
}

fn verify(place: &Place) -> Outcome {
    place.rusm(["audit", "verify"]).finish()
}

/// Asks for what it was not granted, and says so in words that would forge a line.
const GREEDY: &str = r#"(module
    (import "rusm" "register" (func $register (param i32 i32) (result i32)))
    (import "rusm" "spawn" (func $spawn (param i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "a\22}\0a{\22seq\22:1\1b[2J\e2\80\ae")
    (func (export "_start")
        (drop (call $spawn (i32.const 0) (i32.const 20) (i32.const 0) (i32.const 0) (i32.const 1024) (i32.const 64)))))"#;

const APP: &str = r#"
    [app]
    name = "greedy"
    [node]
    audit = "data/audit"
    [components.greedy]
    wasm = "greedy.wasm"
    capability = "little"
    restart = "temporary"
    [capabilities.little]
    env = ["SECRET"]
    allow-send = ["nobody"]
"#;

fn ran(times: usize) -> Place {
    let place = place(APP);
    place.program("greedy.wasm", GREEDY);
    for _ in 0..times {
        place
            .rusm(["run"])
            .env("SECRET", "hunter2")
            .finish()
            .ends_with(0);
    }
    place
}

/// What was granted, started, refused and ended is there, with its profile and its rule; values are not.
#[test]
fn a_run_leaves_its_records() {
    let place = ran(1);
    let all = place.rusm(["audit", "--json"]).finish().ends_with(0);
    let all = records(&all);
    let kind = |kind: &str| -> Vec<&Value> {
        all.iter()
            .filter(|record| text(record, "kind") == kind)
            .collect()
    };
    assert_eq!(text(&all[0], "kind"), "open");
    assert_eq!(text(kind("start")[0], "app"), "greedy");
    assert_eq!(text(all.last().unwrap(), "kind"), "stop");
    assert_eq!(text(all.last().unwrap(), "reason"), "finished");
    let grants = serde_json::json!(["allow-send = [\"nobody\"]", "env = [\"SECRET\"]"]);
    let granted = kind("grant");
    assert_eq!(granted.len(), 1, "{granted:?}");
    assert_eq!(
        (text(granted[0], "profile"), &granted[0]["grants"]),
        ("little", &grants)
    );
    let spawned: Vec<_> = kind("spawn")
        .into_iter()
        .filter(|record| record["component"] == "greedy")
        .collect();
    assert_eq!(spawned.len(), 1);
    assert_eq!(
        (text(spawned[0], "profile"), &spawned[0]["grants"]),
        ("little", &grants)
    );
    let pid = text(spawned[0], "pid");
    let denied = kind("denial");
    assert_eq!(denied.len(), 1, "{all:?}");
    assert_eq!(
        (text(denied[0], "permission"), text(denied[0], "pid")),
        ("spawn", pid)
    );
    assert_eq!(
        text(denied[0], "rule"),
        "profile 'little' allows no spawning"
    );
    let ended = kind("exit")
        .into_iter()
        .find(|record| record["pid"] == pid)
        .unwrap();
    assert_eq!(text(ended, "reason"), "normal");
    let raw: String = files(&place)
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    assert!(!raw.contains("hunter2"));
    assert!(
        raw.bytes()
            .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte))
    );
    assert_eq!(
        raw.matches("\"seq\":1,").count(),
        1,
        "a guest forged a record: {raw}"
    );
    verify(&place).ends_with(0);
}

/// Folder and files are for their owner alone.
#[test]
fn the_log_is_private() {
    let place = ran(1);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.path("data/audit")), 0o700);
    assert_eq!(mode(&files(&place)[0]), 0o600);
}

/// The words of a filter, and what people see.
#[test]
fn the_log_is_shown_as_asked() {
    let place = ran(1);
    let lines = |args: &[&str]| {
        let outcome = place
            .rusm([&["audit"], args].concat())
            .finish()
            .ends_with(0);
        outcome
            .stdout()
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let denials = lines(&["--kind", "denial"]);
    assert_eq!(denials.len(), 1);
    assert!(
        denials[0].contains("denial   greedy (pid ") && denials[0].contains("may not spawn"),
        "{denials:?}"
    );
    assert_eq!(lines(&["--permission", "spawn"]), denials);
    assert_eq!(
        lines(&["--component", "greedy", "--kind", "denial", "-n", "5"]),
        denials
    );
    assert_eq!(lines(&["-n", "1"]).len(), 1);
    assert_eq!(
        lines(&["-n", "1", "data/audit"]),
        lines(&["-n", "1", "rusm.toml"])
    );
    assert_eq!(lines(&["--since", "2020-01-01"]), lines(&[]));
    assert!(lines(&["--until", "2020-01-01"]).is_empty());
    assert!(lines(&["--since", "1d"]).len() > 5);
    let all = lines(&[]).join("\n");
    assert!(
        !all.chars().any(|c| c != '\n' && rusm_caps::is_steering(c)),
        "{all}"
    );
}

/// A wrong word is named, with the nearest right one.
#[test]
fn wrong_words_are_named() {
    let place = ran(1);
    let fails = |args: &[&str], words: &[&str]| {
        place
            .rusm([&["audit"], args].concat())
            .finish()
            .ends_with(2)
            .says(words);
    };
    fails(&["verfy"], &["did you mean `rusm audit verify`?"]);
    fails(&["--kind", "denail"], &["denial"]);
    fails(&["--permission", "netwrok"], &["network"]);
    fails(&["--since", "yesterday"], &["2026-11-21", "2h"]);
    fails(&["--pid", "12"], &["three numbers"]);
    fails(&["verify", "--holds", "12"], &["SHA-256"]);
    fails(&["data"], &["neither an audit log nor a rusm.toml"]);
    place
        .rusm(["audit", "--component", "gredy"])
        .finish()
        .ends_with(0)
        .says(&["did you mean --component greedy?"]);
    place.write("rusm.toml", "[app]\nname = \"x\"\n");
    fails(&[], &["asks for no audit log", "[node]"]);
    place.write(
        "rusm.toml",
        "[app]\nname = \"x\"\n[node]\naudit = \"other\"\n",
    );
    place
        .rusm(["audit"])
        .finish()
        .ends_with(1)
        .says(&["no audit log in", "other"]);
}

/// Changed in any way the log fails the verification, with the place; noted records stay.
#[test]
fn a_changed_log_is_found() {
    let place = ran(2);
    let said = verify(&place).ends_with(0);
    let anchor = said
        .stdout()
        .lines()
        .find_map(|line| line.strip_prefix("last record "))
        .unwrap()
        .to_owned();
    let verdict = place
        .rusm(["audit", "verify", "--json", "--holds", &anchor])
        .finish()
        .ends_with(0);
    assert_eq!(records(&verdict)[0]["last"], Value::from(anchor.as_str()));
    let file = files(&place)[0].clone();
    let was = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = was.split_inclusive('\n').collect();
    let name = file.file_name().unwrap().to_str().unwrap();
    let denial = 1 + lines
        .iter()
        .position(|line| line.contains("denial"))
        .unwrap();
    let changes = [
        (was.replacen("denial", "denies", 1), denial..denial + 2),
        ([lines[..3].concat(), lines[4..].concat()].concat(), 4..5),
        ([lines[..3].concat(), lines[2..].concat()].concat(), 4..5),
        (
            [
                lines[..2].concat(),
                lines[3].to_owned(),
                lines[2].to_owned(),
                lines[4..].concat(),
            ]
            .concat(),
            3..4,
        ),
    ];
    for (changed, at) in changes {
        assert_ne!(changed, was);
        std::fs::write(&file, changed).unwrap();
        let told = verify(&place).ends_with(1).stderr;
        assert!(
            at.clone()
                .any(|line| told.contains(&format!("{name}:{line}:"))),
            "{told}"
        );
        let verdict = place
            .rusm(["audit", "verify", "--json"])
            .finish()
            .ends_with(1);
        assert_eq!(records(&verdict)[0]["ok"], Value::Bool(false));
    }
    std::fs::write(&file, lines[..lines.len() - 1].concat()).unwrap();
    verify(&place).ends_with(1).says(&["its end is cut off"]);
    std::fs::write(&file, &was).unwrap();
    // The next node goes on and says so; a whole new log does not hold the record that was noted.
    std::fs::write(&file, lines[..lines.len() - 1].concat()).unwrap();
    place
        .rusm(["run"])
        .env("SECRET", "x")
        .finish()
        .ends_with(0)
        .says(&["not as it was left", "rusm audit verify"]);
    verify(&place).ends_with(1);
    std::fs::remove_dir_all(place.path("data/audit")).unwrap();
    place.rusm(["run"]).env("SECRET", "x").finish().ends_with(0);
    verify(&place).ends_with(0);
    place
        .rusm(["audit", "verify", "--holds", &anchor])
        .finish()
        .ends_with(1);
}

const LASTING: &str = r#"
    [app]
    name = "lasting"
    [node]
    audit = "data/audit"
    [components.waits]
    wasm = "waits.wasm"
    restart = "permanent"
"#;

/// Kills a node in the middle of its life: its log is readable, and the next node goes on in the same chain. A
/// second node beside it is refused.
#[test]
fn a_killed_node_leaves_a_log_that_goes_on() {
    let place = place(LASTING);
    place.program("waits.wasm", &programs::sleeps());
    for round in 0..3 {
        let mut child = place.rusm(["-vv", "run"]).start();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let has_started = log.any(|line| line.unwrap().contains("all children are started"));
        assert!(has_started);
        if round == 0 {
            let second = place.rusm(["run"]).finish().ends_with(4);
            second.says(&[
                "cannot start app 'lasting'",
                "another node writes its audit log",
                "help:",
            ]);
        }
        signal(&child, "KILL");
        child.wait().unwrap();
        let said = verify(&place).ends_with(0);
        assert!(
            said.stdout().contains("it was not closed"),
            "{}",
            said.stdout()
        );
    }
    let starts = place
        .rusm(["audit", "--json", "--kind", "start"])
        .finish()
        .ends_with(0);
    assert_eq!(records(&starts).len(), 3);
}

/// Is refused fifty thousand times.
const HAMMERS: &str = r#"(module
    (import "rusm" "spawn" (func $spawn (param i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "worker")
    (func (export "_start") (local $left i32)
        (local.set $left (i32.const 50000))
        (loop $again
            (drop (call $spawn (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 1024) (i32.const 64)))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#;

/// A guest that asks over and over fills neither the disk nor the log of the others, and every denial is told.
#[test]
fn a_flood_of_denials_stays_small() {
    let place = place(APP);
    place.program("greedy.wasm", HAMMERS);
    place.rusm(["run"]).finish().ends_with(0);
    let denials = place
        .rusm(["audit", "--json", "--kind", "denial", "--kind", "more"])
        .finish()
        .ends_with(0);
    let denials = records(&denials);
    let counted: u64 = denials
        .iter()
        .filter_map(|record| record["count"].as_u64())
        .sum();
    let written = denials
        .iter()
        .filter(|record| text(record, "kind") == "denial")
        .count();
    assert_eq!(u64::try_from(written).unwrap() + counted, 50_000);
    let n_bytes: u64 = files(&place)
        .iter()
        .map(|file| std::fs::metadata(file).unwrap().len())
        .sum();
    assert!(n_bytes < 1 << 20, "{n_bytes} bytes");
    verify(&place).ends_with(0);
}

/// The sample app: each crash of a parser, each refusal of the greedy guest, and a chain that holds.
#[test]
fn the_sample_app_is_written_down() {
    let place = sample();
    let run = place.rusm(["run"]).finish().ends_with(0);
    let all = records(&place.rusm(["audit", "--json"]).finish().ends_with(0));
    let count = |kind: &str, component: &str| {
        let is = |record: &&Value| record["kind"] == kind && record["component"] == component;
        u64::try_from(all.iter().filter(is).count()).unwrap()
    };
    let crashes = figure(run.stdout(), "crashes survived ");
    assert_eq!(count("spawn", "parser"), crashes + 4);
    assert_eq!(count("exit", "parser"), crashes + 4);
    assert_eq!(count("denial", "greedy"), 2);
    assert_eq!(count("more", "parser"), 0);
    verify(&place).ends_with(0);
}

/// A node that cannot keep the log it is asked for does not start, and says why.
#[test]
fn an_unsafe_folder_refuses_the_start() {
    let place = place(APP);
    place.program("greedy.wasm", GREEDY);
    let folder = place.path("data/audit");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    place.rusm(["run"]).finish().ends_with(4).says(&[
        "cannot start app 'greedy'",
        "written to by other users",
        "chmod 700",
    ]);
    std::fs::remove_dir(&folder).unwrap();
    std::fs::write(&folder, "a file").unwrap();
    place
        .rusm(["run"])
        .finish()
        .ends_with(4)
        .says(&["cannot start app 'greedy'", "data/audit"]);
    std::fs::remove_file(&folder).unwrap();
    // To check is to start nothing.
    place.rusm(["run", "--check-only"]).finish().ends_with(0);
    assert!(!folder.exists());
}
