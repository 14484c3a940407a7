//! The test binary run a second time, as the node that is killed: [`Child`], [`role`].

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

/// Names the store's file, in the child alone.
const FILE: &str = "RUSM_KV_CHILD";
/// Starts every line of the child's own, so that none of the test harness is taken for one.
const MARK: &str = "child: ";

/// The file that this process is to work on, if it is the child.
pub(crate) fn role() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// Says a line, whole or not at all: a pipe takes as much as this at once.
pub(crate) fn say(line: &str) {
    println!("{MARK}{line}");
}

/// A running child; killed when it is dropped.
pub(crate) struct Child {
    process: std::process::Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Runs this test again, as the child on this file.
    pub(crate) fn start(test: &str, file: &Path) -> Self {
        Self::run(
            &mut Command::new(std::env::current_exe().unwrap()),
            test,
            file,
        )
    }

    /// The same, by a command that runs what is appended to it.
    pub(crate) fn run(command: &mut Command, test: &str, file: &Path) -> Self {
        let mut process = command
            .args(["--exact", test, "--nocapture"])
            .env(FILE, file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// What the child says next; none when it has ended and all it said was read.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        let lines = self.lines.by_ref().map(Result::unwrap);
        lines
            .filter_map(|line| Some(line.split_once(MARK)?.1.to_owned()))
            .next()
    }

    /// Kills it at once, as `kill -9` does; what it has said can still be read.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
