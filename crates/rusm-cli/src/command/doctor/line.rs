//! One line of the doctor's report.

use crate::visible::visible;
use serde_json::{Value, json};
use std::fmt;

/// Whether it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Ok,
    Partly,
    No,
}

/// What was looked at, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) standing: Standing,
    /// What the machine has.
    pub(super) found: String,
    /// What that means for a node.
    pub(super) means: &'static str,
    /// What would make it better.
    help: Option<String>,
    /// Whether a node cannot do without.
    is_needed: bool,
}

impl Line {
    pub(super) fn new(
        name: &'static str,
        standing: Standing,
        found: impl Into<String>,
        means: &'static str,
    ) -> Self {
        Self {
            name,
            standing,
            found: found.into(),
            means,
            help: None,
            is_needed: false,
        }
    }

    /// What would help, unless all is well.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        let help = (self.standing != Standing::Ok).then(|| help.into());
        Self { help, ..self }
    }

    /// A node cannot do without.
    pub(super) fn needed(self) -> Self {
        Self {
            is_needed: true,
            ..self
        }
    }

    pub(super) fn is_failure(&self) -> bool {
        self.is_needed && self.standing == Standing::No
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "state": self.standing.name(),
            "needed": self.is_needed,
            "found": self.found,
            "means": self.means,
            "help": self.help,
        })
    }
}

impl Standing {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partly => "partly",
            Self::No => "no",
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, found) = (self.standing.name(), visible(&self.found));
        writeln!(f, "{state:<7} {}: {found}", self.name)?;
        writeln!(f, "        {}", self.means)?;
        match &self.help {
            Some(help) => writeln!(f, "        help: {}", visible(help)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only what a node cannot do without is a failure, and what is well needs no help.
    #[test]
    fn only_what_is_needed_fails() {
        let line = |standing| Line::new("x", standing, "found\x1b", "means").help("do that");
        assert!(!line(Standing::No).is_failure());
        assert!(line(Standing::No).needed().is_failure());
        assert!(!line(Standing::Partly).needed().is_failure());
        assert_eq!(
            line(Standing::Ok).to_string(),
            "ok      x: found\\u{1b}\n        means\n"
        );
        assert_eq!(line(Standing::No).to_json()["help"], Value::from("do that"));
    }
}
