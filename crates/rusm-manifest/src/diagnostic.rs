//! One thing to say about a manifest, and how it looks to a person.
//!
//! A diagnostic stands alone: it carries its place and the line it is about, so that a warning
//! can be shown long after the text is gone. Nothing here prints.

use std::fmt::{self, Write as _};

use crate::source::{Place, Source, Span, clean};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The manifest cannot be used.
    Error,
    /// It can, but probably does not say what was meant.
    Warning,
    /// It can, and this is worth knowing.
    Note,
}

/// How diagnostics are rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Text only.
    #[default]
    Plain,
    /// With ANSI colours.
    Colour,
}

/// One thing to say about one place of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    severity: Severity,
    message: String,
    hint: Option<String>,
    file_name: String,
    line: usize,
    column: usize,
    excerpt: String,
    underline: std::ops::Range<usize>,
    offset: usize,
}

impl Diagnostic {
    pub(crate) fn new(
        severity: Severity,
        source: &Source<'_>,
        span: &Span,
        message: &str,
        hint: Option<&str>,
    ) -> Diagnostic {
        let Place {
            line,
            column,
            excerpt,
            underline,
        } = source.place(span);
        Diagnostic {
            severity,
            message: clean(message),
            hint: hint.map(clean),
            file_name: clean(source.file_name),
            line,
            column,
            excerpt,
            underline,
            offset: span.start,
        }
    }

    /// The same thing said as an error, by whoever does not go on with it.
    #[must_use]
    pub fn as_error(&self) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            ..self.clone()
        }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The text that is underlined, as far as it is on one line.
    pub fn underlined(&self) -> String {
        self.excerpt
            .chars()
            .skip(self.underline.start)
            .take(self.underline.len())
            .collect()
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// The message, the place, the line with the offending text underlined, and the hint.
    pub fn render(&self, style: Style) -> String {
        let (name, colour) = match self.severity {
            Severity::Error => ("error", "1;31"),
            Severity::Warning => ("warning", "1;33"),
            Severity::Note => ("note", "1;36"),
        };
        let line = self.line.to_string();
        let gutter = " ".repeat(line.len());
        let bar = paint(style, "1;34", "|");
        let marks = paint(style, colour, &"^".repeat(self.underline.len()));
        let indent = " ".repeat(self.underline.start);
        let mut text = String::new();
        let mut put = |parts: fmt::Arguments<'_>| {
            writeln!(text, "{parts}").expect("writing to a string does not fail")
        };
        put(format_args!(
            "{}: {}",
            paint(style, colour, name),
            paint(style, "1", &self.message)
        ));
        put(format_args!(
            "{gutter}{} {}:{}:{}",
            paint(style, "1;34", "-->"),
            self.file_name,
            self.line,
            self.column
        ));
        put(format_args!("{gutter} {bar}"));
        let shown = format!(" {}", self.excerpt);
        let line = paint(style, "1;34", &line);
        put(format_args!("{line} {bar}{}", shown.trim_end()));
        put(format_args!("{gutter} {bar} {indent}{marks}"));
        if let Some(hint) = &self.hint {
            put(format_args!(
                "{gutter} {} {hint}",
                paint(style, "1;36", "= hint:")
            ));
        }
        text
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file_name, self.line, self.column, self.message
        )?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

fn paint(style: Style, colour: &str, text: &str) -> String {
    match style {
        Style::Plain => text.to_owned(),
        Style::Colour => format!("\x1b[{colour}m{text}\x1b[0m"),
    }
}

/// Everything that is wrong with a manifest, in the order of the file; at least one error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    file_name: String,
    items: Vec<Diagnostic>,
    n_left_out: usize,
}

impl Diagnostics {
    pub(crate) fn new(file_name: &str, items: Vec<Diagnostic>, n_left_out: usize) -> Diagnostics {
        Diagnostics {
            file_name: clean(file_name),
            items,
            n_left_out,
        }
    }

    /// Errors and warnings, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.items.iter()
    }

    /// How many errors there are, those included that are too many to be kept.
    pub fn n_errors(&self) -> usize {
        self.items
            .iter()
            .filter(|item| item.severity == Severity::Error)
            .count()
            + self.n_left_out
    }

    /// All of them one after the other, and how many errors there are.
    pub fn render(&self, style: Style) -> String {
        let mut text: String = self
            .items
            .iter()
            .map(|item| item.render(style) + "\n")
            .collect();
        let n_errors = self.n_errors();
        let errors = if n_errors == 1 { "error" } else { "errors" };
        write!(text, "{}: {n_errors} {errors}", self.file_name)
            .expect("writing to a string does not fail");
        if self.n_left_out > 0 {
            write!(text, ", {} of them not shown", self.n_left_out)
                .expect("writing to a string does not fail");
        }
        text.push('\n');
        text
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Style::Plain))
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic() -> Diagnostic {
        let source = Source::new("rusm.toml", "[app]\nnmae = 1\n");
        Diagnostic::new(
            Severity::Error,
            &source,
            &(6..10),
            "unknown key `nmae`",
            Some("did you mean `name`?"),
        )
    }

    /// The message, the place, the line, the underlined text and the hint, in that order.
    #[test]
    fn a_diagnostic_shows_the_line_it_is_about() {
        let expected = "error: unknown key `nmae`\n --> rusm.toml:2:1\n  |\n2 | nmae = 1\n  | ^^^^\n  = hint: did you mean `name`?\n";
        assert_eq!(diagnostic().render(Style::Plain), expected);
        assert_eq!(diagnostic().underlined(), "nmae");
        assert_eq!(
            diagnostic().to_string(),
            "rusm.toml:2:1: unknown key `nmae` (did you mean `name`?)"
        );
    }

    /// Colour adds escapes and nothing else.
    #[test]
    fn colour_changes_no_text() {
        let mut plain = String::new();
        for (position, part) in diagnostic().render(Style::Colour).split('\x1b').enumerate() {
            plain.push_str(if position == 0 {
                part
            } else {
                part.split_once('m').unwrap().1
            });
        }
        assert_eq!(plain, diagnostic().render(Style::Plain));
    }
}
