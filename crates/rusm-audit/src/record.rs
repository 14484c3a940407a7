//! What is written down: [`Record`], a closed list of kinds, and the bound on every text in it.

use serde::Serialize;
use std::collections::BTreeMap;

/// The longest text of a record, in characters; what is longer is cut there.
pub const TEXT_CHARS_MAX: usize = 400;
/// The longest name in a record, in characters.
pub const NAME_CHARS_MAX: usize = 100;
/// The most lines of grants in a record.
pub const GRANTS_MAX: usize = 16;
/// The longest line of grants, in characters.
pub const GRANT_CHARS_MAX: usize = 120;

/// One thing that happened.
///
/// Pids are texts, such as `0.7.12`. No record has a place for payloads or the values of
/// environment variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Record {
    /// A node began to run an app.
    Start {
        /// The app.
        app: String,
        /// The version of rusm.
        version: String,
    },
    /// The node stopped in order. What follows begins with another `start`.
    Stop {
        /// How the app ended.
        reason: String,
    },
    /// The manifest gives a component a profile.
    Grant {
        /// The component.
        component: String,
        /// The profile.
        profile: String,
        /// Whether a spawner has to ask for it; otherwise the component always has it.
        offered: bool,
        /// What it grants, as in the manifest.
        grants: Vec<String>,
    },
    /// A process was started.
    Spawn {
        /// What it runs.
        component: String,
        /// Who.
        pid: String,
        /// Its spawner; none when the node itself started it.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// Its profile; none for a process of the node's own, such as a supervisor.
        #[serde(skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
        /// What the profile grants, as in the manifest.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        grants: Vec<String>,
    },
    /// A process ended.
    Exit {
        /// What it ran.
        component: String,
        /// Who.
        pid: String,
        /// Its spawner.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// Why.
        reason: String,
    },
    /// A process was refused something.
    Denial {
        /// What it runs.
        component: String,
        /// Who.
        pid: String,
        /// The profile that refused.
        profile: String,
        /// The permission.
        permission: String,
        /// What it was asked for.
        target: String,
        /// The rule that decided.
        rule: String,
        /// The sentence for people.
        sentence: String,
    },
    /// A process gave up a permission for good.
    Drop {
        /// What it runs.
        component: String,
        /// Who.
        pid: String,
        /// The permission.
        permission: String,
    },
    /// The operator changed something while the node ran.
    Operator {
        /// What was done: `put`, `delete`, `import`, `compact`.
        action: String,
        /// The bucket; none when it was the whole store.
        #[serde(skip_serializing_if = "Option::is_none")]
        bucket: Option<String>,
        /// The key; none when it was not one.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// How many entries it was about.
        entries: u64,
    },
    /// Like records were counted instead of written: one process, or one component, had too many.
    More {
        /// The component.
        component: String,
        /// The process; none when those of several processes were counted.
        #[serde(skip_serializing_if = "Option::is_none")]
        pid: Option<String>,
        /// The kind of the records that were not written.
        of: Kind,
        /// How many.
        count: u64,
    },
    /// Records were lost, for this reason.
    Gap {
        /// Why.
        reason: Loss,
        /// How many, by kind.
        lost: BTreeMap<Kind, u64>,
    },
    /// The first record of a file.
    Open {
        /// The version of this format, 1.
        format: u32,
        /// The file before this one; none for the first of all.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// What was torn off in this file before it.
        #[serde(skip_serializing_if = "Option::is_none")]
        torn: Option<Torn>,
    },
    /// Writing goes on after it was broken off.
    Recovery {
        /// What is torn off between the last whole record and this one.
        #[serde(skip_serializing_if = "Option::is_none")]
        torn: Option<Torn>,
        /// What else was found, when the log is not as it was left.
        #[serde(skip_serializing_if = "Option::is_none")]
        damage: Option<String>,
    },
}

/// The kinds of records, by the names that they have in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the kind of the record of its name")]
pub enum Kind {
    Start,
    Stop,
    Grant,
    Spawn,
    Exit,
    Denial,
    Drop,
    Operator,
    More,
    Gap,
    Open,
    Recovery,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 12] = [
        Kind::Start,
        Kind::Stop,
        Kind::Grant,
        Kind::Spawn,
        Kind::Exit,
        Kind::Denial,
        Kind::Drop,
        Kind::Operator,
        Kind::More,
        Kind::Gap,
        Kind::Open,
        Kind::Recovery,
    ];

    /// Its name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Start => "start",
            Kind::Stop => "stop",
            Kind::Grant => "grant",
            Kind::Spawn => "spawn",
            Kind::Exit => "exit",
            Kind::Denial => "denial",
            Kind::Drop => "drop",
            Kind::Operator => "operator",
            Kind::More => "more",
            Kind::Gap => "gap",
            Kind::Open => "open",
            Kind::Recovery => "recovery",
        }
    }
}

/// Why records were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// They came faster than they could be written.
    Queue,
    /// The disk took no more.
    Disk,
    /// The file of the day had reached its bound.
    DayFull,
}

/// Bytes of a write that was broken off. They stay where they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Torn {
    /// How many.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: String,
}

impl Record {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Record::Start { .. } => Kind::Start,
            Record::Stop { .. } => Kind::Stop,
            Record::Grant { .. } => Kind::Grant,
            Record::Spawn { .. } => Kind::Spawn,
            Record::Exit { .. } => Kind::Exit,
            Record::Denial { .. } => Kind::Denial,
            Record::Drop { .. } => Kind::Drop,
            Record::Operator { .. } => Kind::Operator,
            Record::More { .. } => Kind::More,
            Record::Gap { .. } => Kind::Gap,
            Record::Open { .. } => Kind::Open,
            Record::Recovery { .. } => Kind::Recovery,
        }
    }

    /// The records whose loss its own loss is: how many, of which kind.
    pub(crate) fn stands_for(&self) -> (Kind, u64) {
        match self {
            Record::More { of, count, .. } => (*of, *count),
            Record::Start { .. }
            | Record::Stop { .. }
            | Record::Grant { .. }
            | Record::Spawn { .. }
            | Record::Exit { .. }
            | Record::Denial { .. }
            | Record::Drop { .. }
            | Record::Operator { .. }
            | Record::Gap { .. }
            | Record::Open { .. }
            | Record::Recovery { .. } => (self.kind(), 1),
        }
    }

    /// The same record with every text cut to its bound.
    pub(crate) fn bounded(mut self) -> Record {
        match &mut self {
            Record::Start { app, version } => cut_all(NAME_CHARS_MAX, [app, version]),
            Record::Stop { reason } => cut(reason, TEXT_CHARS_MAX),
            Record::Grant {
                component,
                profile,
                grants,
                offered: _,
            } => {
                cut_all(NAME_CHARS_MAX, [component, profile]);
                cut_grants(grants);
            }
            Record::Spawn {
                component,
                pid,
                parent,
                profile,
                grants,
            } => {
                cut_all(NAME_CHARS_MAX, [component, pid]);
                cut_all(NAME_CHARS_MAX, parent.iter_mut().chain(profile));
                cut_grants(grants);
            }
            Record::Exit {
                component,
                pid,
                parent,
                reason,
            } => {
                cut_all(NAME_CHARS_MAX, [component, pid]);
                cut_all(NAME_CHARS_MAX, parent);
                cut(reason, TEXT_CHARS_MAX);
            }
            Record::Denial {
                component,
                pid,
                profile,
                permission,
                target,
                rule,
                sentence,
            } => {
                cut_all(NAME_CHARS_MAX, [component, pid, profile, permission]);
                cut_all(TEXT_CHARS_MAX, [target, rule]);
                cut(sentence, 2 * TEXT_CHARS_MAX);
            }
            Record::Drop {
                component,
                pid,
                permission,
            } => cut_all(NAME_CHARS_MAX, [component, pid, permission]),
            Record::Operator {
                action,
                bucket,
                key,
                entries: _,
            } => {
                cut(action, NAME_CHARS_MAX);
                cut_all(TEXT_CHARS_MAX, bucket.iter_mut().chain(key));
            }
            Record::More { component, pid, .. } => {
                cut(component, NAME_CHARS_MAX);
                cut_all(NAME_CHARS_MAX, pid);
            }
            Record::Recovery {
                damage: Some(damage),
                ..
            } => cut(damage, TEXT_CHARS_MAX),
            Record::Gap { .. } | Record::Open { .. } | Record::Recovery { damage: None, .. } => {}
        }
        self
    }
}

fn cut_all<'a>(chars_max: usize, texts: impl IntoIterator<Item = &'a mut String>) {
    texts.into_iter().for_each(|text| cut(text, chars_max));
}

/// Cuts behind so many characters, and says so.
fn cut(text: &mut String, chars_max: usize) {
    if let Some((at, _)) = text.char_indices().nth(chars_max) {
        text.truncate(at);
        text.push('…');
    }
}

fn cut_grants(grants: &mut Vec<String>) {
    let n_more = grants.len().saturating_sub(GRANTS_MAX);
    grants.truncate(GRANTS_MAX);
    cut_all(GRANT_CHARS_MAX, grants.iter_mut());
    if n_more > 0 {
        grants.push(format!("… and {n_more} more"));
    }
}
