//! The reference monitor of one process.
//!
//! Every effect of a guest asks its guard. `check` decides, writes the audit record, and hands
//! the resolved thing back inside a [`Permit`], which nothing else can make: what was checked is
//! what is used.
//!
//! Locking: one lock around the profile's `Arc`, held for the decision only. The sink is called
//! without it.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use crate::decide::allows;
use crate::escape::quoted;
use crate::query::query;
use crate::{AuditRecord, AuditSink, Denied, Outcome, Profile, Request};

/// Who asks: the process that a guard belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    component: Arc<str>,
    pid: u64,
    pid_text: Arc<str>,
}

impl Subject {
    /// The process of that number, printed as `pid_text`, that runs the component. 0 is a process
    /// that has no number yet.
    pub fn new(component: impl Into<Arc<str>>, pid: u64, pid_text: impl Into<Arc<str>>) -> Subject {
        Subject {
            component: component.into(),
            pid,
            pid_text: pid_text.into(),
        }
    }

    /// The component that it runs.
    pub fn component(&self) -> &str {
        &self.component
    }

    /// Its number.
    pub fn pid(&self) -> u64 {
        self.pid
    }

    /// Its number as people read it.
    pub fn pid_text(&self) -> &str {
        &self.pid_text
    }
}

impl fmt::Display for Subject {
    /// `api (pid 0.7.12)`, with the component's name escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.component))?;
        match self.pid {
            0 => f.write_str(" (not started)"),
            _ => write!(f, " (pid {})", self.pid_text.trim_matches(['<', '>'])),
        }
    }
}

/// Proof that a request was allowed, with the thing that it was allowed for.
#[derive(Debug)]
#[must_use = "a permit is there to be used: do what was allowed with what is in it"]
pub struct Permit<T> {
    resolved: T,
}

impl<T> Permit<T> {
    /// The thing, at the moment of its use.
    pub fn into_inner(self) -> T {
        self.resolved
    }
}

impl<T> Deref for Permit<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.resolved
    }
}

/// A profile in use by one process. Clones are the same guard.
#[derive(Clone)]
pub struct Guard {
    shared: Arc<Shared>,
}

struct Shared {
    profile: RwLock<Arc<Profile>>,
    subject: Subject,
    sink: Arc<dyn AuditSink>,
}

impl Guard {
    /// A guard that answers from the profile, on behalf of the subject.
    pub fn new(profile: Arc<Profile>, subject: Subject, sink: Arc<dyn AuditSink>) -> Guard {
        Guard {
            shared: Arc::new(Shared {
                profile: RwLock::new(profile),
                subject,
                sink,
            }),
        }
    }

    /// Asks for `request`; `resolved` is what will be used if it is allowed.
    ///
    /// A denial is recorded. What is allowed is recorded if the sink wants it, and otherwise
    /// allocates nothing.
    pub fn check<T>(&self, request: Request<'_>, resolved: T) -> Result<Permit<T>, Denied> {
        let Shared {
            profile,
            subject,
            sink,
        } = &*self.shared;
        let current = {
            let current = profile.read().unwrap_or_else(PoisonError::into_inner);
            if allows(&current, &request) && !sink.wants_allowed() {
                return Ok(Permit { resolved });
            }
            Arc::clone(&current)
        };
        let record = |outcome| {
            sink.record(&AuditRecord {
                subject,
                profile: current.name(),
                request,
                outcome,
            })
        };
        if allows(&current, &request) {
            record(Outcome::Allowed);
            return Ok(Permit { resolved });
        }
        let denied = Denied::new(&current, &request).of(subject);
        record(Outcome::Denied(&denied));
        Err(denied)
    }

    /// Whether the permission is held, for that target or at all. Answers from the profile and
    /// records nothing; an unknown permission is not held.
    pub fn query(&self, permission: &str, target: Option<&str>) -> bool {
        query(&self.profile(), permission, target)
    }

    /// Gives a permission up for good. False if there is no such permission.
    pub fn drop_permission(&self, permission: &str) -> bool {
        let mut profile = self
            .shared
            .profile
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match profile.revoke(permission) {
            Some(narrower) => {
                *profile = Arc::new(narrower);
                true
            }
            None => false,
        }
    }

    /// The profile as it is now.
    pub fn profile(&self) -> Arc<Profile> {
        Arc::clone(
            &self
                .shared
                .profile
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Who asks.
    pub fn subject(&self) -> &Subject {
        &self.shared.subject
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("subject", self.subject())
            .field("profile", &self.profile().name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
