//! One run of cargo for all guests of one workspace.

use super::package::no_cargo;
use super::{Builder, Package, TARGET, Warnings, surroundings};
use crate::report::{Colour, Failure, Kind};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How much of what the compiler says is kept for a failure; the first errors are the ones that count.
const REPORT_BYTES_MAX: usize = 1 << 20;

/// Builds the packages and says where each program is, by [`Package::key`].
pub(super) fn build(
    builder: &Builder,
    workspace: &Path,
    packages: &[&Package],
) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let mut cargo = command(builder, workspace, packages);
    let cannot = |error: std::io::Error| Failure::new(Kind::General, no_cargo(&error));
    let mut child = cargo
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    let stdout = child.stdout.take().expect("the standard output is piped");
    let stderr = child.stderr.take().expect("the standard error is piped");
    let (places, report) = std::thread::scope(|scope| {
        let report = scope.spawn(|| read_report(BufReader::new(stderr), builder));
        (read_places(BufReader::new(stdout)), report.join())
    });
    let status = child.wait().map_err(cannot)?;
    let report = report.unwrap_or_default();
    if status.success() {
        if builder.warnings == Warnings::Shown && !report.is_empty() {
            builder.progress.suspend(|| builder.console.print(&report));
        }
        return Ok(places);
    }
    let names: Vec<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    Err(Failure::with_output(
        Kind::General,
        report,
        format!("cargo could not build {}", names.join(", ")),
    ))
}

fn command(builder: &Builder, workspace: &Path, packages: &[&Package]) -> Command {
    let mut cargo = surroundings::command("cargo", workspace);
    cargo.args([
        "build",
        "--release",
        "--target",
        TARGET,
        "--message-format",
        "json-render-diagnostics",
    ]);
    cargo.args([
        "--color",
        if builder.console.colour == Colour::On {
            "always"
        } else {
            "never"
        },
    ]);
    for package in packages {
        cargo.args(["--package", &package.id, "--bin", &package.program]);
    }
    cargo
}

/// The part of cargo's messages that says where a program is.
#[derive(Debug, Deserialize)]
struct Artifact {
    package_id: String,
    target: ArtifactTarget,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct ArtifactTarget {
    name: String,
}

fn read_places(messages: impl BufRead) -> BTreeMap<String, PathBuf> {
    let mut places = BTreeMap::new();
    for line in messages.lines().map_while(Result::ok) {
        // Messages of other shapes are about other things.
        if let Ok(Artifact {
            package_id,
            target,
            executable: Some(place),
        }) = serde_json::from_str(&line)
        {
            places.insert(format!("{package_id}#{}", target.name), place);
        }
    }
    places
}

/// Shows what cargo is at, and keeps what the compiler has to say.
fn read_report(mut lines: impl BufRead, builder: &Builder) -> String {
    let mut report = String::new();
    let mut line = Vec::new();
    while matches!(
        lines.by_ref().take(1 << 16).read_until(b'\n', &mut line),
        Ok(1..)
    ) {
        let text = String::from_utf8_lossy(&line);
        match status(&text) {
            Some(status) => builder.progress.step(status),
            None if report.len() < REPORT_BYTES_MAX => report.push_str(&text),
            None => {}
        }
        line.clear();
    }
    report
}

/// A line that only says how far cargo is, such as `   Compiling api v0.1.0`.
fn status(line: &str) -> Option<&str> {
    const STEPS: [&str; 9] = [
        "Compiling",
        "Finished",
        "Updating",
        "Downloading",
        "Downloaded",
        "Locking",
        "Adding",
        "Blocking",
        "Fresh",
    ];
    // Colours surround the word, and spaces may stand on either side of them.
    let word = line.trim_start().trim_start_matches(|c: char| {
        c == '\x1b' || c == '[' || c == ';' || c == 'm' || c.is_ascii_digit()
    });
    let word = word.trim_start();
    let word = word
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    STEPS.contains(&word).then(|| line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs are found where cargo says, whatever their package or folder is called (pitfall 31).
    #[test]
    fn cargo_says_where_programs_are() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","package_id":"p#1","target":{"name":"lib","kind":["lib"]},"executable":null}"#,
            "\n",
            "not json\n",
            r#"{"reason":"compiler-artifact","package_id":"p#1","target":{"name":"api","kind":["bin"]},"executable":"/o/api.wasm"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
            "\n",
        );
        let places = read_places(messages.as_bytes());
        assert_eq!(
            places,
            BTreeMap::from([("p#1#api".to_owned(), PathBuf::from("/o/api.wasm"))])
        );
    }

    /// Progress is told from what the compiler has to say, with colours and without.
    #[test]
    fn steps_are_told_from_the_report() {
        assert_eq!(
            status("   Compiling api v0.1.0\n"),
            Some("Compiling api v0.1.0")
        );
        assert!(status("\x1b[1m\x1b[92m   Compiling\x1b[0m api v0.1.0\n").is_some());
        assert!(status("    \x1b[1m\x1b[32mFinished\x1b[0m release\n").is_some());
        assert_eq!(status("warning: unused variable: `Compiling`\n"), None);
        assert_eq!(status("error[E0425]: cannot find value\n"), None);
        assert_eq!(status("  |  Compiling\n"), None);
    }
}
