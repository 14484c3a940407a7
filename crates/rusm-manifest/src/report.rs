//! Where both stages put what they find, and carry on.

use std::fmt::Display;

use crate::bounds::DIAGNOSTICS_MAX;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::{Source, Span};
use crate::suggest::nearest;

/// The errors and warnings found so far. Bounded: what is too much is only counted.
#[derive(Debug)]
pub(crate) struct Report<'s> {
    source: &'s Source<'s>,
    items: Vec<Diagnostic>,
    n_errors: usize,
    n_left_out: usize,
}

impl<'s> Report<'s> {
    pub(crate) fn new(source: &'s Source<'s>) -> Report<'s> {
        Report {
            source,
            items: Vec::new(),
            n_errors: 0,
            n_left_out: 0,
        }
    }

    pub(crate) fn error(&mut self, span: &Span, message: impl Display) {
        self.add(Severity::Error, span, &message, None);
    }

    pub(crate) fn error_with_hint(
        &mut self,
        span: &Span,
        message: impl Display,
        hint: impl Into<String>,
    ) {
        self.add(Severity::Error, span, &message, Some(hint.into()));
    }

    /// An error about a word that is none of those known: the nearest of them is the hint, or all
    /// of them if none is near and they are few.
    pub(crate) fn unknown_word<'k>(
        &mut self,
        span: &Span,
        message: impl Display,
        word: &str,
        known: impl Iterator<Item = &'k str> + Clone,
    ) {
        let hint = if self.is_full() {
            None
        } else {
            hint_for(word, known)
        };
        self.add(Severity::Error, span, &message, hint);
    }

    pub(crate) fn unknown_word_warning<'k>(
        &mut self,
        span: &Span,
        message: impl Display,
        word: &str,
        known: impl Iterator<Item = &'k str> + Clone,
    ) {
        let hint = if self.is_full() {
            None
        } else {
            hint_for(word, known)
        };
        self.add(Severity::Warning, span, &message, hint);
    }

    fn is_full(&self) -> bool {
        self.items.len() >= DIAGNOSTICS_MAX
    }

    fn add(
        &mut self,
        severity: Severity,
        span: &Span,
        message: &dyn Display,
        hint: Option<String>,
    ) {
        self.n_errors += usize::from(severity == Severity::Error);
        if self.is_full() {
            self.n_left_out += usize::from(severity == Severity::Error);
            return;
        }
        let message = message.to_string();
        self.items.push(Diagnostic::new(
            severity,
            self.source,
            span,
            &message,
            hint.as_deref(),
        ));
    }

    /// The warnings, or everything if there is an error; in the order of the file.
    pub(crate) fn finish(mut self) -> Result<Vec<Diagnostic>, Diagnostics> {
        if self.n_errors > 0 {
            return Err(self.into_errors());
        }
        self.items.sort_by_key(Diagnostic::offset);
        Ok(self.items)
    }

    /// Everything, in the order of the file; for when there is an error.
    pub(crate) fn into_errors(mut self) -> Diagnostics {
        debug_assert!(
            self.n_errors > 0,
            "diagnostics without an error would pass for a failure without a reason"
        );
        self.items.sort_by_key(Diagnostic::offset);
        Diagnostics::new(self.source.file_name, self.items, self.n_left_out)
    }
}

fn hint_for<'k>(word: &str, known: impl Iterator<Item = &'k str> + Clone) -> Option<String> {
    const LISTED_MAX: usize = 6;
    if let Some(near) = nearest(word, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let mut listed: Vec<String> = known
        .take(LISTED_MAX + 1)
        .map(|known| format!("`{known}`"))
        .collect();
    match listed.len() {
        0 => None,
        1 => Some(format!("there is only {}", listed.concat())),
        2..=LISTED_MAX => {
            let last = listed.pop().unwrap_or_default();
            Some(format!("there are {} and {last}", listed.join(", ")))
        }
        _ => None,
    }
}
