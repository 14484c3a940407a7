//! Which records are shown.

use crate::args::FilterArgs;
use rusm_audit::{Entry, stamp};

/// What a record must be. Stamps are compared as text, which sorts as their times do.
#[derive(Clone, Debug)]
pub(super) struct Filter<'a> {
    args: &'a FilterArgs,
    since: Option<String>,
    until: Option<String>,
}

impl<'a> Filter<'a> {
    pub(super) fn of(args: &'a FilterArgs) -> Self {
        Self {
            args,
            since: args.since.map(stamp),
            until: args.until.map(stamp),
        }
    }

    pub(super) fn matches(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<String>, field: &str| {
            wanted.is_none() || wanted.as_deref() == entry.text(field)
        };
        let is_one_of = |wanted: &[String], found: Option<&str>| {
            wanted.is_empty()
                || found.is_some_and(|found| wanted.iter().any(|wanted| wanted == found))
        };
        is(&self.args.component, "component")
            && is(&self.args.pid, "pid")
            && is_one_of(&self.args.kind, Some(&entry.kind))
            && is_one_of(&self.args.permission, entry.text("permission"))
            && self.since.as_ref().is_none_or(|since| *since <= entry.time)
            && self.until.as_ref().is_none_or(|until| entry.time < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn matches(typed: &str, entry: &str) -> bool {
        let words = ["rusm", "audit"]
            .into_iter()
            .chain(typed.split_whitespace());
        let Command::Audit(args) = Cli::try_parse_from(words).unwrap().command else {
            panic!("another command");
        };
        Filter::of(&args.filter).matches(&Entry::parse(entry.as_bytes()).unwrap())
    }

    const DENIAL: &str = r#"{"seq":2,"prev":"","time":"2026-11-21T10:00:00.123Z","kind":"denial","component":"api","pid":"0.7.12","permission":"network"}"#;
    const STOP: &str = r#"{"seq":3,"prev":"","time":"2026-11-21T10:00:00.123Z","kind":"stop","reason":"finished"}"#;

    /// Every word narrows, several of one kind widen; a record without the field is none of those asked for.
    #[test]
    fn every_word_narrows() {
        for typed in [
            "",
            "--component api",
            "--pid 0.7.12",
            "--pid <0.7.12>",
            "--kind denial",
            "--kind exit --kind denial",
            "--permission network",
            "--since 2026-11-21",
            "--until 2026-11-22",
            "--since 2026-11-21T10:00:00.123",
            "--component api --kind denial --permission network",
        ] {
            assert!(matches(typed, DENIAL), "{typed}");
        }
        for typed in [
            "--component ap",
            "--pid 0.7.1",
            "--kind exit",
            "--permission files",
            "--since 2026-11-21T10:00:01",
            "--until 2026-11-21T10:00:00.123",
            "--component api --kind exit",
        ] {
            assert!(!matches(typed, DENIAL), "{typed}");
        }
        assert!(matches("--kind stop", STOP));
        assert!(!matches("--component api", STOP) && !matches("--permission network", STOP));
    }
}
