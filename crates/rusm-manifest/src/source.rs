//! The text of a manifest and its lines: from a byte span to a line, a column and an excerpt.

use std::ops::Range;

use rusm_caps::is_steering;

/// Byte positions in the text.
pub(crate) type Span = Range<usize>;

/// How much of a long line is shown.
const EXCERPT_CHARS_MAX: usize = 120;
/// How much of that stands before the underlined text.
const LEAD_CHARS: usize = 40;

/// The text, with the starts of its lines.
#[derive(Debug)]
pub(crate) struct Source<'s> {
    pub(crate) file_name: &'s str,
    text: &'s str,
    line_starts: Vec<usize>,
}

/// Where a span begins, and how that place looks.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) excerpt: String,
    /// In characters of the excerpt.
    pub(crate) underline: Range<usize>,
}

impl<'s> Source<'s> {
    pub(crate) fn new(file_name: &'s str, text: &'s str) -> Source<'s> {
        let after_newline = text.match_indices('\n').map(|(at, _)| at + 1);
        Source {
            file_name,
            text,
            line_starts: std::iter::once(0).chain(after_newline).collect(),
        }
    }

    /// The text of a span; empty if the span is none of this text.
    pub(crate) fn slice(&self, span: &Span) -> &'s str {
        self.text.get(span.clone()).unwrap_or("")
    }

    /// Where a span begins. A span past the end, or inside a character, is moved back to one that
    /// is not.
    pub(crate) fn place(&self, span: &Span) -> Place {
        let start = self
            .text
            .floor_char_boundary(span.start.min(self.text.len()));
        let end = self
            .text
            .floor_char_boundary(span.end.clamp(start, self.text.len()));
        let line = self
            .line_starts
            .partition_point(|line_start| *line_start <= start);
        let line_start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let rest = self.text.get(line_start..).unwrap_or("");
        let line_text = rest.split('\n').next().unwrap_or("").trim_end_matches('\r');
        let before = line_text
            .get(..start - line_start)
            .unwrap_or(line_text)
            .chars()
            .count();
        let n_marked = self
            .text
            .get(start..end)
            .unwrap_or("")
            .split('\n')
            .next()
            .unwrap_or("")
            .chars()
            .count();
        let (excerpt, underline) = excerpt(line_text, before, n_marked);
        Place {
            line,
            column: before + 1,
            excerpt,
            underline,
        }
    }
}

/// The part of a line around the marked characters, fit for a terminal, and where they are in it.
fn excerpt(line: &str, before: usize, n_marked: usize) -> (String, Range<usize>) {
    let skipped = if before > EXCERPT_CHARS_MAX - LEAD_CHARS {
        before - LEAD_CHARS
    } else {
        0
    };
    let mut text = String::from(if skipped > 0 { "…" } else { "" });
    let lead = usize::from(skipped > 0);
    let mut n_shown = 0;
    let mut rest = line.chars().skip(skipped);
    for character in rest.by_ref().take(EXCERPT_CHARS_MAX) {
        text.push(shown(character));
        n_shown += 1;
    }
    if rest.next().is_some() {
        text.push('…');
    }
    let from = before - skipped;
    let until = (from + n_marked.max(1)).min(n_shown.max(from + 1));
    (text, lead + from..lead + until)
}

/// The text without anything that would steer a terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(shown).collect()
}

fn shown(character: char) -> char {
    match character {
        '\t' => ' ',
        steering if is_steering(steering) => '\u{fffd}',
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, span: Span) -> (usize, usize, String, Range<usize>) {
        let place = Source::new("t", text).place(&span);
        (place.line, place.column, place.excerpt, place.underline)
    }

    /// Lines and columns count from one, columns in characters.
    #[test]
    fn places_are_counted_from_one() {
        assert_eq!(place("ab\ncde\n", 4..6), (2, 2, "cde".into(), 1..3));
        assert_eq!(place("üü = 1", 2..4), (1, 2, "üü = 1".into(), 1..2));
        assert_eq!(place("a\r\nb\r\n", 3..4), (2, 1, "b".into(), 0..1));
    }

    /// A span of nothing, past the end or inside a character is still a place.
    #[test]
    fn every_span_has_a_place() {
        assert_eq!(place("", 0..0), (1, 1, String::new(), 0..1));
        assert_eq!(place("a\n", 99..120), (2, 1, String::new(), 0..1));
        assert_eq!(place("ü", 1..2), (1, 1, "ü".into(), 0..1));
        assert_eq!(place("ab\ncd", 0..5), (1, 1, "ab".into(), 0..2));
    }

    /// A long line is cut around the place, and steering characters do not reach the terminal.
    #[test]
    fn excerpts_are_short_and_clean() {
        let long = "x".repeat(500);
        let (_, column, excerpt, underline) = place(&long, 300..302);
        assert_eq!(
            (column, excerpt.chars().count(), underline),
            (301, 122, 41..43)
        );
        assert_eq!(place("a\tb\x1b[2J", 0..1).2, "a b\u{fffd}[2J");
    }
}
