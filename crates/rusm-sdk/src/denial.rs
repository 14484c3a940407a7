//! A refusal by the process's own profile: [`Denial`].

use std::fmt;

/// The profile of this process does not grant what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The grant asked for, by its manifest name without `allow-`, such as `spawn`.
    pub permission: String,
    /// What it was asked for: a component, a process, a bucket.
    pub target: String,
    /// The manifest line that would allow it.
    pub help: String,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            permission,
            target,
            help,
        } = self;
        write!(f, "'{permission}' does not cover '{target}'")?;
        if help.is_empty() {
            Ok(())
        } else {
            write!(f, "; to allow it: {help}")
        }
    }
}

impl std::error::Error for Denial {}
