//! What a check finds, for people and as JSON.

use super::fix::Fixed;
use crate::report::{Console, Kind};
use crate::visible::visible;
use rusm_manifest::{Change, Diagnostic, Edit, Severity};
use serde_json::{Value, json};
use std::path::Path;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Note,
    Warning,
    Error,
}

/// What part of the app it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Manifest,
    /// Folders, variables, `.env`.
    Environment,
    Build,
    Code,
    /// What code can use compared with what its profile grants.
    Grants,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    level: Level,
    about: About,
    component: Option<String>,
    text: Text,
    help: Option<String>,
    /// The change of the manifest that settles it.
    fix: Option<Edit>,
}

#[derive(Clone, Debug, PartialEq)]
enum Text {
    Sentence(String),
    /// Another report, laid out already.
    LaidOut(String),
    Diagnostic(Box<Diagnostic>),
}

impl Finding {
    pub(super) fn error(about: About, text: impl Into<String>) -> Self {
        Self::new(Level::Error, about, Text::Sentence(text.into()))
    }

    pub(super) fn warning(about: About, text: impl Into<String>) -> Self {
        Self::new(Level::Warning, about, Text::Sentence(text.into()))
    }

    pub(super) fn note(about: About, text: impl Into<String>) -> Self {
        Self::new(Level::Note, about, Text::Sentence(text.into()))
    }

    pub(super) fn laid_out(about: About, text: String) -> Self {
        Self::new(Level::Error, about, Text::LaidOut(text))
    }

    pub(super) fn of_diagnostic(diagnostic: &Diagnostic) -> Self {
        let level = match diagnostic.severity() {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
            Severity::Note => Level::Note,
        };
        Self::new(
            level,
            About::Manifest,
            Text::Diagnostic(Box::new(diagnostic.clone())),
        )
    }

    fn new(level: Level, about: About, text: Text) -> Self {
        Self {
            level,
            about,
            component: None,
            text,
            help: None,
            fix: None,
        }
    }

    pub(super) fn of_component(self, component: &str) -> Self {
        Self {
            component: Some(component.to_owned()),
            ..self
        }
    }

    pub(super) fn about(self, about: About) -> Self {
        Self { about, ..self }
    }

    pub(super) fn with_fix(self, fix: Edit) -> Self {
        Self {
            fix: Some(fix),
            ..self
        }
    }

    pub(super) fn with_help(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }

    fn print(&self, console: Console) {
        let (name, code) = match self.level {
            Level::Error => ("error:", "1;31"),
            Level::Warning => ("warning:", "1;33"),
            Level::Note => ("note:", "1;36"),
        };
        match &self.text {
            Text::Diagnostic(diagnostic) => console.diagnostic(diagnostic),
            Text::LaidOut(text) => console.print(text),
            Text::Sentence(text) => {
                let who = self
                    .component
                    .as_ref()
                    .map(|name| format!("component '{name}': "))
                    .unwrap_or_default();
                let line = format!(
                    "{} {}\n",
                    console.colour.paint(code, name),
                    visible(&format!("{who}{text}"))
                );
                console.print(&line);
            }
        }
        if let Some(help) = &self.help {
            console.print(&format!(
                "{} {}\n",
                console.colour.paint("1;32", "help:"),
                visible(help)
            ));
        }
    }

    fn to_json(&self) -> Value {
        let severity = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        let about = match self.about {
            About::Manifest => "manifest",
            About::Environment => "environment",
            About::Build => "build",
            About::Code => "code",
            About::Grants => "grants",
        };
        let (message, help, line, column) = match &self.text {
            Text::Sentence(text) | Text::LaidOut(text) => {
                (text.trim_end(), self.help.as_deref(), None, None)
            }
            Text::Diagnostic(found) => (
                found.message(),
                found.hint(),
                Some(found.line()),
                Some(found.column()),
            ),
        };
        let fix = self.fix.as_ref().map(|edit| {
            let to = match &edit.change {
                Change::Remove => None,
                Change::Set(value) => Some(value),
            };
            json!({ "key": edit.path.join("."), "to": to })
        });
        json!({
            "severity": severity, "about": about, "component": self.component,
            "message": message, "help": help, "line": line, "column": column, "fix": fix,
        })
    }

    #[cfg(test)]
    pub(super) fn fix_in_tests(&self) -> Option<Edit> {
        self.fix.clone()
    }

    /// `message (help) [key change]`
    #[cfg(test)]
    pub(super) fn told_in_tests(&self) -> String {
        let json = self.to_json();
        let mut told = format!(
            "{} ({})",
            json["message"].as_str().unwrap(),
            json["help"].as_str().unwrap()
        );
        if let Some(key) = json["fix"]["key"].as_str() {
            told += &format!(" [{key} {}]", json["fix"]["to"].as_str().unwrap_or("-"));
        }
        told
    }

    /// The exit code that it alone would cause.
    fn kind(&self) -> Kind {
        match self.about {
            About::Manifest | About::Environment => Kind::Manifest,
            About::Build | About::Code | About::Grants => Kind::NotStarted,
        }
    }
}

/// Everything that was found, in the order in which it was.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    pub(super) fn extend(&mut self, findings: impl Iterator<Item = Finding>) {
        self.0.extend(findings);
    }

    /// Takes out every finding whose change is made; how many they are.
    pub(super) fn settle(&mut self, mut make: impl FnMut(&Edit) -> bool) -> usize {
        let n_before = self.0.len();
        self.0
            .retain(|finding| !finding.fix.as_ref().is_some_and(&mut make));
        n_before - self.0.len()
    }

    pub(super) fn any_about(&self, about: About) -> bool {
        self.0.iter().any(|finding| finding.about == about)
    }

    /// The kind of failure, if there is an error: the manifest's comes first, for it is mended first.
    pub(super) fn worst(&self) -> Option<Kind> {
        let kinds = || self.errors().map(Finding::kind);
        kinds()
            .find(|kind| *kind == Kind::Manifest)
            .or_else(|| kinds().next())
    }

    fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.0
            .iter()
            .filter(|finding| finding.level == Level::Error)
    }

    pub(super) fn print(&self, console: Console) {
        for finding in &self.0 {
            finding.print(console);
        }
    }

    /// The last line: how many of each.
    pub(super) fn summary(&self, app: &str) -> String {
        let of = |level: Level, one: &str| {
            let n = self
                .0
                .iter()
                .filter(|finding| finding.level == level)
                .count();
            format!("{n} {one}{}", if n == 1 { "" } else { "s" })
        };
        let verdict = if self.errors().next().is_none() {
            "can start"
        } else {
            "cannot start as it is"
        };
        let (errors, warnings, notes) = (
            of(Level::Error, "error"),
            of(Level::Warning, "warning"),
            of(Level::Note, "note"),
        );
        format!(
            "{}: {verdict} ({errors}, {warnings}, {notes})\n",
            visible(app)
        )
    }

    /// The findings for programs; `fixed` is null unless changes were asked for.
    pub(super) fn to_json(
        &self,
        manifest: &Path,
        app: Option<&str>,
        fixed: Option<&Fixed>,
    ) -> Value {
        let findings: Vec<Value> = self.0.iter().map(Finding::to_json).collect();
        let is_ok = self.errors().next().is_none();
        let fixed = fixed.map(|fixed| {
            json!({ "settled": fixed.n_settled, "written": !fixed.is_dry && fixed.n_settled > 0, "diff": fixed.diff })
        });
        json!({
            "ok": is_ok, "app": app, "manifest": manifest.display().to_string(),
            "findings": findings, "fixed": fixed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only errors fail a check, and an error of the manifest decides the exit code.
    #[test]
    fn the_worst_decides() {
        let mut findings = Findings::default();
        findings.push(Finding::note(About::Grants, "n"));
        findings.push(Finding::warning(About::Environment, "w"));
        assert_eq!(findings.worst(), None);
        findings.push(Finding::error(About::Code, "e"));
        assert_eq!(findings.worst(), Some(Kind::NotStarted));
        findings.push(Finding::error(About::Manifest, "m"));
        assert_eq!(findings.worst(), Some(Kind::Manifest));
        assert_eq!(
            findings.summary("app"),
            "app: cannot start as it is (2 errors, 1 warning, 1 note)\n"
        );
    }

    /// JSON says for each finding how bad it is, what it is about and whom it concerns.
    #[test]
    fn findings_are_json() {
        let mut findings = Findings::default();
        findings.push(Finding::error(About::Code, "broken").of_component("api"));
        let json = findings.to_json(Path::new("rusm.toml"), Some("orders"), None);
        assert_eq!(json["ok"], false);
        assert_eq!(json["findings"][0]["component"], "api");
        assert_eq!(json["findings"][0]["about"], "code");
        assert_eq!(json["findings"][0]["line"], Value::Null);
    }
}
