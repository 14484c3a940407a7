//! The compiler's parts for Wasm: found, or added through rustup.

use super::package::no_cargo;
use super::{TARGET, surroundings};
use crate::progress::Progress;
use crate::report::{Failure, Kind};
use std::io;
use std::path::Path;
use std::process::Output;

/// Whether guests in this folder can be compiled, with the toolchain that the folder chooses.
pub(crate) fn has_target(folder: &Path) -> Result<bool, Failure> {
    let mut rustc = surroundings::command("rustc", folder);
    let output = rustc
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    let output = output.map_err(|error| Failure::new(Kind::General, no_cargo(&error)))?;
    if !output.status.success() {
        let message = format!(
            "the Rust compiler of {} does not know the target {TARGET}",
            folder.display()
        );
        return Err(Failure::with_output(Kind::General, said(&output), message)
            .help("it came with Rust 1.82: `rustup update`"));
    }
    let libraries = String::from_utf8_lossy(&output.stdout);
    Ok(has_standard_library(Path::new(libraries.trim())))
}

/// Makes sure that they can; answers whether something was missing.
pub(super) fn add_if_missing(folder: &Path, progress: &Progress) -> Result<bool, Failure> {
    if has_target(folder)? {
        return Ok(false);
    }
    progress.step(&format!("adding the Rust target {TARGET}"));
    let mut rustup = surroundings::command("rustup", folder);
    match rustup.args(["target", "add", TARGET]).output() {
        Ok(output) if output.status.success() => Ok(true),
        Ok(output) => {
            let message =
                format!("cannot add the Rust target {TARGET}, which guests are built for");
            Err(Failure::with_output(Kind::General, said(&output), message)
                .help(format!("try it by hand: rustup target add {TARGET}")))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = format!(
                "guests are built for the Rust target {TARGET}, which is not installed, and there is no rustup to add it"
            );
            Err(Failure::new(Kind::General, message).help(
                "get rustup from https://rustup.rs, or the target from where your Rust came from",
            ))
        }
        Err(error) => Err(Failure::new(
            Kind::General,
            format!("cannot run rustup: {error}"),
        )),
    }
}

/// A target is there when its standard library is; the folder alone may be a leftover.
fn has_standard_library(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty folder that an uninstall left behind is no target.
    #[test]
    fn a_leftover_folder_is_no_target() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_standard_library(folder.path()));
        assert!(!has_standard_library(&folder.path().join("none")));
        std::fs::write(folder.path().join("libstd-0123.rlib"), "").unwrap();
        assert!(has_standard_library(folder.path()));
    }
}
