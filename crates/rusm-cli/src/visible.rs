//! Makes text that a guest may have chosen fit for a terminal.
//!
//! The runtime escapes what guests print. This is the last line of defence, for reasons, names of
//! functions and file names: nothing that reaches the terminal moves its cursor, reverses a line,
//! or starts a line of its own.

use rusm_caps::is_steering;
use std::borrow::Cow;
use std::fmt::Write;

/// The text on one line: characters that steer it are written as `\u{..}`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_steering) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_steering(character) {
            write!(shown, "{}", character.escape_unicode())
                .expect("writing to a string does not fail");
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
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
        assert_eq!(visible("a\u{200b}b"), "a\\u{200b}b");
        assert!(matches!(visible("plain: ünïcödé"), Cow::Borrowed(_)));
    }
}
