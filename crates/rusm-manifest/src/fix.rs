//! Changes of single keys in the text of a manifest that leave every other byte as it is.
//!
//! A change is a splice at the place where the parser found the key, so comments, order and
//! formatting stay. What came of it is read again and compared with what was meant: a text that says
//! anything else is never handed out.

use thiserror::Error;
use toml::de::{DeTable, DeValue};

use crate::source::Span;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The keys that lead there, from the outermost table: `["capabilities", "web", "env"]`.
    pub path: Vec<String>,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The key goes. A comment behind it on its line stays, on a line of its own. A table under a
    /// header of its own (`[capabilities.web.allow-storage]`) is emptied instead.
    Remove,
    /// It gets this value, in TOML. A table under a header of its own is emptied instead.
    Set(String),
}

/// A change that cannot be made without touching anything else.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("cannot change {path} by itself where it is written; edit it by hand")]
pub struct FixError {
    path: String,
}

/// The text with these changes, made one after the other.
///
/// # Errors
/// [`FixError`] names the first change that cannot be made; then none is.
pub fn fix(text: &str, edits: &[Edit]) -> Result<String, FixError> {
    let mut fixed = text.to_owned();
    for edit in edits {
        let error = || FixError {
            path: edit.path.join("."),
        };
        fixed = apply(&fixed, &edit.path, &edit.change).ok_or_else(error)?;
    }
    Ok(fixed)
}

fn apply(text: &str, path: &[String], change: &Change) -> Option<String> {
    let before: toml::Table = text.parse().ok()?;
    let document = DeTable::parse(text).ok()?;
    let found = find(text, document.get_ref(), path)?;
    if let Some(keys) = &found.keys_below {
        // An empty one has nothing left to take.
        keys.first()?;
        let below = |key: &String| {
            path.iter()
                .cloned()
                .chain([key.clone()])
                .collect::<Vec<_>>()
        };
        return keys.iter().try_fold(text.to_owned(), |text, key| {
            apply(&text, &below(key), &Change::Remove)
        });
    }
    let (span, with) = match change {
        Change::Set(value) => (found.value, value.clone()),
        Change::Remove => (found.removal?, String::new()),
    };
    let mut after = text.to_owned();
    after.get(span.clone())?;
    after.replace_range(span, &with);
    (after.parse::<toml::Table>().ok()? == meant(before, path, change)?).then_some(after)
}

/// What the change is to come to.
fn meant(mut table: toml::Table, path: &[String], change: &Change) -> Option<toml::Table> {
    let (last, outer) = path.split_last()?;
    let mut inner = &mut table;
    for key in outer {
        inner = inner.get_mut(key)?.as_table_mut()?;
    }
    match change {
        Change::Remove => drop(inner.remove(last)?),
        Change::Set(value) => {
            let value: toml::Table = format!("value = {value}").parse().ok()?;
            *inner.get_mut(last)? = value.get("value")?.clone();
        }
    }
    Some(table)
}

/// Where a key and its value are.
struct Found {
    value: Span,
    /// What to cut out to be rid of it.
    removal: Option<Span>,
    /// The keys of a table that stands under a header of its own.
    keys_below: Option<Vec<String>>,
}

fn find(text: &str, document: &DeTable<'_>, path: &[String]) -> Option<Found> {
    let (last, outer) = path.split_last()?;
    let (mut table, mut is_inline) = (document, false);
    for key in outer {
        let value = table.get(key.as_str())?;
        table = value.get_ref().as_table()?;
        is_inline |= opens_with_a_brace(text, &value.span());
    }
    let (key, value) = table
        .iter()
        .find(|(key, _)| key.get_ref().as_ref() == last.as_str())?;
    let (key, span) = (key.span(), value.span());
    let is_header =
        matches!(value.get_ref(), DeValue::Table(_)) && !opens_with_a_brace(text, &span);
    let keys_below = value.get_ref().as_table().filter(|_| is_header);
    Some(Found {
        removal: if is_inline {
            inline_entry(text, table, &key, &span)
        } else {
            statement(text, &key, &span)
        },
        value: span,
        keys_below: keys_below.map(|table| {
            let keys = table.iter().map(|(key, _)| key.get_ref().to_string());
            keys.collect()
        }),
    })
}

fn opens_with_a_brace(text: &str, span: &Span) -> bool {
    text.get(span.clone())
        .is_some_and(|text| text.starts_with('{'))
}

/// A `key = value` on lines of its own: all of it, or all but the comment behind it.
fn statement(text: &str, key: &Span, value: &Span) -> Option<Span> {
    let line_start = text.get(..key.start)?.rfind('\n').map_or(0, |at| at + 1);
    let behind = text.get(value.end..)?;
    let line_end = behind.find('\n').map_or(behind.len(), |at| at + 1);
    let rest = behind.get(..line_end)?;
    let n_blank = rest.len() - rest.trim_start().len();
    if n_blank == rest.len() {
        return Some(line_start..value.end + line_end);
    }
    let line = text.get(line_start..)?;
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    rest.trim_start()
        .starts_with('#')
        .then(|| line_start + indent..value.end + n_blank)
}

/// An entry of `{ a = 1, b = 2 }`, with the comma that separates it from a neighbour.
fn inline_entry(text: &str, table: &DeTable<'_>, key: &Span, value: &Span) -> Option<Span> {
    let before = table.iter().map(|(_, value)| value.span().end);
    let before = before.filter(|end| *end <= key.start).max();
    let after = table.iter().map(|(key, _)| key.span().start);
    let after = after.filter(|start| *start >= value.end).min();
    Some(match (before, after) {
        (_, Some(next)) => key.start..next,
        (Some(previous), None) => previous..value.end,
        (None, None) => {
            let behind = text.get(value.end..)?;
            let n_blank = behind.len() - behind.trim_start().len();
            key.start..value.end + n_blank
        }
    })
}
