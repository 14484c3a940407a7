//! Where everything was written: the place and the text of each key of each profile and component,
//! and the chain of profiles that a value came through.
//!
//! It is read from the document of a manifest that is valid, so every table has a shape that is
//! known. It decides nothing: `lower` says what a key means, this says where it stands.

use std::collections::BTreeMap;

use rusm_caps::Profile;
use toml::de::DeTable;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Place, Source, Span, clean};

/// How much of a value's text is kept.
const TEXT_CHARS_MAX: usize = 200;

/// Something in the text of a manifest: where it begins, and how it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    place: Place,
    offset: usize,
    text: String,
}

impl Spot {
    fn new(source: &Source<'_>, span: &Span) -> Spot {
        let typed = source.slice(span);
        let mut text: String = typed.chars().take(TEXT_CHARS_MAX).collect();
        if text.len() < typed.len() {
            text.push('…');
        }
        Spot {
            place: source.place(span),
            offset: span.start,
            text: clean(&text.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.place.line
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.place.column
    }

    /// How it was typed, on one line, cut at 200 characters and without what steers a terminal.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The key.
    pub key: Spot,
    /// The value.
    pub value: Spot,
    /// The entries of a list: each with its value if it is a string.
    pub entries: Vec<(Spot, Option<String>)>,
    /// The keys of a table, such as `read` and `write` of `allow-storage`.
    pub keys: BTreeMap<String, Origin>,
}

/// A `[capabilities.NAME]` or `[components.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOrigin {
    /// Its name.
    pub name: Spot,
    /// Its keys.
    pub keys: BTreeMap<String, Origin>,
    /// What it inherits from; none for a component.
    parent: Option<String>,
}

/// One step of the way on which a profile inherits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestor<'a> {
    /// The profile.
    pub name: &'a str,
    /// Where it is declared; none if it is built in.
    pub table: Option<&'a TableOrigin>,
}

/// Where everything of a manifest was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    file_name: String,
    profiles: BTreeMap<String, TableOrigin>,
    components: BTreeMap<String, TableOrigin>,
}

impl Origins {
    pub(crate) fn read(source: &Source<'_>, document: &DeTable<'_>) -> Origins {
        let tables = |kind| {
            let named = document
                .get(kind)
                .and_then(|value| value.get_ref().as_table());
            let tables = named.into_iter().flat_map(|table| table.iter());
            tables
                .filter_map(|(name, value)| {
                    let table = value.get_ref().as_table()?;
                    let origin = read_table(source, &name.span(), table);
                    Some((name.get_ref().to_string(), origin))
                })
                .collect()
        };
        Origins {
            file_name: source.file_name.to_owned(),
            profiles: tables("capabilities"),
            components: tables("components"),
        }
    }

    /// What the file is called in messages.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Where a profile is declared; none if it is built in, or there is none of that name.
    pub fn profile(&self, name: &str) -> Option<&TableOrigin> {
        self.profiles.get(name)
    }

    /// Where a component is declared.
    pub fn component(&self, name: &str) -> Option<&TableOrigin> {
        self.components.get(name)
    }

    /// The profile of that name and those it inherits from, the nearest first. The last is built in.
    pub fn lineage<'a>(&'a self, profile: &'a str) -> Vec<Ancestor<'a>> {
        let mut lineage = Vec::new();
        let mut next = Some(profile);
        while let Some(name) = next {
            let table = self.profiles.get(name);
            next = match table {
                Some(table) => Some(table.parent.as_deref().unwrap_or(SANDBOXED)),
                None => built_in_parent(name),
            };
            lineage.push(Ancestor { name, table });
            // A manifest without errors has no circle; this is a second line of defence.
            if lineage.len() > self.profiles.len() + Profile::BUILT_IN.len() {
                break;
            }
        }
        lineage
    }

    /// Where a profile's value for a key was written, the table that has the last word first; then
    /// what that one overrides. A key within a table is `max-mailbox.mb`. Built-in profiles have no
    /// place and are not among them.
    pub fn of_key<'a>(&'a self, profile: &'a str, key: &str) -> Vec<(&'a str, &'a Origin)> {
        let lineage = self.lineage(profile).into_iter();
        let written = lineage.filter_map(|ancestor| {
            let origin = find(&ancestor.table?.keys, key)?;
            Some((ancestor.name, origin))
        });
        written.collect()
    }

    /// Something to say about a place.
    pub fn diagnostic(
        &self,
        severity: Severity,
        spot: &Spot,
        message: &str,
        hint: Option<&str>,
    ) -> Diagnostic {
        let (place, offset) = (spot.place.clone(), spot.offset);
        Diagnostic::at(severity, &self.file_name, place, offset, message, hint)
    }
}

const SANDBOXED: &str = "sandboxed";

/// What a built-in profile is made from.
fn built_in_parent(name: &str) -> Option<&'static str> {
    (name == "network-client").then_some(SANDBOXED)
}

fn find<'a>(keys: &'a BTreeMap<String, Origin>, key: &str) -> Option<&'a Origin> {
    match key.split_once('.') {
        Some((outer, inner)) => keys.get(outer)?.keys.get(inner),
        None => keys.get(key),
    }
}

fn read_table(source: &Source<'_>, name: &Span, table: &DeTable<'_>) -> TableOrigin {
    let inherits = table
        .get("inherits")
        .and_then(|value| value.get_ref().as_str());
    TableOrigin {
        name: Spot::new(source, name),
        keys: read_keys(source, table),
        parent: inherits.map(str::to_owned),
    }
}

fn read_keys(source: &Source<'_>, table: &DeTable<'_>) -> BTreeMap<String, Origin> {
    let keys = table.iter().map(|(key, value)| {
        let entries = value.get_ref().as_array().into_iter();
        let entries = entries.flat_map(|entries| entries.iter()).map(|entry| {
            let text = entry.get_ref().as_str().map(str::to_owned);
            (Spot::new(source, &entry.span()), text)
        });
        let inner = value.get_ref().as_table();
        let origin = Origin {
            key: Spot::new(source, &key.span()),
            value: Spot::new(source, &value.span()),
            entries: entries.collect(),
            keys: inner
                .map(|table| read_keys(source, table))
                .unwrap_or_default(),
        };
        (key.get_ref().to_string(), origin)
    });
    keys.collect()
}
