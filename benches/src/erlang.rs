//! The Erlang VM as a counterpart: its programs lie in `benches/erlang`. One VM lives as long as the benchmarks and is asked for one
//! run at a time, by a line with the name of the work; it answers with a line `OPERATIONS NANOSECONDS BYTES`.

use crate::figure::Work;
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The modules, by their names.
const MODULES: [(&str, &str); 5] = [
    ("bench", include_str!("../erlang/bench.erl")),
    ("bench_spawn", include_str!("../erlang/bench_spawn.erl")),
    (
        "bench_messages",
        include_str!("../erlang/bench_messages.erl"),
    ),
    ("bench_tails", include_str!("../erlang/bench_tails.erl")),
    (
        "bench_restarts",
        include_str!("../erlang/bench_restarts.erl"),
    ),
];

/// A running VM.
pub(crate) struct Erlang {
    child: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
    _modules: TempDir,
}

impl Erlang {
    /// # Errors
    /// In words for people: there is no Erlang, or its compiler refuses the programs.
    pub(crate) fn start() -> Result<Self, String> {
        let modules = tempfile::tempdir().map_err(|error| error.to_string())?;
        compile(modules.path())?;
        let child = Command::new("erl")
            .args(["-noshell", "+P", "2000000", "-run", "bench"])
            .current_dir(modules.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| missing("erl", &error))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (questions, answers) = pipes.expect("they were asked for");
        Ok(Self {
            child,
            pipes: RefCell::new((questions, BufReader::new(answers))),
            _modules: modules,
        })
    }

    /// One run of this work.
    pub(crate) fn run(&self, name: &str) -> Work {
        let (questions, answers) = &mut *self.pipes.borrow_mut();
        let mut answer = String::new();
        let asked = writeln!(questions, "{name}").and_then(|()| questions.flush());
        let answered = asked.and_then(|()| answers.read_line(&mut answer));
        answered.expect("the Erlang VM lives");
        let mut numbers = answer.split_whitespace().map(str::parse::<u64>);
        let mut next = || match numbers.next() {
            Some(Ok(number)) => number,
            _ => panic!("the Erlang VM was asked for {name} and said: {answer}"),
        };
        Work {
            operations: next(),
            elapsed: Duration::from_nanos(next()),
            bytes: next(),
        }
    }
}

impl Drop for Erlang {
    fn drop(&mut self) {
        // It would end by itself at the end of its input; nobody waits for that.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn compile(folder: &Path) -> Result<(), String> {
    let mut erlc = Command::new("erlc");
    erlc.current_dir(folder).args(["-Werror"]);
    for (name, text) in MODULES {
        let file = folder.join(name).with_extension("erl");
        std::fs::write(&file, text).map_err(|error| error.to_string())?;
        erlc.arg(file);
    }
    let output = erlc.output().map_err(|error| missing("erlc", &error))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "erlc refuses the counterparts:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

fn missing(program: &str, error: &std::io::Error) -> String {
    format!(
        "--erlang needs the Erlang VM, but `{program}` does not start: {error} (on Debian: apt-get install erlang-base)"
    )
}
