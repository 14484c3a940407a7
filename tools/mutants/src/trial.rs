//! One mutant: put it in, build, run the tests that must fail, take it out.
//!
//! The test program is run directly, not below Cargo, so that one that hangs can be ended by ending it.

use crate::scratch::Scratch;
use crate::table::{Mutant, Suite};
use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How long the tests of one mutant may run, before they count as hanging. They take a few seconds.
const BOUND: Duration = Duration::from_secs(60);
/// How many seeds a seeded test tries, unless `RUSM_SEEDS` says otherwise.
const SEEDS: &str = "20";

/// Runs mutants in a copy of the crates.
#[derive(Debug)]
pub struct Trial {
    scratch: Scratch,
    is_wide: bool,
}

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// These tests failed, all that had to among them.
    Caught(Vec<String>),
    /// These should have failed and did not.
    Survived(Vec<String>),
    /// The mutant shows nothing: the reason.
    Broken(String),
}

/// What a test program said before it ended, or was ended.
#[derive(Debug, Default, PartialEq, Eq)]
struct Verdicts {
    passed: Vec<String>,
    failed: Vec<String>,
    /// The test that was running when the program was ended for taking too long.
    hanging: Option<String>,
    /// The whole output, to be shown if it makes no sense.
    text: String,
}

impl Trial {
    /// `is_wide`: run each suite whole.
    pub fn new(scratch: Scratch, is_wide: bool) -> Self {
        Self { scratch, is_wide }
    }

    /// Sees that the tests of these mutants pass while there is no bug.
    ///
    /// # Errors
    /// When one does not, or the copy does not build.
    pub fn check_unchanged(&self, mutants: &[Mutant]) -> Result<(), Box<dyn Error>> {
        let mut by_suite: BTreeMap<Suite, Vec<&str>> = BTreeMap::new();
        for mutant in mutants {
            let tests = by_suite.entry(mutant.suite).or_default();
            tests.extend(mutant.caught_by);
            tests.sort_unstable();
            tests.dedup();
        }
        for (suite, tests) in by_suite {
            let program = self.build(suite)?;
            let verdicts = self.run_tests(suite, &program, &tests)?;
            if verdicts.passed.len() != tests.len() {
                let bad: Vec<&str> = tests
                    .into_iter()
                    .filter(|test| !verdicts.passed.iter().any(|passed| passed == test))
                    .collect();
                let text = format!("without any bug these do not pass: {}", bad.join(", "));
                return Err(text.into());
            }
        }
        Ok(())
    }

    /// Tries one mutant.
    ///
    /// # Errors
    /// When files or programs cannot be used; a bad mutant is an [`Outcome::Broken`].
    pub fn run(&self, mutant: &Mutant) -> Result<Outcome, Box<dyn Error>> {
        let _applied = match self.scratch.apply(mutant.edits) {
            Ok(applied) => applied,
            Err(error) => return Ok(Outcome::Broken(error.to_string())),
        };
        let program = match self.build(mutant.suite) {
            Ok(program) => program,
            Err(error) => return Ok(Outcome::Broken(error.to_string())),
        };
        let tests = if self.is_wide { &[] } else { mutant.caught_by };
        Ok(judge(
            mutant,
            self.run_tests(mutant.suite, &program, tests)?,
        ))
    }

    /// Builds the suite's test program and answers where it is.
    fn build(&self, suite: Suite) -> Result<PathBuf, Box<dyn Error>> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        // Each with its own folder, as flags that change build everything anew.
        let (folder, flags) = match suite.is_model {
            true => ("target-models", "--cfg loom"),
            false => ("target", ""),
        };
        let output = Command::new(cargo)
            .current_dir(self.scratch.folder())
            .args(["test", "--no-run", "--quiet", "--message-format=json"])
            .args(["--package", suite.package])
            .args(suite.target)
            .arg("--target-dir")
            .arg(self.scratch.folder().join(folder))
            .env("RUSTFLAGS", flags)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .output()?;
        let messages = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(format!("it does not compile: {}", first_error(&messages)).into());
        }
        let program = messages.lines().rev().find_map(executable);
        Ok(program.ok_or("Cargo built no test program")?)
    }

    /// Runs these tests one after the other, or all, and ends them when they take too long.
    fn run_tests(&self, suite: Suite, program: &PathBuf, tests: &[&str]) -> io::Result<Verdicts> {
        let mut command = Command::new(program);
        command
            .current_dir(self.scratch.folder().join("crates").join(suite.package))
            .arg("--test-threads=1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if !tests.is_empty() {
            command.arg("--exact").args(tests);
        }
        if std::env::var_os("RUSM_SEEDS").is_none() {
            command.env("RUSM_SEEDS", SEEDS);
        }
        let mut child = command.spawn()?;
        let (says, said) = mpsc::channel();
        if let Some(mut stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                // What was read until the program ended, however it did.
                let _end = stdout.read_to_end(&mut bytes);
                let _heard = says.send(bytes);
            });
        }
        let (bytes, is_hanging) = match said.recv_timeout(BOUND) {
            Ok(bytes) => (bytes, false),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                child.kill()?;
                (said.recv().unwrap_or_default(), true)
            }
        };
        child.wait()?;
        Ok(verdicts(&String::from_utf8_lossy(&bytes), is_hanging))
    }
}

/// The path of the test program, in the message that tells of it.
fn executable(message: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    Some(PathBuf::from(message.get("executable")?.as_str()?))
}

fn first_error(messages: &str) -> String {
    let errors = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let message = message.get("message")?;
        let is_error = message.get("level")?.as_str()? == "error";
        is_error.then(|| message.get("rendered")?.as_str().map(str::to_owned))?
    });
    errors.into_iter().next().unwrap_or_default()
}

/// Reads the lines `test NAME ... ok`; what a test prints may stand between.
fn verdicts(output: &str, is_hanging: bool) -> Verdicts {
    let mut verdicts = Verdicts {
        text: output.to_owned(),
        ..Verdicts::default()
    };
    for line in output.lines() {
        let Some((name, verdict)) = line
            .strip_prefix("test ")
            .and_then(|line| line.split_once(" ... "))
        else {
            continue;
        };
        match verdict.trim() {
            "ok" => verdicts.passed.push(name.to_owned()),
            "FAILED" => verdicts.failed.push(name.to_owned()),
            "" if is_hanging => verdicts.hanging = Some(name.to_owned()),
            _ => {}
        }
    }
    verdicts
}

fn judge(mutant: &Mutant, verdicts: Verdicts) -> Outcome {
    let Verdicts {
        passed,
        mut failed,
        hanging,
        text,
    } = verdicts;
    if let Some(test) = hanging {
        if !mutant.may_hang {
            return Outcome::Broken(format!("{test} hangs, which the table does not expect"));
        }
        failed.push(test);
    }
    let is_missing = |test: &&&str| !failed.iter().any(|failed| failed == **test);
    let missing: Vec<String> = mutant
        .caught_by
        .iter()
        .filter(is_missing)
        .map(|test| (*test).to_owned())
        .collect();
    if missing.is_empty() && !failed.is_empty() {
        Outcome::Caught(failed)
    } else if failed.is_empty() && passed.is_empty() {
        Outcome::Broken(format!("no test ran to its end: {text}"))
    } else {
        Outcome::Survived(missing)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caught(tests) => write!(f, "caught by {}", tests.join(", ")),
            Self::Survived(tests) => write!(f, "SURVIVED {}", tests.join(", ")),
            Self::Broken(why) => write!(f, "BROKEN {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::KERNEL;

    const MUTANT: Mutant = Mutant {
        name: "m",
        breaks: "",
        edits: &[],
        suite: KERNEL,
        caught_by: &["a::b", "c"],
        may_hang: false,
    };

    #[test]
    fn a_mutant_is_caught_when_every_test_it_names_fails() {
        let output =
            "running 3 tests\ntest a::b ... FAILED\nnoise\ntest c ... FAILED\ntest d ... ok\n";
        let caught = Outcome::Caught(vec!["a::b".into(), "c".into()]);
        assert_eq!(judge(&MUTANT, verdicts(output, false)), caught);
        let output = "test a::b ... FAILED\ntest c ... ok\n";
        let survived = Outcome::Survived(vec!["c".into()]);
        assert_eq!(judge(&MUTANT, verdicts(output, false)), survived);
        let silent = judge(&MUTANT, verdicts("", false));
        assert!(matches!(silent, Outcome::Broken(_)));
    }

    #[test]
    fn a_hang_counts_only_where_the_table_says_so() {
        let output = "test a::b ... FAILED\ntest c ... ";
        let unexpected = judge(&MUTANT, verdicts(output, true));
        assert!(matches!(unexpected, Outcome::Broken(_)));
        let patient = Mutant {
            may_hang: true,
            ..MUTANT
        };
        let caught = Outcome::Caught(vec!["a::b".into(), "c".into()]);
        assert_eq!(judge(&patient, verdicts(output, true)), caught);
    }
}
