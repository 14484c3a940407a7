//! The audit log of an app: what the runtime reports, as records of `rusm-audit`.

use crate::log::{LogObserver, TARGET};
use crate::report::{Failure, Kind};
use rusm_audit::{AuditLog, FolderError, OpenError, Record, SystemClock};
use rusm_caps::Profile;
use rusm_core::{Exit, Pid, RuntimeEvent, RuntimeObserver};
use std::path::Path;
use std::sync::Arc;
use tracing::warn;

/// Who watches an app: its audit log, if it has one, and then its log.
#[derive(Debug)]
pub(crate) struct Watchers {
    audit: Option<AuditLog>,
    log: Arc<LogObserver>,
}

impl Watchers {
    /// Opens the audit log in its folder, if there is to be one. An app that cannot keep the one it asks for does not start.
    pub(crate) fn of(
        app: &str,
        audit: Option<&Path>,
        log: Arc<LogObserver>,
    ) -> Result<Self, Failure> {
        let audit = audit.map(|folder| open(app, folder));
        Ok(Self {
            audit: audit.transpose()?,
            log,
        })
    }

    /// The app has ended: writes what is left, and how it ended.
    pub(crate) fn finish(&self, end: &str) {
        if let Some(audit) = &self.audit {
            audit.close(end);
        }
    }
}

impl RuntimeObserver for Watchers {
    fn observe(&self, event: &RuntimeEvent) {
        if let Some(audit) = &self.audit
            && let Some(record) = record(event)
        {
            audit.record(record);
        }
        self.log.observe(event);
    }
}

fn open(app: &str, folder: &Path) -> Result<AuditLog, Failure> {
    let first = Record::Start {
        app: app.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let on_trouble = Arc::new(|what: &str| warn!(target: TARGET, "{what}"));
    let log = AuditLog::open(folder, Arc::new(SystemClock), on_trouble, first)
        .map_err(|error| refused(app, &error))?;
    if let Some(damage) = log.damage() {
        warn!(
            target: TARGET,
            "the audit log in '{}' is not as it was left: {damage}; it goes on, and `rusm audit verify` shows where",
            folder.display()
        );
    }
    Ok(log)
}

fn refused(app: &str, error: &OpenError) -> Failure {
    let failure = Failure::new(
        Kind::NotStarted,
        format!("cannot start app '{app}': {error}"),
    );
    match error {
        OpenError::Folder(FolderError::InUse { .. }) => {
            failure.help("stop that node first, or give this app a folder of its own: audit = \"…\" under [node]")
        }
        OpenError::Folder(_) | OpenError::Write { .. } => {
            failure.help("mend the folder, or leave audit under [node] out")
        }
        OpenError::Thread(_) => failure,
    }
}

/// A pid as people type it: `0.7.12`.
fn typed(pid: Pid) -> String {
    pid.to_string().trim_matches(['<', '>']).to_owned()
}

/// What the audit log keeps of an event; nothing of what guests print, and nothing that holds no decision.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the list of events is open, and a new one is none for the audit log until somebody says so"
)]
fn record(event: &RuntimeEvent) -> Option<Record> {
    match event {
        RuntimeEvent::Granted {
            component,
            profile,
            is_offered,
        } => Some(Record::Grant {
            component: component.to_string(),
            profile: profile.name().to_owned(),
            offered: *is_offered,
            grants: profile.grant_lines(),
        }),
        RuntimeEvent::Spawned {
            component,
            pid,
            parent,
            profile,
        } => Some(Record::Spawn {
            component: component.to_string(),
            pid: typed(*pid),
            parent: parent.map(typed),
            profile: profile.as_ref().map(|profile| profile.name().to_owned()),
            grants: profile
                .as_deref()
                .map_or_else(Vec::new, Profile::grant_lines),
        }),
        RuntimeEvent::Exited(exit) => Some(Record::Exit {
            component: exit.component.to_string(),
            pid: typed(exit.pid),
            parent: exit.parent.map(typed),
            reason: reason(exit),
        }),
        RuntimeEvent::Denied(denied) if !denied.allowed => Some(Record::Denial {
            component: denied.component.clone(),
            pid: Pid::from_u64(denied.pid).map(typed).unwrap_or_default(),
            profile: denied.profile.clone(),
            permission: denied.permission.to_owned(),
            target: denied.target.clone(),
            rule: denied.rule.clone(),
            sentence: denied.sentence.clone(),
        }),
        RuntimeEvent::Dropped {
            component,
            pid,
            permission,
        } => Some(Record::Drop {
            component: component.to_string(),
            pid: typed(*pid),
            permission: permission.name().to_owned(),
        }),
        RuntimeEvent::Operated(deed) => Some(Record::Operator {
            action: deed.action.to_string(),
            bucket: deed.bucket.clone(),
            key: deed.key.clone(),
            entries: deed.entries,
        }),
        _ => None,
    }
}

/// Why, and of a limit which bound.
fn reason(exit: &Exit) -> String {
    match &exit.breach {
        Some(breach) => format!("{} ({breach})", exit.reason),
        None => exit.reason.to_string(),
    }
}
