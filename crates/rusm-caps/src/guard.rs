//! The reference monitor of one process.
//!
//! Every effect of a guest asks its guard. `check` decides, writes the audit record, and hands
//! the resolved thing back inside a [`Permit`], which nothing else can make: what was checked is
//! what is used. Where the profile says yes, the embedder's [`Policy`] has the last word.
//!
//! Locking: none while the profile is as it was given, so that a process which asks for every message writes
//! to nothing that another core reads. Once something was given up, one lock around what is left, held for the
//! profile's decision only. The policy and the sink are called without it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::decide::allows;
use crate::escape::quoted;
use crate::query::query;
use crate::{
    AuditRecord, AuditSink, Denied, Limits, Outcome, Permission, Policy, Profile, Question, Request,
};

/// Who asks: the process that a guard belongs to.
#[derive(Clone)]
pub struct Subject {
    component: Arc<str>,
    pid: u64,
    pid_text: PidText,
    is_loaded: bool,
}

/// How a process's number is written for people.
#[derive(Clone, Copy, Debug)]
pub enum PidText {
    /// This is it.
    Text(&'static str),
    /// Written when somebody reads it: most processes are never spoken of.
    Of(fn(u64) -> String),
}

impl From<&'static str> for PidText {
    fn from(text: &'static str) -> PidText {
        PidText::Text(text)
    }
}

impl Subject {
    /// The process of that number, printed as `pid_text`, that runs the component. 0 is a process
    /// that has no number yet.
    pub fn new(component: impl Into<Arc<str>>, pid: u64, pid_text: impl Into<PidText>) -> Subject {
        Subject {
            component: component.into(),
            pid,
            pid_text: pid_text.into(),
            is_loaded: false,
        }
    }

    /// The same process, whose code was brought by another: that one chose the component's name.
    #[must_use]
    pub fn of_loaded_code(self) -> Subject {
        Subject {
            is_loaded: true,
            ..self
        }
    }

    /// Whether its code was brought by a process, under a name of that process's choice.
    pub fn is_loaded(&self) -> bool {
        self.is_loaded
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
    pub fn pid_text(&self) -> Cow<'static, str> {
        match self.pid_text {
            PidText::Text(text) => text.into(),
            PidText::Of(write) => write(self.pid).into(),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("component", &self.component)
            .field("pid", &self.pid_text())
            .field("is_loaded", &self.is_loaded)
            .finish()
    }
}

impl fmt::Display for Subject {
    /// `api (pid 0.7.12)`, with the component's name escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.component))?;
        match self.pid {
            0 => f.write_str(" (not started)"),
            _ => write!(f, " (pid {})", self.pid_text().trim_matches(['<', '>'])),
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
    /// As it was given. In force until something is given up, which changes neither its name nor its limits.
    given: Arc<Profile>,
    /// What is in force from then on.
    narrowed: RwLock<Option<Arc<Profile>>>,
    /// Whether something was given up: set once `narrowed` is, and never taken back.
    is_narrowed: AtomicBool,
    subject: Subject,
    sink: Arc<dyn AuditSink>,
    policy: Arc<Policy>,
}

impl Guard {
    /// A guard that answers from the profile, on behalf of the subject.
    pub fn new(profile: Arc<Profile>, subject: Subject, sink: Arc<dyn AuditSink>) -> Guard {
        Guard::with_policy(profile, subject, sink, Arc::default())
    }

    /// The same, under a policy that can refuse what the profile allows.
    pub fn with_policy(
        profile: Arc<Profile>,
        subject: Subject,
        sink: Arc<dyn AuditSink>,
        policy: Arc<Policy>,
    ) -> Guard {
        Guard {
            shared: Arc::new(Shared {
                given: profile,
                narrowed: RwLock::new(None),
                is_narrowed: AtomicBool::new(false),
                subject,
                sink,
                policy,
            }),
        }
    }

    /// Asks for `request`; `resolved` is what will be used if it is allowed.
    ///
    /// A denial is recorded. What is allowed is recorded if the sink wants it, and otherwise
    /// allocates nothing.
    #[inline]
    pub fn check<T>(&self, request: Request<'_>, resolved: T) -> Result<Permit<T>, Denied> {
        if self.is_plain_yes(&request) {
            return Ok(Permit { resolved });
        }
        self.judge_and_tell(request).map(|()| Permit { resolved })
    }

    /// Whether the profile allows it, no decision function may say otherwise, and nobody wants to hear of it.
    #[inline]
    fn is_plain_yes(&self, request: &Request<'_>) -> bool {
        let Shared { sink, policy, .. } = &*self.shared;
        policy.is_empty()
            && self.in_force(|profile| allows(profile, request))
            && !sink.wants_allowed()
    }

    fn judge_and_tell(&self, request: Request<'_>) -> Result<(), Denied> {
        let verdict = self.judge(&request);
        let outcome = match &verdict {
            Ok(()) if !self.shared.sink.wants_allowed() => return Ok(()),
            Ok(()) => Outcome::Allowed,
            Err(denied) => Outcome::Denied(denied),
        };
        self.shared.sink.record(&AuditRecord {
            subject: &self.shared.subject,
            profile: self.shared.given.name(),
            request,
            outcome,
        });
        verdict
    }

    /// The profile first, and what it allows the policy.
    fn judge(&self, request: &Request<'_>) -> Result<(), Denied> {
        let Shared {
            given,
            subject,
            policy,
            ..
        } = &*self.shared;
        let refusing =
            self.in_force(|profile| (!allows(profile, request)).then(|| Arc::clone(profile)));
        if let Some(profile) = refusing {
            return Err(Denied::new(&profile, request).of(subject));
        }
        let question = Question {
            subject,
            profile: given.name(),
            request: *request,
            is_query: false,
        };
        policy
            .ask(&question)
            .map_err(|reason| Denied::by_policy(request, &reason).of(subject))
    }

    /// Whether the permission is held, for that target or at all. Records nothing; an unknown
    /// permission is not held. What the profile answers with yes, the policy is asked as well, as
    /// far as the question is precise enough ([`Policy::decide`]).
    pub fn query(&self, permission: &str, target: Option<&str>) -> bool {
        let (profile, policy) = (self.profile(), &self.shared.policy);
        query(&profile, permission, target)
            && policy.confirms(self.subject(), &profile, permission, target)
    }

    /// Gives a permission up for good. False if there is no such permission.
    pub fn drop_permission(&self, permission: &str) -> bool {
        let Shared {
            given,
            narrowed,
            is_narrowed,
            ..
        } = &*self.shared;
        let mut narrowed = narrowed.write().unwrap_or_else(PoisonError::into_inner);
        match narrowed.as_ref().unwrap_or(given).revoke(permission) {
            Some(narrower) => {
                *narrowed = Some(Arc::new(narrower));
                // Release pairs with the Acquire in `in_force`; the lock is still held, so who sees it waits for it.
                is_narrowed.store(true, Ordering::Release);
                true
            }
            None => false,
        }
    }

    /// Whether decision functions are asked about this permission: then what a profile does not look at counts too.
    #[inline]
    pub fn is_decided(&self, permission: Permission) -> bool {
        self.shared.policy.is_about(permission)
    }

    /// The profile as it is now.
    pub fn profile(&self) -> Arc<Profile> {
        self.in_force(Arc::clone)
    }

    /// Looks at the profile as it is now, without keeping it: cheaper where a message would pay for it. `look` must not
    /// ask a guard of the same process.
    #[inline]
    pub fn with_profile<R>(&self, look: impl FnOnce(&Profile) -> R) -> R {
        self.in_force(|profile| look(profile))
    }

    /// The profile as it was given; the process may have given up some of what it grants.
    pub fn given(&self) -> &Arc<Profile> {
        &self.shared.given
    }

    /// The bounds of the profile, which hold for the process's whole life.
    pub fn limits(&self) -> &Limits {
        self.shared.given.limits()
    }

    #[inline]
    fn in_force<R>(&self, look: impl FnOnce(&Arc<Profile>) -> R) -> R {
        let Shared {
            given,
            narrowed,
            is_narrowed,
            ..
        } = &*self.shared;
        if !is_narrowed.load(Ordering::Acquire) {
            return look(given);
        }
        let narrowed = narrowed.read().unwrap_or_else(PoisonError::into_inner);
        look(narrowed.as_ref().unwrap_or(given))
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
            .field("profile", &self.shared.given.name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
