//! What the reference monitor reports: who asked for what, and the answer.
//!
//! Records are borrowed, so that making one costs nothing; a sink that keeps them copies what it
//! needs. Payloads and the values of environment variables are never part of a request, so they
//! cannot be part of a record.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::denied::{deed, target};
use crate::{Denied, Permission, Request, Subject};

/// The answer to a request.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// It was allowed.
    Allowed,
    /// It was not, and why.
    Denied(&'a Denied),
}

/// One decision.
#[derive(Clone, Copy, Debug)]
pub struct AuditRecord<'a> {
    /// Who asked.
    pub subject: &'a Subject,
    /// The name of the profile that answered.
    pub profile: &'a str,
    /// What was asked. Its text is the guest's, unescaped.
    pub request: Request<'a>,
    /// The answer.
    pub outcome: Outcome<'a>,
}

impl AuditRecord<'_> {
    /// The permission that was asked for.
    pub fn permission(&self) -> Permission {
        self.request.permission()
    }

    /// The thing it was asked for, escaped and cut.
    pub fn target(&self) -> String {
        target(&self.request)
    }
}

impl fmt::Display for AuditRecord<'_> {
    /// The one sentence for people; escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Outcome::Allowed => write!(f, "{} may {}", self.subject, deed(&self.request)),
            Outcome::Denied(denied) => denied.fmt(f),
        }
    }
}

/// Where decisions go. Called in the middle of a guest's call, so it must not wait.
pub trait AuditSink: Send + Sync {
    /// Takes one decision.
    fn record(&self, record: &AuditRecord<'_>);

    /// Whether what was allowed is reported too. Denials always are.
    fn wants_allowed(&self) -> bool {
        false
    }
}

/// A decision that owns what it speaks of, for whoever keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The component that asked.
    pub component: String,
    /// Its process.
    pub pid: u64,
    /// The profile that answered.
    pub profile: String,
    /// The permission that was asked for.
    pub permission: &'static str,
    /// The thing it was asked for, escaped and cut.
    pub target: String,
    /// What decided; empty if it was allowed.
    pub rule: String,
    /// The answer.
    pub allowed: bool,
    /// The sentence for people.
    pub sentence: String,
}

impl From<&AuditRecord<'_>> for Recorded {
    fn from(record: &AuditRecord<'_>) -> Recorded {
        Recorded {
            component: record.subject.component().to_owned(),
            pid: record.subject.pid(),
            profile: record.profile.to_owned(),
            permission: record.permission().name(),
            target: record.target(),
            rule: match record.outcome {
                Outcome::Allowed => String::new(),
                Outcome::Denied(denied) => denied.rule().to_owned(),
            },
            allowed: matches!(record.outcome, Outcome::Allowed),
            sentence: record.to_string(),
        }
    }
}

/// Keeps decisions in memory, for tests and for embedders that look at them. Bounded: when it is
/// full the oldest half goes.
#[derive(Debug, Default)]
pub struct RecordingSink {
    records: Mutex<Vec<Recorded>>,
    with_allowed: bool,
}

impl RecordingSink {
    /// The most records kept at once.
    pub const RECORDS_MAX: usize = 10_000;

    /// Keeps denials.
    pub fn denials() -> RecordingSink {
        RecordingSink::default()
    }

    /// Keeps every decision.
    pub fn everything() -> RecordingSink {
        RecordingSink {
            with_allowed: true,
            ..RecordingSink::default()
        }
    }

    /// What was recorded so far, oldest first.
    pub fn records(&self) -> Vec<Recorded> {
        self.records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl AuditSink for RecordingSink {
    fn record(&self, record: &AuditRecord<'_>) {
        let recorded = Recorded::from(record);
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() >= RecordingSink::RECORDS_MAX {
            records.drain(..RecordingSink::RECORDS_MAX / 2);
        }
        records.push(recorded);
    }

    fn wants_allowed(&self) -> bool {
        self.with_allowed
    }
}
