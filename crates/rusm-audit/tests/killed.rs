//! A node that is killed while it writes: this test runs itself a second time, as the node.

use crate::support::{Log, denial, place};
use rusm_audit::{AuditLog, Record, SystemClock, verify};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Names the folder, in the process that is killed.
const FOLDER: &str = "RUSM_AUDIT_KILLED_FOLDER";
const ROUNDS: usize = 12;

fn open(folder: &Path) -> AuditLog {
    let first = Record::Start {
        app: "killed".into(),
        version: "0".into(),
    };
    AuditLog::open(folder, Arc::new(SystemClock), Arc::new(|_: &str| ()), first).unwrap()
}

/// Writes until it is killed, and says how far it is.
fn write_for_ever(folder: &Path) -> ! {
    let (log, mut said) = (open(folder), std::io::stdout());
    for n in 0.. {
        // Ever new processes, so that nothing is counted instead of written.
        log.record(denial(&format!("c{}", n / 50), n, "somewhere"));
        if n % 20 == 0 {
            writeln!(said, "{n}").unwrap();
        }
    }
    unreachable!("there is always another number")
}

/// Killed at any moment the log is whole up to what was durable; the next node goes on in the same chain, with
/// nothing taken away.
#[test]
fn a_log_outlives_the_kill_of_its_node() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        write_for_ever(&PathBuf::from(folder));
    }
    let place = place();
    let folder = place.path().join("audit");
    let mut before = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "killed::a_log_outlives_the_kill_of_its_node",
                "--nocapture",
            ])
            .env(FOLDER, &folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        // The first lines are the test harness's own.
        let n_said = said.take(5 + 7 * round).filter(|line| line.is_ok()).count();
        assert_eq!(n_said, 5 + 7 * round);
        child.kill().unwrap();
        child.wait().unwrap();
        let killed = verify(&folder, &[]).unwrap();
        assert_eq!(killed.broken, None, "round {round}");
        assert!(killed.records > before && !killed.is_closed);
        before = killed.records;
    }
    let whole = Log::of(&folder);
    open(&folder).close("finished");
    let verdict = verify(&folder, &[]).unwrap();
    assert_eq!(
        (verdict.broken, verdict.is_closed, verdict.first),
        (None, true, Some(1))
    );
    let after = Log::of(&folder);
    for ((name, content), (_, later)) in whole.files.iter().zip(&after.files) {
        assert!(
            later.starts_with(content),
            "{name} was changed, not continued"
        );
    }
}
