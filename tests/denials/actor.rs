//! The actor interface under a profile without grants, from a compiled guest and through both paths.

use crate::app::{probe, scripted};
use crate::support::{BOTH_PATHS, GuestPath, guest};
use crate::trial::{Court, Outcome, assert_sentence, nothing};
use rusm_abi::{Gate, IMPORTS};
use rusm_core::{ExitReason, Pid, ProcessHandle};
use std::collections::BTreeMap;

/// Imports behind a grant that `probe` does not try, because of what they would do where they are allowed.
const OWN_STEPS: [&str; 2] = ["kill", "broadcast"];

/// What `probe` tries with WASI and nobody gets without a grant.
const OUTSIDE: &[&str] = &[
    "file-read",
    "file-write",
    "file-remove",
    "file-rename",
    "dir-make",
    "dir-list",
    "symlink",
    "tcp-connect",
    "tcp-connect-metadata",
    "tcp-connect-v6",
    "tcp-listen",
    "udp-bind",
    "udp-send",
    "resolve",
];

/// A process that is nobody's relative, in the group `strangers`.
fn stranger(court: &Court, path: GuestPath) -> ProcessHandle {
    let program = probe(&court.scenario, path);
    let spawn = scripted("stranger", &program, "join strangers then forget");
    let stranger = court
        .scenario
        .runtime
        .spawn(spawn)
        .expect("there is room for it");
    court.scenario.recorder.wait_for_line("stranger", "join=ok");
    stranger
}

/// Runs the probe without any grant.
fn run(court: &Court, path: GuestPath, component: &str, script: &str) -> Outcome {
    court.run_as(
        nothing(),
        component,
        &guest("actor_probe", path),
        script.split(' '),
    )
}

fn number(pid: Pid) -> u64 {
    pid.as_u64()
}

/// Every import behind a grant answers `denied`, with the permission that is lacking; the audit says who was
/// refused what; the guest goes on.
#[test]
fn every_import_behind_a_grant_is_denied_by_default() {
    for path in BOTH_PATHS {
        let court = Court::new();
        let stranger = stranger(&court, path);
        let outcome = run(
            &court,
            path,
            "probe",
            &format!("probe {} stranger", number(stranger.pid())),
        );
        assert_eq!(
            outcome.reason,
            ExitReason::Normal,
            "{path:?}: a denial ends nobody"
        );
        let answers: BTreeMap<_, _> = outcome
            .lines
            .iter()
            .filter_map(|line| line.split_once('='))
            .collect();
        for import in IMPORTS {
            let Gate::Grant(key) = import.gate else {
                continue;
            };
            let permission = key.trim_start_matches("allow-");
            if OWN_STEPS.contains(&import.name) {
                continue;
            }
            let answer = answers
                .get(import.name)
                .unwrap_or_else(|| panic!("{} is not probed", import.name));
            assert_eq!(
                *answer,
                format!("denied:{permission}"),
                "{path:?}: {}",
                import.name
            );
            let recorded = outcome
                .denied
                .iter()
                .any(|record| record.permission == permission);
            assert!(recorded, "{path:?}: {} left no audit record", import.name);
        }
        for name in OUTSIDE {
            let answer = answers
                .get(name)
                .unwrap_or_else(|| panic!("{name} is not probed"));
            assert!(!answer.starts_with("ok"), "{path:?}: {name}: {answer}");
        }
        assert_eq!(
            answers.get("environment"),
            Some(&"ok"),
            "{path:?}: no variable is passed on"
        );
        assert!(
            court.scenario.runtime.node().is_alive(stranger.pid()),
            "{path:?}"
        );
        stranger.kill();
    }
}

/// A kill is refused and recorded; a broadcast reaches nobody whom the sender may not reach.
#[test]
fn a_stranger_can_neither_be_killed_nor_reached_by_a_broadcast() {
    for path in BOTH_PATHS {
        let court = Court::new();
        let stranger = stranger(&court, path);
        let pid = number(stranger.pid());
        let script = format!("kill {pid} then broadcast strangers 7 hello then say done");
        let outcome = run(&court, path, "attacker", &script);
        assert_eq!(
            outcome.lines,
            [
                "kill=denied:process-control",
                "broadcast=ok:0",
                "say=ok:done"
            ],
            "{path:?}"
        );
        assert_eq!(outcome.denied.len(), 2, "{:#?}", outcome.denied);
        assert_sentence(
            &outcome.denied[0],
            "attacker",
            "process-control",
            "control stranger",
        );
        assert_sentence(&outcome.denied[1], "attacker", "send", "send to stranger");
        assert!(
            court.scenario.runtime.node().is_alive(stranger.pid()),
            "{path:?}"
        );
        stranger.kill();
    }
}

/// The sentence of an audit record says who, what, which rule, and the manifest line that would allow it.
#[test]
fn a_denial_says_what_would_allow_it() {
    for path in BOTH_PATHS {
        let court = Court::new();
        let outcome = run(
            &court,
            path,
            "api",
            "spawn worker then kv-put orders-1 key value",
        );
        let (expected_pid, sentences): (Vec<_>, Vec<_>) = outcome
            .denied
            .iter()
            .map(|record| (record.pid, record.sentence.as_str()))
            .unzip();
        let pid = Pid::from_u64(expected_pid[0])
            .expect("the record names a process")
            .to_string();
        let pid = pid.trim_matches(['<', '>']);
        assert_eq!(
            sentences,
            [
                format!(
                    "api (pid {pid}) may not spawn worker: profile 'nothing' allows no spawning. \
                    To allow it: allow-spawn = [\"worker\"] under [capabilities.nothing]"
                ),
                format!(
                    "api (pid {pid}) may not write to the bucket orders-1 (key key): profile 'nothing' allows no storage. \
                    To allow it: allow-storage = {{ write = [\"orders-1\"] }} under [capabilities.nothing]"
                ),
            ],
            "{path:?}"
        );
    }
}

/// What a sandboxed guest finds: no variable, no input, no folder, its own arguments.
#[test]
fn a_sandboxed_guest_finds_an_empty_world() {
    for path in BOTH_PATHS {
        let court = Court::new();
        let script = "environment then env PATH then stdin then list / then arguments";
        let outcome = run(&court, path, "alone", script);
        assert_eq!(outcome.reason, ExitReason::Normal, "{path:?}");
        let [environment, env, stdin, list, arguments] = outcome.lines.as_slice() else {
            panic!("{path:?}: {:#?}", outcome.lines)
        };
        assert_eq!(environment, "environment=ok", "{path:?}");
        assert!(env.starts_with("env=error:"), "{path:?}: {env}");
        assert_eq!(stdin, "stdin=ok", "{path:?}");
        assert!(!list.starts_with("list=ok"), "{path:?}: {list}");
        assert_eq!(
            *arguments,
            format!("arguments=ok:alone {script}"),
            "{path:?}"
        );
    }
}
