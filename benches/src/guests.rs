//! The Rust guests of the benchmarks (`guests/bench_*`), built when the first of them is needed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// What a guest is built for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Core,
    Component,
}

impl Target {
    fn triple(self) -> &'static str {
        match self {
            Self::Core => "wasm32-wasip1",
            Self::Component => "wasm32-wasip2",
        }
    }
}

/// The code of this guest.
pub(crate) fn built(target: Target, name: &'static str) -> Vec<u8> {
    static BUILT: Mutex<BTreeMap<(Target, &str), Vec<u8>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let code = built
        .entry((target, name))
        .or_insert_with(|| build(target, name));
    code.clone()
}

fn build(target: Target, name: &str) -> Vec<u8> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests");
    let target_dir = guests.join("target");
    run(
        &guests,
        Command::new("rustup").args(["target", "add", target.triple()]),
    );
    run(
        &guests,
        Command::new("cargo")
            .args([
                "build",
                "--release",
                "--target",
                target.triple(),
                "-p",
                name,
            ])
            // What the host is built with must not leak into the guests.
            .env_remove("RUSTFLAGS")
            .env("CARGO_TARGET_DIR", &target_dir),
    );
    let file: PathBuf = [target.triple(), "release", name].iter().collect();
    let file = target_dir.join(file).with_extension("wasm");
    std::fs::read(&file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()))
}

fn run(folder: &Path, command: &mut Command) {
    command.current_dir(folder).env_remove("RUSTUP_TOOLCHAIN");
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{text}");
}
