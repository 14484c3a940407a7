//! An entry of the store as a line of JSON: what exports and imports are made of.
//!
//! ```json
//! {"bucket":"orders","key":"42","value":"{\"items\":3}"}
//! {"bucket":"thumbs","key":"a.png","base64":"iVBORw0KGgo=","expires-at":1769000000000}
//! ```
//!
//! A value is text if it is UTF-8 and shows as what it is; otherwise it is base64 (RFC 4648, section 4), so that every value
//! is the same after it has been exported and imported, and none steers the terminal on which it is looked at.

use crate::json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusm_caps::is_steering;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// The longest line: a value of 16 MiB of characters that are escaped, with its bucket and its key.
pub const LINE_BYTES_MAX: usize = 34 << 20;

/// A key of a bucket with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The value.
    pub value: Vec<u8>,
    /// When it goes away, in milliseconds since the beginning of 1970; none for never.
    pub expires_at_ms: Option<u64>,
}

impl Entry {
    /// The line, without its end.
    pub fn to_line(&self) -> Vec<u8> {
        json::line(self)
    }

    /// Reads a line, with or without its end.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn from_line(line: &[u8]) -> Result<Entry, String> {
        // A list of the fields in their order would be read as well.
        if line.trim_ascii_start().first() == Some(&b'[') {
            return Err("it is a list, and not an object".to_owned());
        }
        serde_json::from_slice(line).map_err(|error| {
            let text = error.to_string();
            // There is only one line, and whoever asks knows which.
            text.replace(" at line 1 column ", " at column ")
        })
    }
}

/// As it stands in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Fields<'e> {
    bucket: Cow<'e, str>,
    key: Cow<'e, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Cow<'e, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<Cow<'e, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = plain_text(&self.value);
        Fields {
            bucket: Cow::Borrowed(&self.bucket),
            key: Cow::Borrowed(&self.key),
            value: text.map(Cow::Borrowed),
            base64: text
                .is_none()
                .then(|| Cow::Owned(STANDARD.encode(&self.value))),
            expires_at: self.expires_at_ms,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entry, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let value = match (fields.value, fields.base64) {
            (Some(text), None) => text.into_owned().into_bytes(),
            (None, Some(base64)) => STANDARD
                .decode(base64.as_bytes())
                .map_err(|error| D::Error::custom(format!("base64: {error}")))?,
            (Some(_), Some(_)) => return Err(D::Error::custom("there are value and base64")),
            (None, None) => return Err(D::Error::custom("there is neither value nor base64")),
        };
        Ok(Entry {
            bucket: fields.bucket.into_owned(),
            key: fields.key.into_owned(),
            value,
            expires_at_ms: fields.expires_at,
        })
    }
}

/// The value as text, if it shows as what it is.
fn plain_text(value: &[u8]) -> Option<&str> {
    let hides = |character| is_steering(character) && !matches!(character, '\n' | '\r' | '\t');
    let text = std::str::from_utf8(value).ok()?;
    (!text.chars().any(hides)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn entry(value: &[u8]) -> Entry {
        Entry {
            bucket: "orders".to_owned(),
            key: "k".to_owned(),
            value: value.to_vec(),
            expires_at_ms: None,
        }
    }

    fn line(value: &[u8]) -> String {
        String::from_utf8(entry(value).to_line()).unwrap()
    }

    #[test]
    fn text_is_text_and_the_rest_is_base64() {
        let text = |json| format!(r#"{{"bucket":"orders","key":"k",{json}}}"#);
        assert_eq!(line("größer\n".as_bytes()), text(r#""value":"größer\n""#));
        assert_eq!(line(b""), text(r#""value":"""#));
        assert_eq!(line(b"\xff"), text(r#""base64":"/w==""#));
        assert_eq!(line(b"\x1b[2J"), text(r#""base64":"G1sySg==""#));
        assert_eq!(line("\u{202e}".as_bytes()), text(r#""base64":"4oCu""#));
    }

    #[test]
    fn what_is_no_entry_is_told_why() {
        for (line, why) in [
            ("", "EOF"),
            ("{}", "missing field `bucket`"),
            (r#"{"bucket":"b","key":"k"}"#, "neither"),
            (
                r#"{"bucket":"b","key":"k","value":"","base64":""}"#,
                "value and base64",
            ),
            (r#"{"bucket":"b","key":"k","base64":"/w"}"#, "base64"),
            (r#"{"bucket":"b","key":"k","value":1}"#, "string"),
            (
                r#"{"bucket":"b","key":"k","valu":""}"#,
                "unknown field `valu`",
            ),
            (
                r#"{"bucket":"b","key":"k","key":"l","value":""}"#,
                "duplicate",
            ),
            (r#"{"bucket":"b","key":"k","value":""}{"#, "trailing"),
            (
                r#"{"bucket":"b","key":"k","value":"","expires-at":-1}"#,
                "-1",
            ),
            (r#"{"bucket":"b","key":"\ud800","value":""}"#, "hex escape"),
            (r#" ["b","k","v"]"#, "a list, and not an object"),
        ] {
            let error = Entry::from_line(line.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{line}: {error}");
        }
    }

    #[test]
    fn the_longest_entry_has_room_in_a_line() {
        let mut longest = entry(&b"\"".repeat(rusm_kv::MAX_VALUE));
        longest.bucket = "\u{e0001}".repeat(rusm_kv::MAX_BUCKET / 4);
        longest.key = "\u{e0001}".repeat(rusm_kv::MAX_KEY / 4);
        longest.expires_at_ms = Some(u64::MAX);
        assert!(longest.to_line().len() < LINE_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn every_entry_is_one_line_that_reads_back(
            bucket in any::<String>(),
            key in any::<String>(),
            value in prop_oneof![vec(any::<u8>(), 0..64), any::<String>().prop_map(String::into_bytes)],
            expires_at_ms: Option<u64>,
        ) {
            let entry = Entry { bucket, key, value, expires_at_ms };
            let line = entry.to_line();
            prop_assert!(!line.contains(&b'\n'));
            prop_assert_eq!(Entry::from_line(&line).unwrap(), entry);
        }
    }
}
