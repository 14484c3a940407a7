//! The answers of a report: [`Answer`], and how refusals become one.

use std::fmt;
use std::io;

use rusm_sdk::Denial;
use rusm_sdk::kv::KvError;
use rusm_sdk::mailbox::{CallError, SendError};
use rusm_sdk::registry::NameError;
use rusm_sdk::spawner::SpawnError;

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done; with what was answered, which may be nothing.
    Ok(String),
    /// Refused by the profile, for want of this permission.
    Denied(String),
    /// Not done, for another reason.
    Error(String),
}

impl Answer {
    pub(crate) fn done() -> Self {
        Self::Ok(String::new())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(text) if text.is_empty() => f.write_str("ok"),
            Self::Ok(text) => write!(f, "ok:{text}"),
            Self::Denied(permission) => write!(f, "denied:{permission}"),
            Self::Error(text) => write!(f, "error:{text}"),
        }
    }
}

/// An error that may be a refusal.
pub(crate) trait Refusal: fmt::Display {
    /// The permission that was lacking, if that is what it is.
    fn permission(&self) -> Option<String>;
}

impl Refusal for Denial {
    fn permission(&self) -> Option<String> {
        Some(self.permission.clone())
    }
}

/// The four error types that carry a denial as one of their variants.
macro_rules! may_be_denied {
    ($($error:ident),*) => {
        $(impl Refusal for $error {
            fn permission(&self) -> Option<String> {
                if let Self::Denied(denial) = self { denial.permission() } else { None }
            }
        })*
    };
}

may_be_denied!(SendError, CallError, SpawnError, KvError);

impl Refusal for NameError {
    fn permission(&self) -> Option<String> {
        None
    }
}

/// WASI says no in three ways: access denied, capabilities insufficient, and no folder to begin at.
impl Refusal for io::Error {
    fn permission(&self) -> Option<String> {
        /// `ENOTCAPABLE` of preview 1, which its C library uses on preview 2 too.
        const NOT_CAPABLE: i32 = 76;
        let refused = self.kind() == io::ErrorKind::PermissionDenied
            || self.raw_os_error() == Some(NOT_CAPABLE)
            || self.to_string().contains("pre-opened");
        refused.then(|| "wasi".into())
    }
}

/// The answer of something that may fail.
pub(crate) fn answer<T, E: Refusal>(
    result: Result<T, E>,
    show: impl FnOnce(T) -> String,
) -> Answer {
    match result {
        Ok(value) => Answer::Ok(show(value)),
        Err(error) => match error.permission() {
            Some(permission) => Answer::Denied(permission),
            None => Answer::Error(error.to_string()),
        },
    }
}

/// The same where success says nothing more.
pub(crate) fn done<T, E: Refusal>(result: Result<T, E>) -> Answer {
    answer(result, |_| String::new())
}
