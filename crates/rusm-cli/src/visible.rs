//! Makes text that a guest may have chosen fit for a terminal.
//!
//! The runtime escapes what guests print. This is the last line of defence, for reasons, names of
//! functions and file names: nothing that reaches the terminal moves its cursor, reverses a line,
//! or starts a line of its own.

use std::borrow::Cow;
use std::fmt::Write;

/// The text on one line: control and direction characters are written as `\u{..}`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if steers(character) {
            write!(shown, "{}", character.escape_unicode())
                .expect("writing to a string does not fail");
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and those that turn the direction of a line or end it.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither an escape sequence, nor a line break, nor a reversal gets through.
    #[test]
    fn what_steers_a_terminal_is_escaped() {
        assert_eq!(visible("a\x1b[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(
            visible("a\r\nb\u{9b}c\u{202e}d"),
            "a\\u{d}\\u{a}b\\u{9b}c\\u{202e}d"
        );
        assert!(matches!(visible("plain: ünïcödé"), Cow::Borrowed(_)));
    }
}
