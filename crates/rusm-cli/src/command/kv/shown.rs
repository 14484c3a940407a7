//! Keys and values as people see them: on one line, of bounded length, and steering nothing.

use crate::visible::visible;
use rusm_audit::stamp;
use rusm_caps::is_steering;
use rusm_control::json_line;
use serde::Serialize;
use std::fmt::{Display, Write};
use std::time::{Duration, SystemTime};

/// Characters of a text value that a list shows.
const TEXT_CHARS_MAX: usize = 80;
/// Bytes of another value that are shown.
const BYTES_MAX: usize = 16;

/// JSON on one line, which steers no terminal either.
pub(super) fn json(value: &impl Serialize) -> String {
    String::from_utf8(json_line(value)).expect("JSON is text")
}

/// The value as text, if it is nothing but text: UTF-8, and no control character but tabs and line breaks.
pub(super) fn plain_text(value: &[u8]) -> Option<&str> {
    let is_plain = |character: char| !character.is_control() || "\t\r\n".contains(character);
    let text = std::str::from_utf8(value).ok()?;
    text.chars().all(is_plain).then_some(text)
}

/// A value on one line, cut if it is long.
pub(super) fn brief(value: &[u8]) -> String {
    let Some(text) = plain_text(value) else {
        return binary(value);
    };
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        None => visible(text).into_owned(),
        Some((at, _)) => {
            let begins = text.get(..at).unwrap_or(text);
            format!("{}… ({})", visible(begins), count(value.len(), "byte"))
        }
    }
}

/// A value on a terminal, whole if it is text. Line breaks and tabs are what they are.
pub(super) fn whole(value: &[u8]) -> String {
    let Some(text) = plain_text(value) else {
        return binary(value);
    };
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_steering(character) && character != '\n' && character != '\t' {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// When an entry goes away.
pub(super) fn until(expires_at_ms: u64) -> String {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(expires_at_ms));
    time.map_or_else(|| "the end of time".to_owned(), stamp)
}

/// A number of things.
pub(super) fn count(n: impl Display, what: &str) -> String {
    match n.to_string().as_str() {
        "1" => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// A number of entries.
pub(super) fn entries(n: u64) -> String {
    if n == 1 {
        "1 entry".to_owned()
    } else {
        format!("{n} entries")
    }
}

fn binary(value: &[u8]) -> String {
    let mut shown = format!("binary, {}:", count(value.len(), "byte"));
    for byte in value.iter().take(BYTES_MAX) {
        write!(shown, " {byte:02x}").expect("writing to a string does not fail");
    }
    if value.len() > BYTES_MAX {
        shown.push_str(" …");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Short text is whole, long text is cut, bytes are bytes; all of it is one line that steers nothing.
    #[test]
    fn values_are_brief() {
        assert_eq!(brief(b"42"), "42");
        assert_eq!(brief("ä\nb\u{202e}".as_bytes()), "ä\\u{a}b\\u{202e}");
        assert_eq!(brief(b"\x1b[2J"), "binary, 4 bytes: 1b 5b 32 4a");
        let long = "ü".repeat(TEXT_CHARS_MAX + 1);
        assert_eq!(
            brief(long.as_bytes()),
            format!("{}… (162 bytes)", "ü".repeat(TEXT_CHARS_MAX))
        );
        let zeros = format!("binary, 17 bytes:{} …", " 00".repeat(BYTES_MAX));
        assert_eq!(brief(&[0; 17]), zeros);
    }

    /// On a terminal a text has its lines, and nothing else that moves the cursor.
    #[test]
    fn a_terminal_shows_lines() {
        assert_eq!(whole(b"a\n\tb\r\n"), "a\n\tb\\u{d}\n");
        assert_eq!(whole("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        assert_eq!(whole(b"\x1b[2J"), "binary, 4 bytes: 1b 5b 32 4a");
        assert_eq!(whole(b""), "");
    }

    /// Any number is a time.
    #[test]
    fn times_are_stamps() {
        assert_eq!(until(1_795_255_200_123), "2026-11-21T10:00:00.123Z");
        assert!(!until(u64::MAX).is_empty());
    }
}
