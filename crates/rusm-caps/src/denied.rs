//! A denial: a typed answer that says who, what, which rule, and what would allow it.
//!
//! Its `Display` is the one sentence that the log and the audit show:
//! `api (pid 0.7.12) may not connect to db.example:5432: profile 'web' allows api.example.com:443. To
//! allow it: allow-network = ["db.example:5432"] under [capabilities.web]`.
//! Every piece of text that a guest chose is escaped here, once, before it is kept.

mod held;
mod remedy;
mod words;

pub(crate) use words::{deed, target};

use std::fmt;

use thiserror::Error;

use self::held::held;
use self::remedy::remedy;
use crate::escape::printable;
use crate::{Profile, Request, Subject};

/// A refusal by a process's own profile.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct Denied {
    /// The permission that was asked for.
    pub permission: &'static str,
    /// The thing it was asked for, escaped and cut.
    pub target: String,
    /// The manifest line that would allow it, or why none can.
    pub help: String,
    who: Option<Box<str>>,
    claim: Claim,
    /// Whether `help` is something to do.
    advises: bool,
}

/// `may not connect to ...: profile 'web' allows ...`
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    deed: Box<str>,
    /// None when no profile decided.
    rule: Option<Box<str>>,
}

impl From<String> for Claim {
    fn from(deed: String) -> Claim {
        Claim {
            deed: deed.into(),
            rule: None,
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.deed)?;
        match &self.rule {
            Some(rule) => write!(f, ": {rule}"),
            None => Ok(()),
        }
    }
}

impl Denied {
    pub(crate) fn new(profile: &Profile, request: &Request<'_>) -> Denied {
        let permission = request.permission();
        let remedy = remedy(profile, request);
        let held = held(profile, request);
        let rule = format!("profile {} allows {held}", named(profile.name()));
        let claim = Claim {
            deed: format!("may not {}", deed(request)).into(),
            rule: Some(rule.into()),
        };
        Denied {
            permission: permission.name(),
            target: target(request),
            who: None,
            claim,
            advises: remedy.is_ok(),
            help: remedy.unwrap_or_else(str::to_owned),
        }
    }

    /// What decided: what the profile allows of the permission, or whoever else refused it.
    pub fn rule(&self) -> &str {
        self.claim.rule.as_deref().unwrap_or(&self.help)
    }

    /// The same denial with the process it concerns.
    pub(crate) fn of(self, subject: &Subject) -> Denied {
        Denied {
            who: Some(subject.to_string().into()),
            ..self
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.who.as_deref().unwrap_or("the process");
        let advice = if self.advises { "To allow it: " } else { "" };
        write!(f, "{who} {}. {advice}{}", self.claim, self.help)
    }
}

/// A name in single quotes, always.
fn named(name: &str) -> String {
    format!("'{}'", printable(name).replace('\'', "\\'"))
}

#[cfg(test)]
mod tests;
