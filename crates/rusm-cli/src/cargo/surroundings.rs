//! The environment that cargo, rustc and rustup see when they build guests.
//!
//! Under `cargo run` the environment describes how this program was built, not the guests. So:
//!
//! - RUSTUP_TOOLCHAIN is taken away when cargo runs us: the guests' own folder (`rust-toolchain.toml`)
//!   chooses their toolchain. Set by hand, without cargo, it stays.
//! - Flags for the compiler (RUSTFLAGS and its kin) are for the host, and would break a build for
//!   Wasm. Flags for guests go to CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS or `.cargo/config.toml`.
//! - What cargo tells the programs it runs (CARGO, CARGO_PKG_*, ...) is about us and goes away.
//! - CARGO_TARGET_DIR stays and is obeyed, relative to the folder we were started in.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiler flags of the host.
const HOST_FLAGS: [&str; 4] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
];
/// What cargo says about the program it runs.
const ABOUT_US: [&str; 6] = [
    "CARGO",
    "CARGO_MAKEFLAGS",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_CRATE_NAME",
    "CARGO_BIN_NAME",
    "OUT_DIR",
];
const ABOUT_US_PREFIXES: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];
/// Folders that cargo takes relative to its own.
const FOLDERS: [&str; 3] = [
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BUILD_BUILD_DIR",
];

/// A command that runs in a folder of guests, and sees what is meant for them.
pub(super) fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    for (name, change) in changes(std::env::vars_os(), &here) {
        match change {
            Change::Remove => command.env_remove(name),
            Change::Set(value) => command.env(name, value),
        };
    }
    command
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Remove,
    Set(OsString),
}

fn changes(
    variables: impl Iterator<Item = (OsString, OsString)>,
    here: &Path,
) -> Vec<(OsString, Change)> {
    let variables: Vec<_> = variables.collect();
    let is_under_cargo = variables.iter().any(|(name, _)| name == "CARGO");
    let change = |name: &OsStr, value: &OsStr| {
        let text = name.to_str()?;
        let is_about_us = ABOUT_US.contains(&text)
            || ABOUT_US_PREFIXES
                .iter()
                .any(|prefix| text.starts_with(prefix));
        if HOST_FLAGS.contains(&text)
            || is_about_us
            || (is_under_cargo && text == "RUSTUP_TOOLCHAIN")
        {
            return Some(Change::Remove);
        }
        let is_relative =
            FOLDERS.contains(&text) && !value.is_empty() && Path::new(value).is_relative();
        is_relative.then(|| Change::Set(here.join(value).into_os_string()))
    };
    variables
        .into_iter()
        .filter_map(|(name, value)| change(&name, &value).map(|change| (name, change)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(variables: &[(&str, &str)]) -> Vec<(String, Change)> {
        let variables = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let changes = changes(variables, Path::new("/here"));
        changes
            .into_iter()
            .map(|(name, change)| (name.into_string().unwrap(), change))
            .collect()
    }

    /// Under `cargo run` the toolchain and the package are ours, and are not passed on.
    #[test]
    fn what_cargo_run_sets_is_not_passed_on() {
        let variables = [
            ("CARGO", "/c"),
            ("RUSTUP_TOOLCHAIN", "1.95"),
            ("CARGO_PKG_NAME", "rusm-cli"),
            ("CARGO_HOME", "/h"),
        ];
        let names: Vec<_> = changed(&variables)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["CARGO", "RUSTUP_TOOLCHAIN", "CARGO_PKG_NAME"]);
        assert_eq!(changed(&[("RUSTUP_TOOLCHAIN", "nightly")]), []);
    }

    /// Flags of the host do not reach the build for Wasm; flags for Wasm do.
    #[test]
    fn flags_for_the_host_stay_there() {
        let variables = [
            ("RUSTFLAGS", "-Ctarget-cpu=native"),
            ("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", "-O"),
        ];
        assert_eq!(
            changed(&variables),
            [("RUSTFLAGS".to_owned(), Change::Remove)]
        );
    }

    /// A relative target folder means the one here, not one in the guests' folder (pitfall 31).
    #[test]
    fn a_relative_target_folder_is_ours() {
        let expected = Change::Set("/here/out".into());
        assert_eq!(
            changed(&[("CARGO_TARGET_DIR", "out")]),
            [("CARGO_TARGET_DIR".to_owned(), expected)]
        );
        assert_eq!(changed(&[("CARGO_TARGET_DIR", "/abs")]), []);
    }
}
