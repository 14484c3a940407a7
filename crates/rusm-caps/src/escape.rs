//! Makes text that a guest chose fit to be read by people and logs.
//!
//! A denial and an audit record name what was asked for, and the guest chooses that text. Left
//! raw, it could move a terminal's cursor, reverse the direction of a line, or pass for another
//! log line. So: everything that is invisible or steers is written as `\u{..}`, text that is
//! not a plain word is quoted, and long text is cut.

use std::fmt::Write as _;

/// How many characters of one guest-chosen text are shown.
const SHOWN_CHARS_MAX: usize = 120;

/// The text with control, formatting and invisible characters escaped, cut at 120 characters.
///
/// A backslash is doubled, so no text can pass for the escape of another.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN_CHARS_MAX));
    for (position, character) in text.chars().enumerate() {
        if position == SHOWN_CHARS_MAX {
            shown.push('…');
            break;
        }
        if character == '\\' {
            shown.push_str("\\\\");
        } else if is_steering(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A plain word as it is; anything else printable and in single quotes, so that its end is seen.
pub fn quoted(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    format!("'{}'", printable(text).replace('\'', "\\'"))
}

/// Whether the text is shown in full.
pub(crate) fn fits(text: &str) -> bool {
    text.chars().nth(SHOWN_CHARS_MAX).is_none()
}

/// The text as a TOML basic string, fit to be pasted into a manifest.
pub(crate) fn toml_string(text: &str) -> String {
    let mut out = String::from("\"");
    for (position, character) in text.chars().enumerate() {
        if position == SHOWN_CHARS_MAX {
            out.push('…');
            break;
        }
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            steering if is_steering(steering) => {
                write!(out, "\\U{:08X}", u32::from(steering))
                    .expect("writing to a string does not fail");
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
    out
}

fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/@*[]+~".contains(c);
    !text.is_empty() && text.len() <= SHOWN_CHARS_MAX && text.chars().all(plain)
}

/// Characters that show nothing themselves but change what is shown: control characters,
/// bidirectional and other formatting, joiners, line and paragraph separators, tags.
pub fn is_steering(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal escape, a reversed line, a forged line break: none survives.
    #[test]
    fn steering_characters_are_escaped() {
        assert_eq!(printable("a\x1b[2J"), "a\\u{1b}[2J");
        assert_eq!(
            printable("a\u{202e}b\u{2028}c\nd"),
            "a\\u{202e}b\\u{2028}c\\u{a}d"
        );
        assert_eq!(printable("\\u{1b}"), "\\\\u{1b}");
        assert_eq!(quoted("it's\r"), "'it\\'s\\u{d}'");
        assert_eq!(toml_string("a\"b\\\n"), "\"a\\\"b\\\\\\U0000000A\"");
    }

    /// Long text is cut, by characters and not inside one.
    #[test]
    fn long_text_is_cut() {
        let shown = printable(&"ü".repeat(5000));
        assert_eq!(shown.chars().count(), 121);
        assert!(shown.ends_with('…'));
        assert!(toml_string(&"x".repeat(5000)).len() < 130);
    }

    /// Words stay as they are; text with spaces or nothing at all is quoted.
    #[test]
    fn plain_words_are_not_quoted() {
        assert_eq!(quoted("db.example:5432"), "db.example:5432");
        assert_eq!(quoted("two words"), "'two words'");
        assert_eq!(quoted(""), "''");
    }
}
