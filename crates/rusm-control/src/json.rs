//! JSON that steers no terminal: whatever changes what is shown is escaped, so that answers can be looked at as they are.

use rusm_caps::is_steering;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::io::{self, Write};

/// One line of JSON, without its end.
///
/// # Panics
/// When a map of the value has keys that are no texts; there are no such types here.
pub fn line(value: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut text, Plain))
        .expect("only texts are keys, and memory takes every byte");
    text
}

struct Plain;

impl Formatter for Plain {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, steering)) = rest.char_indices().find(|(_, c)| is_steering(*c)) {
            let (plain, after) = rest.split_at(at);
            CompactFormatter.write_string_fragment(writer, plain)?;
            for unit in steering.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = after.strip_prefix(steering).unwrap_or_default();
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_steers_is_escaped_and_the_rest_is_readable() {
        let text = "grün\u{9b}2J\u{202e}\u{e0001}\n";
        let line = String::from_utf8(line(&text)).unwrap();
        assert_eq!(line, r#""grün\u009b2J\u202e\udb40\udc01\n""#);
    }

    proptest! {
        #[test]
        fn every_text_reads_back_and_shows_as_it_is(text in any::<String>()) {
            let line = String::from_utf8(line(&text)).unwrap();
            prop_assert!(!line.chars().any(is_steering));
            prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }
}
