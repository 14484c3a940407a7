//! The embedder's policy: decision functions that are asked after the profile has allowed.
//!
//! A profile is declarative and the same for the whole life of a process. What depends on more than the request (the time
//! of day, an account's balance, a person who has to agree) is for a function of the embedding program, one or more per
//! [`Permission`]. A function can take away and never add: it is asked only about what the profile allows, and of several
//! functions all must allow.
//!
//! What always holds: no lock is held while a function runs; a panic in it is a denial; a function that allows costs no
//! allocation beyond its own.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::{Permission, Profile, Request, Subject};

mod queried;

/// What a decision function answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The profile's yes stands.
    Allow,
    /// It is refused all the same.
    Deny {
        /// Why: for the guest, the log and the audit. It is escaped and cut on its way there.
        reason: String,
    },
}

impl Decision {
    /// A refusal for this reason.
    pub fn deny(reason: impl Into<String>) -> Decision {
        Decision::Deny {
            reason: reason.into(),
        }
    }
}

/// What a decision function is asked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Question<'a> {
    /// Who asks. The component of code that a process brought itself has a name of that process's choice, which may be
    /// any that is not declared: see [`Subject::is_loaded`].
    pub subject: &'a Subject,
    /// The name of the profile that allows it.
    pub profile: &'a str,
    /// What is asked for. Its text is the guest's, unescaped.
    pub request: Request<'a>,
    /// Whether the guest only wants to know (`permissions.query`): nothing will be done now, whatever the answer.
    pub is_query: bool,
}

type DecisionFn = dyn Fn(&Question<'_>) -> Decision + Send + Sync;

/// The decision functions of an embedder. The default has none and refuses nothing.
#[derive(Clone, Default)]
pub struct Policy {
    functions: Vec<(Permission, Arc<DecisionFn>)>,
}

impl Policy {
    /// Asks `function` about every request of this permission that a profile allows, what is open to relatives without
    /// a grant included.
    ///
    /// It is called on the thread that runs the guest, in the middle of its call, so it must not wait. It also answers
    /// `permissions.query` where the question is precise enough to be a request (a target is given, or the permission
    /// has none), so that a query does not promise what would be refused; a function that counts looks at
    /// [`Question::is_query`]. A panic in it refuses.
    #[must_use]
    pub fn decide(
        mut self,
        permission: Permission,
        function: impl Fn(&Question<'_>) -> Decision + Send + Sync + 'static,
    ) -> Policy {
        self.functions.push((permission, Arc::new(function)));
        self
    }

    /// Whether there is no function at all.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// Whether there is a function for this permission.
    #[inline]
    pub(crate) fn is_about(&self, permission: Permission) -> bool {
        self.functions.iter().any(|(asked, _)| *asked == permission)
    }

    /// Whether every function of the request's permission allows it; otherwise the first one's reason.
    pub(crate) fn ask(&self, question: &Question<'_>) -> Result<(), String> {
        let permission = question.request.permission();
        self.functions
            .iter()
            .filter(|(asked, _)| *asked == permission)
            .try_for_each(|(_, function)| answer(function, question))
    }

    /// Whether what a profile answers to a query with yes would also be allowed by the functions.
    pub(crate) fn confirms(
        &self,
        subject: &Subject,
        profile: &Profile,
        permission: &str,
        target: Option<&str>,
    ) -> bool {
        if self.is_empty() {
            return true;
        }
        let Some(permission) = Permission::from_name(permission) else {
            return true;
        };
        queried::all(profile, permission, target, |request| {
            let question = Question {
                subject,
                profile: profile.name(),
                request,
                is_query: true,
            };
            self.ask(&question).is_ok()
        })
    }
}

fn answer(function: &Arc<DecisionFn>, question: &Question<'_>) -> Result<(), String> {
    // A panic leaves behind whatever the embedder's own state is; of ours nothing is shared with the function.
    match catch_unwind(AssertUnwindSafe(|| function(question))) {
        Ok(Decision::Allow) => Ok(()),
        Ok(Decision::Deny { reason }) => Err(reason),
        Err(_panic) => Err("the decision function panicked".to_owned()),
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.functions.iter().map(|(permission, _)| permission))
            .finish()
    }
}

#[cfg(test)]
mod tests;
