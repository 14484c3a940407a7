//! Changes of single keys in the text of a manifest that leave every other byte as it is.
//!
//! A change is a splice at the place where the parser found the key, so comments, order and
//! formatting stay. What came of it is read again and compared with what was meant: a text that says
//! anything else is never handed out.

use std::ops::Range;

use thiserror::Error;
use toml::Spanned;
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
    /// The key goes. Comments behind it and inside its value stay, on lines of their own, unless they
    /// stand in braces. A table under a header of its own (`[capabilities.web.allow-storage]`) is
    /// emptied instead.
    Remove,
    /// It gets this value, in TOML. Comments stay, and tables under headers are emptied, as above.
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
        Change::Set(value) => found.set(text, value)?,
        Change::Remove => found.remove(text)?,
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
    key: Span,
    value: Span,
    /// In braces: what to cut out to be rid of it.
    inline: Option<Span>,
    /// Comments inside the value.
    comments: Vec<String>,
    /// The keys of a table that stands under a header of its own.
    keys_below: Option<Vec<String>>,
}

impl Found {
    /// What to replace by what.
    fn set(&self, text: &str, value: &str) -> Option<(Span, String)> {
        if self.inline.is_some() || self.comments.is_empty() {
            return Some((self.value.clone(), value.to_owned()));
        }
        let line = Line::around(text, self)?;
        let before = text.get(line.start..self.value.start)?;
        let with = format!("{}{before}{value}", line.comments);
        Some((line.start..self.value.end, with))
    }

    fn remove(&self, text: &str) -> Option<(Span, String)> {
        if let Some(span) = &self.inline {
            return Some((span.clone(), String::new()));
        }
        let line = Line::around(text, self)?;
        let behind = text.get(self.value.end..line.end)?;
        let comment = behind.trim_start();
        if comment.is_empty() {
            return Some((line.start..line.end, line.comments));
        }
        let until = line.end - comment.len();
        let with = line.comments + line.indent;
        comment
            .starts_with('#')
            .then_some((line.start..until, with))
    }
}

/// The lines of a `key = value` that has them for itself.
struct Line<'t> {
    start: usize,
    /// Behind the line break.
    end: usize,
    indent: &'t str,
    /// The comments inside the value, as lines of their own.
    comments: String,
}

impl<'t> Line<'t> {
    fn around(text: &'t str, found: &Found) -> Option<Line<'t>> {
        let start = text.get(..found.key.start)?.rfind('\n');
        let start = start.map_or(0, |at| at + 1);
        let behind = text.get(found.value.end..)?;
        let end = behind.find('\n').map_or(behind.len(), |at| at + 1);
        let end = found.value.end + end;
        let line = text.get(start..end)?;
        let (indent, _) = line.split_at(line.len() - line.trim_start_matches([' ', '\t']).len());
        let line_break = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
        let comments = found.comments.iter();
        Some(Line {
            start,
            end,
            indent,
            comments: comments
                .map(|comment| format!("{indent}{comment}{line_break}"))
                .collect(),
        })
    }
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
    let below = value.get_ref().as_table();
    let below = below.filter(|_| !opens_with_a_brace(text, &span));
    let keys_below = below.map(|table| {
        let keys = table.iter().map(|(key, _)| key.get_ref().to_string());
        keys.collect()
    });
    Some(Found {
        inline: is_inline
            .then(|| inline_entry(text, table, &key, &span))
            .flatten(),
        comments: comments(text, value),
        key,
        value: span,
        keys_below,
    })
}

/// The comments inside a value: what begins with '#' and is no part of a value within it.
fn comments(text: &str, value: &Spanned<DeValue<'_>>) -> Vec<String> {
    let mut leaves = Vec::new();
    collect_leaves(value, &mut leaves);
    let Range { mut start, end } = value.span();
    let mut comments = Vec::new();
    while let Some(rest) = text.get(start..end)
        && let Some(at) = rest.find('#')
    {
        let hash = start + at;
        match leaves.iter().find(|leaf| leaf.contains(&hash)) {
            Some(leaf) => start = leaf.end,
            None => {
                let comment = text.get(hash..end).unwrap_or_default();
                let comment = comment.lines().next().unwrap_or_default();
                comments.push(comment.trim_end().to_owned());
                start = hash + comment.len();
            }
        }
    }
    comments
}

/// The spans of the strings, numbers and other plain values inside, and of the keys.
fn collect_leaves(value: &Spanned<DeValue<'_>>, leaves: &mut Vec<Span>) {
    if let Some(array) = value.get_ref().as_array() {
        array.iter().for_each(|entry| collect_leaves(entry, leaves));
    } else if let Some(table) = value.get_ref().as_table() {
        for (key, value) in table.iter() {
            leaves.push(key.span());
            collect_leaves(value, leaves);
        }
    } else {
        leaves.push(value.span());
    }
}

fn opens_with_a_brace(text: &str, span: &Span) -> bool {
    text.get(span.clone())
        .is_some_and(|text| text.starts_with('{'))
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
