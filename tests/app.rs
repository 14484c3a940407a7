//! Apps for tests, from the text of their manifests: [`boot`], and [`component`] for a probe with a script.

use crate::support::{GuestPath, Scenario, guest_file};
use rusm_caps::Profile;
use rusm_core::{App, BootPlan, Program, Spawn};
use std::collections::BTreeMap;
use std::path::Path;

/// The lines of a manifest that declare a probe, with this script and whatever else `keys` says.
pub(crate) fn component(name: &str, keys: &str, script: &str) -> String {
    let args: Vec<String> = script
        .split_whitespace()
        .map(|word| format!("{word:?}"))
        .collect();
    format!(
        "[components.{name}]\nwasm = \"PROBE\"\n{keys}\nargs = [{}]\n",
        args.join(", ")
    )
}

/// What is to boot: the manifest, where `PROBE` stands for the probe's file of this path.
pub(crate) fn plan(path: GuestPath, manifest: &str, folder: &Path) -> BootPlan {
    let probe = guest_file("actor_probe", path);
    let text = format!("[app]\nname = \"test\"\n{manifest}")
        .replace("PROBE", &probe.display().to_string());
    let manifest = rusm_manifest::parse("rusm.toml", &text)
        .unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    BootPlan {
        manifest,
        folder: folder.to_path_buf(),
        built: BTreeMap::new(),
    }
}

/// Starts an app.
#[track_caller]
pub(crate) fn boot(scenario: &Scenario, path: GuestPath, manifest: &str) -> App {
    boot_in(scenario, path, manifest, Path::new("."))
}

/// Starts an app whose relative paths begin in this folder.
#[track_caller]
pub(crate) fn boot_in(scenario: &Scenario, path: GuestPath, manifest: &str, folder: &Path) -> App {
    scenario
        .runtime
        .boot(&plan(path, manifest, folder))
        .expect("the app starts")
}

/// The probe, loaded into the scenario's runtime.
pub(crate) fn probe(scenario: &Scenario, path: GuestPath) -> Program {
    let wasm = crate::support::guest("actor_probe", path);
    scenario
        .runtime
        .load("actor_probe", &wasm)
        .expect("the probe can run here")
}

/// A probe to spawn, with this script.
pub(crate) fn scripted(component: &str, program: &Program, script: &str) -> Spawn {
    Spawn::new(component, program).args(script.split_whitespace())
}

/// A profile that may do to other processes what it likes, and nothing else.
pub(crate) fn controller() -> Profile {
    Profile::sandboxed()
        .to_builder("controller")
        .allow_process_control()
        .build()
        .expect("it can be honoured")
}
