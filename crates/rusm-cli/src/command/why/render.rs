//! An answer as people read it, and as JSON.

use super::answer::{Answer, Point, Rule};
use crate::visible::visible;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

impl Answer<'_> {
    /// Each verdict with its rules, then the chain of profiles.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        let has_limit = self.is_about_a_limit();
        for point in &self.points {
            let word = match point.is_allowed {
                _ if has_limit => "",
                true => "yes: ",
                false => "no: ",
            };
            line(&mut text, &format!("{word}{}", visible(&point.sentence)));
            self.put_point(&mut text, point);
        }
        put(&mut text, "profile", &self.chain());
        put(&mut text, "because", &self.choice());
        text
    }

    fn put_point(&self, text: &mut String, point: &Point) {
        let label = if point.is_allowed { "rule" } else { "decides" };
        for rule in &point.rules {
            put(text, label, &self.told(rule));
        }
        for rule in &point.replaced {
            put(text, "replaces", &self.told(rule));
        }
        for note in &point.notes {
            put(text, "note", note);
        }
    }

    fn is_about_a_limit(&self) -> bool {
        rusm_caps::Permission::from_name(&self.about).is_none()
    }

    /// `allow-network: "public:443" (rusm.toml:9, [capabilities.web])`
    fn told(&self, rule: &Rule) -> String {
        let place = match rule.line {
            Some(line) => format!(
                "{}:{line}, [capabilities.{}]",
                self.origins.file_name(),
                rule.profile
            ),
            None => format!("{}, built in", rule.profile),
        };
        format!("{} = {} ({place})", rule.key, rule.typed)
    }

    /// `web (line 12) inherits network-client (built in) inherits sandboxed (built in)`
    fn chain(&self) -> String {
        let steps = self.lineage.iter().map(|step| match step.line {
            Some(line) => format!("{} (line {line})", step.profile),
            None => format!("{} (built in)", step.profile),
        });
        steps.collect::<Vec<_>>().join(" inherits ")
    }

    /// Why the component runs under this profile.
    fn choice(&self) -> String {
        let name = &self.component.name;
        let table = self.origins.component(name);
        let at = |key: &str| {
            let origin = table?.keys.get(key)?;
            Some(self.origins.line(&origin.key))
        };
        let line = |key: &str| at(key).map_or_else(String::new, |line| format!(" (line {line})"));
        let profile = self.profile.name();
        if profile != self.component.profile.name() {
            return format!(
                "a spawner may choose '{profile}' for {name}{}",
                line("profiles")
            );
        }
        match (&self.component.unknown_profile, at("capability")) {
            (Some(unknown), _) => format!(
                "{name} names the profile '{unknown}'{}, which does not exist, and so runs {profile}",
                line("capability")
            ),
            (None, Some(line)) => format!("{name} runs under '{profile}' (line {line})"),
            (None, None) => format!("{name} has no `capability`, and so runs {profile}"),
        }
    }

    pub(super) fn to_json(&self, manifest: &Path) -> Value {
        let rule = |rule: &Rule| {
            json!({
                "key": rule.key, "typed": rule.typed, "profile": rule.profile,
                "line": rule.line, "built_in": rule.line.is_none(),
            })
        };
        let rules = |rules: &[Rule]| rules.iter().map(rule).collect::<Vec<_>>();
        let points = self.points.iter().map(|point| {
            json!({
                "allowed": point.is_allowed, "text": point.sentence, "rules": rules(&point.rules),
                "replaces": rules(&point.replaced), "notes": point.notes,
            })
        });
        let lineage = self.lineage.iter().map(|step| {
            json!({ "profile": step.profile, "line": step.line, "built_in": step.line.is_none() })
        });
        json!({
            "allowed": self.is_allowed(), "component": self.component.name,
            "profile": self.profile.name(), "permission": self.about, "target": self.target,
            "manifest": manifest.display().to_string(),
            "answers": points.collect::<Vec<_>>(), "inheritance": lineage.collect::<Vec<_>>(),
        })
    }
}

fn put(text: &mut String, label: &str, value: &str) {
    line(text, &format!("  {label:<9}{}", visible(value)));
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{content}").expect("writing to a string does not fail");
}
