//! Where everything was written: the place of each key of each profile and component, and the chain
//! of profiles that a value came through.
//!
//! It is read from the document of a manifest that is valid, so every table has a shape that is
//! known. It decides nothing: `lower` says what a key means, this says where it stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusm_caps::Profile;
use toml::de::DeTable;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Source, Span, clean};

/// How much of a value's text is shown.
const TEXT_CHARS_MAX: usize = 200;

/// A stretch of the manifest's text: a key, a value, an entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot(Span);

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

/// Where everything of a manifest was written, and the text itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    file_name: String,
    text: Arc<str>,
    profiles: BTreeMap<String, TableOrigin>,
    components: BTreeMap<String, TableOrigin>,
}

impl Origins {
    pub(crate) fn read(file_name: &str, text: &str, document: &DeTable<'_>) -> Origins {
        let tables = |kind| {
            let named = document.get(kind);
            let named = named.and_then(|value| value.get_ref().as_table());
            let tables = named.into_iter().flat_map(|table| table.iter());
            let read = tables.filter_map(|(name, value)| {
                let table = value.get_ref().as_table()?;
                Some((
                    name.get_ref().to_string(),
                    TableOrigin::read(name.span(), table),
                ))
            });
            read.collect()
        };
        Origins {
            file_name: file_name.to_owned(),
            text: text.into(),
            profiles: tables("capabilities"),
            components: tables("components"),
        }
    }

    /// What the file is called in messages.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The text of the manifest.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line of a spot, from 1.
    pub fn line(&self, spot: &Spot) -> usize {
        self.source().place(&spot.0).line
    }

    /// How it was typed, on one line, cut at 200 characters and without what steers a terminal.
    pub fn typed(&self, spot: &Spot) -> String {
        let typed = self.text.get(spot.0.clone()).unwrap_or_default();
        let mut shown: String = typed.chars().take(TEXT_CHARS_MAX).collect();
        if shown.len() < typed.len() {
            shown.push('…');
        }
        clean(&shown.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Something to say about a spot.
    pub fn diagnostic(
        &self,
        severity: Severity,
        spot: &Spot,
        message: &str,
        hint: Option<&str>,
    ) -> Diagnostic {
        Diagnostic::new(severity, &self.source(), &spot.0, message, hint)
    }

    /// Where a profile is declared; none if it is built in, or there is none of that name.
    pub fn profile(&self, name: &str) -> Option<&TableOrigin> {
        self.profiles.get(name)
    }

    /// Every profile that is declared, by name.
    pub fn profiles(&self) -> impl Iterator<Item = (&str, &TableOrigin)> {
        let profiles = self.profiles.iter();
        profiles.map(|(name, table)| (name.as_str(), table))
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

    /// Where a profile's value for a key was written: the profile that has the last word first, then
    /// those whose value it replaces. What a built-in profile says has no place and is not among them.
    pub fn of_key<'a>(&'a self, profile: &'a str, key: &str) -> Vec<(&'a str, &'a Origin)> {
        let lineage = self.lineage(profile).into_iter();
        let written = lineage.filter_map(|ancestor| {
            let origin = ancestor.table?.keys.get(key)?;
            Some((ancestor.name, origin))
        });
        written.collect()
    }

    fn source(&self) -> Source<'_> {
        Source::new(&self.file_name, &self.text)
    }
}

const SANDBOXED: &str = "sandboxed";

/// What a built-in profile is made from.
fn built_in_parent(name: &str) -> Option<&'static str> {
    (name == "network-client").then_some(SANDBOXED)
}

impl TableOrigin {
    fn read(name: Span, table: &DeTable<'_>) -> TableOrigin {
        let inherits = table.get("inherits");
        let inherits = inherits.and_then(|value| value.get_ref().as_str());
        TableOrigin {
            name: Spot(name),
            keys: read_keys(table),
            parent: inherits.map(str::to_owned),
        }
    }
}

fn read_keys(table: &DeTable<'_>) -> BTreeMap<String, Origin> {
    let keys = table.iter().map(|(key, value)| {
        let entries = value.get_ref().as_array().into_iter();
        let entries = entries.flat_map(|entries| entries.iter()).map(|entry| {
            let text = entry.get_ref().as_str().map(str::to_owned);
            (Spot(entry.span()), text)
        });
        let inner = value.get_ref().as_table();
        let origin = Origin {
            key: Spot(key.span()),
            value: Spot(value.span()),
            entries: entries.collect(),
            keys: inner.map(read_keys).unwrap_or_default(),
        };
        (key.get_ref().to_string(), origin)
    });
    keys.collect()
}
