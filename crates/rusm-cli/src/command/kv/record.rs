//! An entry of a store as one line of JSON: what an export is made of, and what an import takes.
//!
//! `{"bucket":"orders","key":"7","value":"text"}`, with `"base64"` in place of `"value"` for what is
//! no plain text, and `"expires-at"` (milliseconds since 1970) if it goes away again. A line that is
//! written here is read here as the very same bytes, and shows nothing that steers a terminal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusm_caps::is_steering;
use rusm_kv::{MAX_BUCKET, MAX_KEY, MAX_VALUE};
use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter};
use std::borrow::Cow;
use std::io;

/// The longest text about a line that is wrong: it may quote what stands there.
const REASON_CHARS_MAX: usize = 200;

/// A key of a bucket, with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The bucket.
    pub(super) bucket: String,
    /// The key.
    pub(super) key: String,
    /// The value, any bytes.
    pub(super) value: Vec<u8>,
    /// When it goes away, in milliseconds since 1970; none for never.
    pub(super) expires_at_ms: Option<u64>,
}

/// The line, field by field.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    bucket: Cow<'a, str>,
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    value: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    base64: Option<Cow<'a, str>>,
    #[serde(
        rename = "expires-at",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    expires_at: Option<u64>,
}

impl Record {
    /// The longest line that is read, in bytes. The longest that is written has 48 MiB and a little:
    /// a value of [`MAX_VALUE`] whose every character is escaped.
    pub(super) const LINE_BYTES_MAX: usize = 64 << 20;

    /// The record as one line, without the line break.
    pub(super) fn to_json(&self) -> String {
        let text = plain_text(&self.value);
        let line = Line {
            bucket: Cow::Borrowed(&self.bucket),
            key: Cow::Borrowed(&self.key),
            value: text.map(Cow::Borrowed),
            base64: text.is_none().then(|| STANDARD.encode(&self.value).into()),
            expires_at: self.expires_at_ms,
        };
        json(&line)
    }

    /// Reads one line.
    ///
    /// # Errors
    ///
    /// What is wrong with it and what would be right, in one sentence that may quote the line. Who
    /// shows it adds where the line is.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        if line.len() > Self::LINE_BYTES_MAX {
            return Err(too_long("the line", line.len(), Self::LINE_BYTES_MAX));
        }
        let line: Line<'_> = serde_json::from_slice(line).map_err(|error| reason(&error))?;
        let value = match (line.value, line.base64) {
            (Some(value), None) => value.into_owned().into_bytes(),
            (None, Some(base64)) => bytes(&base64)?,
            (None, None) => {
                return Err("it has no value: \"value\" holds text, \"base64\" any bytes".into());
            }
            (Some(_), Some(_)) => {
                return Err("it has both \"value\" and \"base64\": leave one of them out".into());
            }
        };
        let record = Self {
            bucket: line.bucket.into_owned(),
            key: line.key.into_owned(),
            value,
            expires_at_ms: line.expires_at,
        };
        record.check().map(|()| record)
    }

    /// Whether a store takes it.
    ///
    /// # Errors
    ///
    /// The bound that it is over, in one sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        check_bucket(&self.bucket)?;
        match (self.key.len(), self.value.len()) {
            (0, _) => Err("the key is empty: it has at least one byte".into()),
            (len, _) if len > MAX_KEY => Err(too_long("the key", len, MAX_KEY)),
            (_, len) if len > MAX_VALUE => Err(too_long("the value", len, MAX_VALUE)),
            _ => Ok(()),
        }
    }
}

fn check_bucket(bucket: &str) -> Result<(), String> {
    if bucket.is_empty() {
        return Err("the bucket has no name: it has at least one byte".into());
    }
    if bucket.len() > MAX_BUCKET {
        return Err(too_long("the name of the bucket", bucket.len(), MAX_BUCKET));
    }
    match bucket.chars().find(|character| character.is_control()) {
        Some(character) => Err(format!(
            "the name of the bucket has the control character {}",
            character.escape_unicode()
        )),
        None => Ok(()),
    }
}

fn too_long(what: &str, actual: usize, most: usize) -> String {
    format!("{what} has {actual} bytes: the most is {most}")
}

/// The bytes that base64 stands for: the standard alphabet, padded.
///
/// # Errors
///
/// What is wrong with it, in one sentence.
pub(super) fn bytes(base64: &str) -> Result<Vec<u8>, String> {
    STANDARD
        .decode(base64)
        .map_err(|error| format!("wrong base64 (RFC 4648, section 4, padded): {error}"))
}

/// The value as text, if it is nothing but text: UTF-8, and no control character but tabs and line breaks.
pub(super) fn plain_text(value: &[u8]) -> Option<&str> {
    let is_plain = |character: char| !character.is_control() || "\t\r\n".contains(character);
    let text = std::str::from_utf8(value).ok()?;
    text.chars().all(is_plain).then_some(text)
}

/// What serde says, without the number of the line (there is only one) and of bounded length.
fn reason(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    let what = text.strip_suffix(&place).unwrap_or(&text);
    let mut shown: String = what.chars().take(REASON_CHARS_MAX).collect();
    if shown.len() < what.len() {
        shown.push('…');
    }
    match error.column() {
        0 => shown,
        column => format!("{shown}, at byte {column}"),
    }
}

/// JSON on one line in which whatever would steer a terminal is escaped.
pub(super) fn json(value: &impl Serialize) -> String {
    let mut line = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut line, Unsteered);
    value
        .serialize(&mut serializer)
        .expect("text, numbers and lists of them are JSON, and memory takes them");
    String::from_utf8(line).expect("JSON is text")
}

/// The compact form, with more escapes.
struct Unsteered;

impl Formatter for Unsteered {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut rest = fragment;
        while let Some((at, steering)) = rest.char_indices().find(|(_, c)| is_steering(*c)) {
            let (plain, from) = rest.split_at(at);
            CompactFormatter.write_string_fragment(writer, plain)?;
            for unit in steering.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = from.get(steering.len_utf8()..).unwrap_or_default();
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, value: impl AsRef<[u8]>) -> Record {
        Record {
            bucket: "b".into(),
            key: key.into(),
            value: value.as_ref().to_vec(),
            expires_at_ms: None,
        }
    }

    fn wrong(line: &str) -> String {
        Record::parse(line.as_bytes()).unwrap_err()
    }

    /// Text stays text, bytes are base64, and both come back.
    #[test]
    fn a_line_is_read_as_it_was_written() {
        let lasting = record("k", "zwölf\n\"13\"\t");
        assert_eq!(
            lasting.to_json(),
            r#"{"bucket":"b","key":"k","value":"zwölf\n\"13\"\t"}"#
        );
        let fleeting = Record {
            expires_at_ms: Some(u64::MAX),
            ..record("k", [0xff, 0])
        };
        assert_eq!(
            fleeting.to_json(),
            r#"{"bucket":"b","key":"k","base64":"/wA=","expires-at":18446744073709551615}"#
        );
        for record in [lasting, fleeting, record("", ""), record("k", "")] {
            let back = Record::parse(record.to_json().as_bytes());
            if record.key.is_empty() {
                assert!(back.unwrap_err().contains("key is empty"));
            } else {
                assert_eq!(back, Ok(record));
            }
        }
    }

    /// Whatever the key and the value, the line neither breaks nor moves anything; nothing is lost on the way.
    #[test]
    fn no_line_steers_a_terminal() {
        for character in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = format!("a{character}{character}z");
            if text.chars().any(is_steering) || character.len_utf8() < 3 {
                let record = record(&text, &text);
                let line = record.to_json();
                assert!(!line.chars().any(is_steering), "{line}");
                assert_eq!(Record::parse(line.as_bytes()), Ok(record));
            }
        }
    }

    /// Each mistake has its own sentence.
    #[test]
    fn wrong_lines_say_what_is_wrong() {
        for (line, word) in [
            ("", "EOF"),
            ("nonsense", "at byte 2"),
            (r#"{"bucket":"b","key":"k"}"#, "no value"),
            (r#"{"bucket":"b","key":"k","value":"","base64":""}"#, "both"),
            (r#"{"bucket":"b","key":"k","value":7}"#, "expected a string"),
            (r#"{"bucket":"b","key":"k","base64":"a"}"#, "wrong base64"),
            (r#"{"bucket":"b","key":"k","base64":"YQ"}"#, "padded"),
            (r#"{"bucket":"b","key":"","value":""}"#, "key is empty"),
            (r#"{"bucket":"","key":"k","value":""}"#, "no name"),
            (r#"{"bucket":"a\nb","key":"k","value":""}"#, "\\u{a}"),
            (r#"{"bucket":"b","value":""}"#, "missing field `key`"),
            (
                r#"{"bucket":"b","key":"k","key":"k","value":""}"#,
                "duplicate field `key`",
            ),
            (
                r#"{"bucket":"b","key":"k","vlaue":""}"#,
                "unknown field `vlaue`, expected one of",
            ),
            (
                r#"{"bucket":"b","key":"k","value":"","expires-at":-1}"#,
                "integer `-1`",
            ),
            (r#"{"bucket":"b","key":"k","value":"\ud800"}"#, "hex escape"),
            (r#"{"bucket":"b","key":"k","value":""} {}"#, "trailing"),
        ] {
            let told = wrong(line);
            assert!(told.contains(word), "{line}: {told}");
        }
    }

    /// Each bound is told with the number that is over it; the largest that fits does.
    #[test]
    fn bounds_are_told() {
        let told = |record: Record| Record::parse(record.to_json().as_bytes()).map(drop);
        assert_eq!(told(record(&"k".repeat(MAX_KEY), "")), Ok(()));
        let long = told(record(&"k".repeat(MAX_KEY + 1), "")).unwrap_err();
        assert_eq!(long, "the key has 1025 bytes: the most is 1024");
        assert_eq!(told(record("k", vec![0; MAX_VALUE])), Ok(()));
        let large = told(record("k", vec![b'\n'; MAX_VALUE + 1])).unwrap_err();
        assert_eq!(large, "the value has 16777217 bytes: the most is 16777216");
        // No text has more escapes than this, and so no line is longer than three times its value and a little.
        let wide = "\u{ad}".repeat(MAX_VALUE / 128);
        let escaped = record("k", &wide).to_json().len();
        assert!(escaped <= 3 * wide.len() + 64, "{escaped}");
        assert!(3 * MAX_VALUE + 16 * MAX_KEY < Record::LINE_BYTES_MAX);
        let named = wrong(&format!("{{\"{}\":1}}", "x".repeat(100_000)));
        assert!(named.len() < 2 * REASON_CHARS_MAX, "{named}");
        let endless = Record::parse(&vec![b' '; Record::LINE_BYTES_MAX + 1]).unwrap_err();
        assert!(endless.contains("the most is 67108864"), "{endless}");
    }
}
