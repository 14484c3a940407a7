//! Reads TOML tables and values without stopping: a wrong type is reported, and the rest goes on.
//!
//! A key is known because it was asked for. `Table::finish` reports every key that nobody asked
//! for, so the list of known keys cannot fall behind the code that reads them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use toml::de::{DeTable, DeValue};

use crate::bounds::ENTRIES_MAX;
use crate::report::Report;
use crate::source::Span;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

impl<T> Located<T> {
    /// Another value at the same place, if there is one.
    pub(crate) fn try_map<U>(self, map: impl FnOnce(T) -> Option<U>) -> Option<Located<U>> {
        Some(Located {
            value: map(self.value)?,
            span: self.span,
        })
    }
}

/// A table whose keys are taken out one by one.
#[derive(Debug)]
pub(crate) struct Table<'t> {
    /// How it is called in messages, such as `[app]`.
    place: String,
    entries: BTreeMap<&'t str, (Span, Value<'t>)>,
    asked: Vec<&'static str>,
}

impl<'t> Table<'t> {
    pub(crate) fn new(place: impl Into<String>, table: &'t DeTable<'t>) -> Table<'t> {
        let entries = table.iter().map(|(key, value)| {
            let name: &'t str = key.get_ref().as_ref();
            let value = Value {
                what: format!("`{name}`"),
                span: value.span(),
                value: value.get_ref(),
            };
            (name, (key.span(), value))
        });
        Table {
            place: place.into(),
            entries: entries.collect(),
            asked: Vec::new(),
        }
    }

    pub(crate) fn take(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.asked.push(key);
        self.entries.remove(key).map(|(_, value)| value)
    }

    /// Takes a key that a later release will implement; setting it is an error.
    pub(crate) fn refuse(&mut self, report: &mut Report<'_>, key: &'static str) {
        self.asked.push(key);
        if let Some((span, _)) = self.entries.remove(key) {
            let message = format!("`{key}` in {} is not supported yet", self.place);
            report.error_with_hint(&span, message, "leave it out");
        }
    }

    /// Whether every key there was has been taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every entry, in the order of the file: name, where the name is, value.
    pub(crate) fn into_entries(self) -> Vec<(&'t str, Span, Value<'t>)> {
        let mut entries: Vec<_> = self
            .entries
            .into_iter()
            .map(|(key, (span, value))| (key, span, value))
            .collect();
        entries.sort_by_key(|(_, span, _)| span.start);
        entries
    }

    /// Reports the keys that nobody asked for.
    pub(crate) fn finish(self, report: &mut Report<'_>) {
        let Table {
            place,
            entries,
            asked,
        } = self;
        for (key, (span, _)) in entries {
            report.unknown_word(
                &span,
                format!("unknown key `{key}` in {place}"),
                key,
                asked.iter().copied(),
            );
        }
    }
}

/// A value that has not been looked at.
#[derive(Debug)]
pub(crate) struct Value<'t> {
    /// How it is called in messages: its key in backquotes, or an entry of it.
    pub(crate) what: String,
    pub(crate) span: Span,
    value: &'t DeValue<'t>,
}

impl<'t> Value<'t> {
    pub(crate) fn text(&self, report: &mut Report<'_>) -> Option<Located<&'t str>> {
        match self.value.as_str() {
            Some(text) => Some(self.located(text)),
            None => self.mistyped(report, "a string"),
        }
    }

    pub(crate) fn boolean(&self, report: &mut Report<'_>) -> Option<bool> {
        match self.value.as_bool() {
            Some(value) => Some(value),
            None => self.mistyped(report, "true or false"),
        }
    }

    /// The value if it is `true` or `false`, and nothing to report if it is not.
    pub(crate) fn as_boolean(&self) -> Option<bool> {
        self.value.as_bool()
    }

    pub(crate) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    pub(crate) fn is_integer(&self) -> bool {
        self.value.is_integer()
    }

    pub(crate) fn is_array(&self) -> bool {
        self.value.is_array()
    }

    pub(crate) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    pub(crate) fn integer(
        &self,
        report: &mut Report<'_>,
        range: RangeInclusive<u64>,
    ) -> Option<Located<u64>> {
        let DeValue::Integer(integer) = self.value else {
            return self.mistyped(report, "a whole number");
        };
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(value) if range.contains(&value) => Some(self.located(value)),
            Ok(_) | Err(_) => {
                let (least, most) = range.into_inner();
                report.error(
                    &self.span,
                    format!(
                        "{} is out of range: it must be from {least} to {most}",
                        self.what
                    ),
                );
                None
            }
        }
    }

    pub(crate) fn array(&self, report: &mut Report<'_>) -> Option<Vec<Value<'t>>> {
        let DeValue::Array(array) = self.value else {
            return self.mistyped(report, "a list");
        };
        if array.len() > ENTRIES_MAX {
            report.error(
                &self.span,
                format!(
                    "{} has {} entries, more than {ENTRIES_MAX}",
                    self.what,
                    array.len()
                ),
            );
            return None;
        }
        let what = format!("an entry of {}", self.what);
        Some(
            array
                .iter()
                .map(|entry| Value {
                    what: what.clone(),
                    span: entry.span(),
                    value: entry.get_ref(),
                })
                .collect(),
        )
    }

    /// A list of strings; those that are none are reported and left out.
    pub(crate) fn texts(&self, report: &mut Report<'_>) -> Option<Vec<Located<&'t str>>> {
        let entries = self.array(report)?;
        Some(
            entries
                .into_iter()
                .filter_map(|entry| entry.text(report))
                .collect(),
        )
    }

    pub(crate) fn table(
        &self,
        report: &mut Report<'_>,
        place: impl Into<String>,
    ) -> Option<Table<'t>> {
        match self.value.as_table() {
            Some(table) => Some(Table::new(place, table)),
            None => self.mistyped(report, "a table"),
        }
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(
        &self,
        report: &mut Report<'_>,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.text(report)?;
        match choices.iter().find(|(word, _)| *word == text.value) {
            Some((_, choice)) => Some(*choice),
            None => {
                let message = format!("{} cannot be {:?}", self.what, text.value);
                report.unknown_word(
                    &text.span,
                    message,
                    text.value,
                    choices.iter().map(|(word, _)| *word),
                );
                None
            }
        }
    }

    fn located<T>(&self, value: T) -> Located<T> {
        Located {
            value,
            span: self.span.clone(),
        }
    }

    /// Reports that the value is of another type; for values that may be of several.
    pub(crate) fn mistyped<T>(&self, report: &mut Report<'_>, wanted: &str) -> Option<T> {
        let found = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(true) => "true",
            DeValue::Boolean(false) => "false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        report.error(
            &self.span,
            format!("{} must be {wanted}, and is {found}", self.what),
        );
        None
    }
}
