//! Logs to test with: a clock that stands still, a folder in memory, and a log as bytes.

use rusm_audit::{AuditLog, Clock, Entry, Record, Verdict, verify_files};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// A clock that is set by hand.
pub(crate) struct Manual(Mutex<SystemTime>);

impl Clock for Manual {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

impl Manual {
    pub(crate) fn new() -> Arc<Manual> {
        Arc::new(Manual(Mutex::new(UNIX_EPOCH)))
    }

    pub(crate) fn advance(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

/// A folder, in memory where there is such a place: the log waits for the disk.
pub(crate) fn place() -> TempDir {
    let made = tempfile::tempdir_in("/dev/shm");
    made.or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) fn open(folder: &Path, clock: &Arc<Manual>) -> AuditLog {
    let first = Record::Start {
        app: "test".into(),
        version: "0".into(),
    };
    let clock = Arc::clone(clock);
    let on_trouble = Arc::new(|what: &str| panic!("{what}"));
    AuditLog::open(folder, clock, on_trouble, first).unwrap()
}

pub(crate) fn denial(component: &str, pid: u32, target: &str) -> Record {
    Record::Denial {
        component: component.into(),
        pid: pid.to_string(),
        profile: "p".into(),
        permission: "network".into(),
        target: target.into(),
        rule: "profile 'p' allows nothing".into(),
        sentence: format!("{component} may not {target}"),
    }
}

pub(crate) fn entries(folder: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    rusm_audit::read(folder, |found| entries.push(found.entry.unwrap())).unwrap();
    entries
}

/// A log as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) head: Vec<u8>,
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

impl Log {
    pub(crate) fn of(folder: &Path) -> Log {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter(|name| name.ends_with(".jsonl"))
            .collect();
        names.sort();
        let file = |name: String| {
            let content = std::fs::read(folder.join(&name)).unwrap();
            (name, content)
        };
        Log {
            head: std::fs::read(folder.join("head.json")).unwrap(),
            files: names.into_iter().map(file).collect(),
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let files = self
            .files
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice()));
        verify_files(Some(&self.head), files, &[]).unwrap()
    }
}
