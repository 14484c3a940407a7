//! A folder to run in, and a run of the binary in it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A folder of its own, with its own cache of compiled code.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Writes a program that is given in the text format.
    pub(crate) fn program(&self, name: &str, wat: &str) -> PathBuf {
        self.write(name, wat::parse_str(wat).unwrap())
    }

    /// The binary, to be run in the folder.
    pub(crate) fn rusm<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rusm"));
        command.args(args).current_dir(self.folder.path());
        command
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("RUST_BACKTRACE", "1")
            .env_remove("NO_COLOR");
        Run {
            command,
            input: Vec::new(),
        }
    }
}

/// A run that has not begun.
pub(crate) struct Run {
    command: Command,
    input: Vec<u8>,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn input(mut self, bytes: &[u8]) -> Self {
        self.input = bytes.to_vec();
        self
    }

    /// Starts it, for tests that talk to it while it runs.
    pub(crate) fn start(mut self) -> Child {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs it to its end.
    pub(crate) fn finish(mut self) -> Outcome {
        let command = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = self.input;
        let feeder = std::thread::spawn(move || {
            // A program need not read all of it.
            let _unread = stdin.write_all(&input);
        });
        let outcome = Outcome::of(child);
        feeder.join().unwrap();
        outcome
    }
}

impl Outcome {
    /// Waits for the end of a run.
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            !stderr.contains("panicked at crates"),
            "rusm panicked: {stderr}"
        );
        assert!(
            !stderr.contains("stack backtrace"),
            "an error shows a backtrace: {stderr}"
        );
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr,
        }
    }

    pub(crate) fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Checks the exit code and says what was printed if it is another.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            String::from_utf8_lossy(&self.stdout),
            self.stderr
        );
        self
    }

    /// Checks that the errors name each of these.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "{word:?} is missing in: {}",
                self.stderr
            );
        }
        self
    }
}

/// Sends a signal to a run, by its name.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// The path as it is typed.
pub(crate) fn typed(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Builds guests of the project for a target. The folder in which they are.
pub(crate) fn build_guests(target: &str, packages: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let guests = root.unwrap().join("guests");
    let mut rustup = Command::new("rustup");
    succeed(rustup.args(["target", "add", target]), &guests);
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--target", target]);
    for package in packages {
        cargo.args(["-p", package]);
    }
    let folder = guests.join("target");
    cargo
        .env("CARGO_TARGET_DIR", &folder)
        .env_remove("RUSTFLAGS");
    succeed(&mut cargo, &guests);
    folder.join(target).join("release")
}

fn succeed(command: &mut Command, folder: &Path) {
    let output = command
        .current_dir(folder)
        .env_remove("RUSTUP_TOOLCHAIN")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{text}");
}
