//! The answer as data: verdicts, and for each what decides it and where that was written.

use rusm_caps::{Entry, Explanation, Permission, Profile, Verdict, entries, limit_text};
use rusm_manifest::{ComponentDecl, Manifest, Origin, Origins};
use std::net::{IpAddr, SocketAddr};

/// Everything that is told about one question.
pub(super) struct Answer<'m> {
    pub(super) component: &'m ComponentDecl,
    pub(super) profile: &'m Profile,
    pub(super) origins: &'m Origins,
    /// The permission or the limit that was asked about.
    pub(super) about: String,
    pub(super) points: Vec<Point>,
    pub(super) target: Option<&'m str>,
    /// The profile and those it inherits from, the nearest first.
    pub(super) lineage: Vec<Step>,
}

/// One verdict and what it rests on.
pub(super) struct Point {
    /// The sentence behind "yes:" or "no:".
    pub(super) sentence: String,
    pub(super) is_allowed: bool,
    /// What decides it, the entries of a list one by one.
    pub(super) rules: Vec<Rule>,
    /// What the deciding table says instead of other tables.
    pub(super) replaced: Vec<Rule>,
    /// What else is worth knowing.
    pub(super) notes: Vec<String>,
}

/// Something that was written, or is built in.
pub(super) struct Rule {
    /// The manifest key.
    pub(super) key: String,
    /// How it was typed; what a built-in profile says is put into the same form.
    pub(super) typed: String,
    pub(super) profile: String,
    /// None: it is built in.
    pub(super) line: Option<usize>,
}

/// One profile of the chain.
pub(super) struct Step {
    pub(super) profile: String,
    /// None: it is built in.
    pub(super) line: Option<usize>,
}

impl<'m> Answer<'m> {
    pub(super) fn of_permission(
        manifest: &'m Manifest,
        component: &'m ComponentDecl,
        profile: &'m Profile,
        permission: Permission,
        target: Option<&'m str>,
        explained: Vec<Explanation>,
    ) -> Self {
        let about = permission.name().to_owned();
        let mut answer = Self::empty(manifest, component, profile, about);
        answer.target = target;
        for explanation in explained {
            let point = answer.point(explanation);
            answer.points.push(point);
        }
        answer
    }

    pub(super) fn of_limits(
        manifest: &'m Manifest,
        component: &'m ComponentDecl,
        profile: &'m Profile,
        keys: &[&str],
    ) -> Self {
        let about = keys.first().and_then(|key| key.split('.').next());
        let about = about.unwrap_or_default().to_owned();
        let mut answer = Self::empty(manifest, component, profile, about);
        for key in keys {
            let point = answer.limit(key);
            answer.points.push(point);
        }
        answer
    }

    fn empty(
        manifest: &'m Manifest,
        component: &'m ComponentDecl,
        profile: &'m Profile,
        about: String,
    ) -> Self {
        let origins = &manifest.origins;
        let lineage = origins.lineage(profile.name()).into_iter();
        let lineage = lineage.map(|ancestor| Step {
            profile: ancestor.name.to_owned(),
            line: ancestor.table.map(|table| origins.line(&table.name)),
        });
        Answer {
            component,
            profile,
            origins,
            about,
            points: Vec::new(),
            target: None,
            lineage: lineage.collect(),
        }
    }

    pub(super) fn is_allowed(&self) -> bool {
        self.points.iter().all(|point| point.is_allowed)
    }

    fn point(&self, explanation: Explanation) -> Point {
        let is_allowed = explanation.is_allowed();
        let Explanation {
            question,
            permission,
            verdict,
        } = explanation;
        let name = &self.component.name;
        let key = permission.manifest_key();
        let (sentence, rules) = match verdict {
            Verdict::Always => (
                format!("{name} may {question}: every process may, of itself and its relatives"),
                Vec::new(),
            ),
            Verdict::Granted(granted) => (
                format!("{name} may {question}"),
                granted.iter().map(|entry| self.rule(entry)).collect(),
            ),
            Verdict::Denied(denied) => {
                let denied = denied.about(name);
                (denied.to_string(), self.written(key, permission))
            }
            Verdict::Nothing => (
                format!(
                    "{name} may not {question}: profile '{}' grants none",
                    self.profile.name()
                ),
                self.written(key, permission),
            ),
        };
        let notes = if is_allowed {
            self.note_about_names(permission)
        } else {
            self.note_about_the_edit(permission)
        };
        Point {
            sentence,
            is_allowed,
            rules,
            replaced: self.replaced(key, |profile| built_in_text(profile, permission)),
            notes: notes.into_iter().collect(),
        }
    }

    /// What stands behind a yes for a name.
    fn note_about_names(&self, permission: Permission) -> Option<String> {
        let target = self.target.filter(|_| permission == Permission::Network)?;
        let host = target
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let is_address = target.parse::<SocketAddr>().is_ok()
            || host.unwrap_or(target).parse::<IpAddr>().is_ok();
        (!is_address).then(|| {
            "the node resolves the name, and checks the very address that it dials".to_owned()
        })
    }

    /// How the line that would allow it goes together with what is there.
    fn note_about_the_edit(&self, permission: Permission) -> Option<String> {
        let (key, profile) = (permission.manifest_key(), self.profile.name());
        if entries(self.profile, permission).is_empty() || Profile::built_in(profile).is_some() {
            return None;
        }
        match self.of_key(key, None).first() {
            Some((owner, origin)) if *owner == profile => {
                let line = self.origins.line(&origin.key);
                Some(format!("{key} is there already, on line {line}: add to it"))
            }
            Some(_) | None => Some(format!(
                "{key} under [capabilities.{profile}] replaces what it inherits: repeat what is still needed"
            )),
        }
    }

    fn limit(&self, key: &str) -> Point {
        let (outer, inner) = match key.split_once('.') {
            Some((outer, inner)) => (outer, Some(inner)),
            None => (key, None),
        };
        let text = |profile: &Profile| limit_text(profile.limits(), key).unwrap_or_default();
        let sentence = format!("{key} of {} is {}", self.component.name, text(self.profile));
        let written = self.of_key(outer, inner);
        let mut written = written
            .into_iter()
            .map(|(profile, origin)| self.written_rule(key, profile, origin));
        let base = self.built_in_base();
        let rule = written.next();
        let mut replaced: Vec<Rule> = written.collect();
        let built_in = base.map(|base| Rule {
            key: key.to_owned(),
            typed: text(&base),
            profile: base.name().to_owned(),
            line: None,
        });
        let rules = match rule {
            Some(rule) => {
                replaced.extend(built_in);
                vec![rule]
            }
            None => built_in.into_iter().collect(),
        };
        Point {
            sentence,
            is_allowed: true,
            rules,
            replaced,
            notes: Vec::new(),
        }
    }

    /// Where a key was written on the way of inheritance; with an inner key, only where that was.
    fn of_key(&self, outer: &str, inner: Option<&str>) -> Vec<(&'m str, &'m Origin)> {
        let profile = self.profile.name();
        let lineage = self.origins.lineage(profile);
        let found = lineage.into_iter().filter_map(|ancestor| {
            let table = ancestor.table?;
            let origin = table.keys.get(outer)?;
            let origin = match inner {
                Some(inner) => origin.keys.get(inner)?,
                None => origin,
            };
            let name = self
                .origins
                .profiles()
                .find(|(name, _)| *name == ancestor.name)?
                .0;
            Some((name, origin))
        });
        found.collect()
    }

    /// The entry of a grant as it was typed, where that can be told.
    fn rule(&self, entry: &Entry) -> Rule {
        let (outer, inner) = match entry.key.split_once('.') {
            Some((outer, inner)) => (outer, Some(inner)),
            None => (entry.key, None),
        };
        let Some((profile, origin)) = self.of_key(outer, None).into_iter().next() else {
            let base = self.built_in_base();
            return Rule {
                key: entry.key.to_owned(),
                typed: entry.text.clone(),
                profile: base.map_or_else(String::new, |base| base.name().to_owned()),
                line: None,
            };
        };
        let origin = inner
            .and_then(|inner| origin.keys.get(inner))
            .unwrap_or(origin);
        let by_position = entry
            .position
            .and_then(|position| origin.entries.get(position));
        let by_name = || {
            let mut entries = origin.entries.iter();
            entries.find(|(_, text)| text.as_ref() == Some(&entry.text))
        };
        let spot = match by_position.or_else(by_name) {
            Some((spot, _)) => spot,
            None => &origin.value,
        };
        Rule {
            key: entry.key.to_owned(),
            typed: self.origins.typed(spot),
            profile: profile.to_owned(),
            line: Some(self.origins.line(spot)),
        }
    }

    /// The key that has the last word, or the built-in profile that has.
    fn written(&self, key: &str, permission: Permission) -> Vec<Rule> {
        let written = self.of_key(key, None).into_iter().next();
        let rule = match written {
            Some((profile, origin)) => Some(self.written_rule(key, profile, origin)),
            None => self.built_in_base().map(|base| Rule {
                key: key.to_owned(),
                typed: built_in_text(&base, permission),
                profile: base.name().to_owned(),
                line: None,
            }),
        };
        rule.into_iter().collect()
    }

    fn written_rule(&self, key: &str, profile: &str, origin: &Origin) -> Rule {
        Rule {
            key: key.to_owned(),
            typed: self.typed(origin),
            profile: profile.to_owned(),
            line: Some(self.origins.line(&origin.key)),
        }
    }

    /// A value as it was typed; of a list the entries, without the comments between them.
    fn typed(&self, origin: &Origin) -> String {
        const LISTED_MAX: usize = 8;
        if origin.entries.is_empty() {
            return self.origins.typed(&origin.value);
        }
        let shown = origin.entries.iter().take(LISTED_MAX);
        let mut shown: Vec<String> = shown.map(|(spot, _)| self.origins.typed(spot)).collect();
        if origin.entries.len() > LISTED_MAX {
            shown.push("…".to_owned());
        }
        format!("[{}]", shown.join(", "))
    }

    /// What the table with the last word says instead of: other tables, and a built-in profile that
    /// grants anything.
    fn replaced(&self, key: &str, built_in: impl Fn(&Profile) -> String) -> Vec<Rule> {
        let written = self.of_key(key, None);
        let is_written = !written.is_empty();
        let others = written.into_iter().skip(1);
        let mut replaced: Vec<Rule> = others
            .map(|(profile, origin)| self.written_rule(key, profile, origin))
            .collect();
        if let Some(base) = self.built_in_base().filter(|_| is_written) {
            let typed = built_in(&base);
            if typed != NOTHING {
                replaced.push(Rule {
                    key: key.to_owned(),
                    typed,
                    profile: base.name().to_owned(),
                    line: None,
                });
            }
        }
        replaced
    }

    /// The built-in profile that the chain rests on.
    fn built_in_base(&self) -> Option<Profile> {
        let mut steps = self.lineage.iter();
        let base = steps.find(|step| step.line.is_none())?;
        Profile::built_in(&base.profile)
    }
}

const NOTHING: &str = "false";

/// What a built-in profile says of a permission, in the form of a manifest.
fn built_in_text(profile: &Profile, permission: Permission) -> String {
    let entries = entries(profile, permission);
    let mut texts: Vec<&str> = entries.iter().map(|entry| entry.text.as_str()).collect();
    texts.dedup();
    match texts.as_slice() {
        [] => NOTHING.to_owned(),
        ["true"] => "true".to_owned(),
        several => format!(
            "[{}]",
            several
                .iter()
                .map(|text| format!("\"{text}\""))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}
