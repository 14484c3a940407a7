//! What cannot start does not: `not-started` before a line of it ran, and nothing else is touched.

use crate::app::{boot, component, probe, scripted};
use crate::desk::Desk;
use crate::forge::{Interfaces, Wasi};
use crate::support::{BOTH_PATHS, Scenario};
use rusm_caps::Profile;
use rusm_core::{AppEnd, ExitReason, Spawn};

#[track_caller]
fn assert_not_started(reason: &ExitReason, texts: &[&str]) {
    let ExitReason::NotStarted(found) = reason else {
        panic!("'{reason}', and not a start refused with {texts:?}");
    };
    assert!(
        texts.iter().all(|text| found.contains(text)),
        "{found} without {texts:?}"
    );
}

#[test]
fn a_preopen_of_a_missing_folder_is_a_process_that_does_not_start() {
    for path in BOTH_PATHS {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let missing = folder.path().join("gone");
        let manifest = [
            component(
                "reader",
                "capability = \"files\"\nrestart = \"temporary\"",
                "say alive",
            ),
            component("neighbour", "restart = \"permanent\"", "echo"),
            format!(
                "[capabilities.files]\npreopen = [{{ host = \"{}\", guest = \"/data\" }}]",
                missing.display()
            ),
        ];
        let scenario = Scenario::new();
        let app = boot(&scenario, path, &manifest.join("\n"));
        let exit = scenario.recorder.wait_for_exit("reader");
        assert_not_started(&exit.reason, &["gone", "/data", "No such file"]);
        assert!(scenario.recorder.lines("reader").is_empty(), "it ran");
        let neighbour = scenario.recorder.wait_for_start("neighbour", 1);
        Desk::at(&scenario.runtime).hears_echo_of(neighbour);
        app.stop();
        assert!(matches!(app.wait(), AppEnd::Stopped));
    }
}

/// The probe is born with more than a megabyte: a stack of one, and its data.
#[test]
fn code_that_declares_more_memory_than_its_profile_does_not_start() {
    for path in BOTH_PATHS {
        let scenario = Scenario::new();
        let profile = Profile::sandboxed()
            .to_builder("tight")
            .with_limits(|limits| limits.max_memory_bytes = 1 << 20);
        let spawn = scripted("large", &probe(&scenario, path), "say alive")
            .profile(profile.build().expect("a megabyte can be honoured"));
        let large = scenario.runtime.spawn(spawn).expect("there is room for it");
        assert_not_started(
            &large.wait(),
            &[
                "the code needs more to start than it may have",
                "1024 KiB allowed by max-memory-mb",
            ],
        );
        assert!(scenario.recorder.lines("large").is_empty(), "it ran");
    }
}

/// A start function is the guest's own code: what it meets is no refusal to start.
#[test]
fn a_trap_in_a_start_function_is_a_trap() {
    let wat = r#"(module (memory (export "memory") 1) (func $first unreachable) (start $first) (func (export "_start")))"#;
    let scenario = Scenario::new();
    let program = scenario
        .runtime
        .load("early", &wat::parse_str(wat).expect("it is valid"))
        .expect("it can run here");
    let early = scenario
        .runtime
        .spawn(Spawn::new("early", &program))
        .expect("there is room for it");
    assert!(super::is_trap_of(&early.wait(), "unreachable"));
}

/// WASI 0.2 can give a code, though the standard library does not.
#[test]
fn a_component_can_end_with_an_exit_code() {
    let exit = r#"(import "wasi:cli/exit@0.2.12" "exit-with-code" (func $exit (param i32)))"#;
    let wasm =
        Interfaces::of(Wasi::V02).component(exit, "(call $exit (i32.const 3)) (unreachable)");
    let scenario = Scenario::new();
    let program = scenario
        .runtime
        .load("coded", &wasm)
        .expect("it can run here");
    let coded = scenario
        .runtime
        .spawn(Spawn::new("coded", &program))
        .expect("there is room for it");
    assert_eq!(coded.wait(), ExitReason::error("exit code 3"));
    assert_eq!(coded.exit_code(), Some(3));
}
