//! What a request is about: the path and the query of its first line (RFC 3986), read and written in this one place. Pure.
//!
//! A path is split at its slashes *before* it is decoded, and nothing in it has a meaning of its own: `..` and `%2f` are texts in
//! the segment in which they stand. There is no file behind a path that they could lead to.

use crate::error::ApiError;
use std::fmt::{self, Write as _};

/// More would be a mistake of whoever wrote the request.
const PARAMETERS_MAX: usize = 16;

/// A path and a query, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The texts between the slashes of the path.
    pub segments: Vec<String>,
    /// Names and values, each name once.
    pub query: Vec<(String, String)>,
}

impl Target {
    /// Reads a path with its query, such as `/v1/kv/buckets/orders/keys?prefix=2026%2d`.
    ///
    /// `+` is a plus: these are not the fields of a form.
    ///
    /// # Errors
    /// A text that does not begin with `/`, a `%` without two hexadecimal digits, bytes that are not UTF-8, a parameter without
    /// a name or given twice.
    pub fn read(text: &str) -> Result<Target, ApiError> {
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (text, None),
        };
        let path = path
            .strip_prefix('/')
            .ok_or_else(|| ApiError::bad_request("the path does not begin with '/'"))?;
        let segments = path.split('/').map(decoded).collect::<Result<_, _>>()?;
        let query = query.map_or_else(|| Ok(Vec::new()), read_query)?;
        Ok(Target { segments, query })
    }

    /// A target without a query.
    pub fn of<T: Into<String>>(segments: impl IntoIterator<Item = T>) -> Target {
        Target {
            segments: segments.into_iter().map(Into::into).collect(),
            query: Vec::new(),
        }
    }

    /// Adds a parameter, if there is a value.
    pub fn with(mut self, name: &str, value: Option<impl ToString>) -> Target {
        if let Some(value) = value {
            self.query.push((name.to_owned(), value.to_string()));
        }
        self
    }
}

fn read_query(text: &str) -> Result<Vec<(String, String)>, ApiError> {
    let mut query: Vec<(String, String)> = Vec::new();
    for parameter in text.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        if name.is_empty() {
            return Err(ApiError::bad_request("a parameter has no name"));
        }
        if query.iter().any(|(known, _)| *known == name) {
            let message = format!("the parameter {name:?} is given twice");
            return Err(ApiError::bad_request(message));
        }
        if query.len() == PARAMETERS_MAX {
            let message = format!("there are more than {PARAMETERS_MAX} parameters");
            return Err(ApiError::bad_request(message));
        }
        query.push((name, value));
    }
    Ok(query)
}

/// Percent-decoding (RFC 3986, 2.1), strictly.
fn decoded(text: &str) -> Result<String, ApiError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let pair = after.split_first_chunk::<2>();
        let byte = pair.and_then(|([high, low], _)| Some(digit(*high)? << 4 | digit(*low)?));
        let (Some(byte), Some((_, after))) = (byte, pair) else {
            let message = format!("in {text:?}, '%' is not followed by two hexadecimal digits");
            return Err(ApiError::bad_request(message).help("a percent sign itself is %25"));
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| {
        ApiError::bad_request(format!("{text:?} is not UTF-8 behind its percent signs"))
    })
}

fn digit(character: u8) -> Option<u8> {
    char::from(character)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Everything but the unreserved characters (RFC 3986, 2.3) is encoded; so are texts of dots alone, which clients would resolve.
struct Encoded<'t>(&'t str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_dots = matches!(self.0, "." | "..");
        self.0.bytes().try_for_each(|byte| {
            let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~');
            if is_plain || (byte == b'.' && !is_dots) {
                f.write_char(char::from(byte))
            } else {
                write!(f, "%{byte:02X}")
            }
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            f.write_char('/')?;
        }
        self.segments
            .iter()
            .try_for_each(|segment| write!(f, "/{}", Encoded(segment)))?;
        let mut before = '?';
        self.query.iter().try_for_each(|(name, value)| {
            write!(f, "{before}{}={}", Encoded(name), Encoded(value))?;
            before = '&';
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn segments(text: &str) -> Vec<String> {
        Target::read(text).unwrap().segments
    }

    /// What has a meaning in paths of files has none here.
    #[test]
    fn a_segment_is_a_text_whatever_is_in_it() {
        assert_eq!(segments("/v1/../etc"), ["v1", "..", "etc"]);
        assert_eq!(segments("/v1/%2e%2E/a%2Fb"), ["v1", "..", "a/b"]);
        assert_eq!(segments("/a%00b//c+d"), ["a\0b", "", "c+d"]);
        assert_eq!(segments("/%E2%82%AC"), ["€"]);
        // Once decoded, not twice.
        assert_eq!(segments("/%2541"), ["%41"]);
    }

    /// Clients resolve dots between slashes, encoded or not at all.
    #[test]
    fn dots_alone_are_encoded() {
        let target = Target::of([".", "..", "a.b", "..."]);
        assert_eq!(target.to_string(), "/%2E/%2E%2E/a.b/...");
    }

    #[test]
    fn a_query_has_each_name_once() {
        let target = Target::read("/k?prefix=a%26b&&limit=1&empty").unwrap();
        let texts: Vec<_> = target.query.iter().map(|(n, v)| (&n[..], &v[..])).collect();
        assert_eq!(texts, [("prefix", "a&b"), ("limit", "1"), ("empty", "")]);
        for text in ["/k?a=1&a=2", "/k?=1", "/k?a=%f", "/k?%zz=1"] {
            assert!(Target::read(text).is_err(), "{text}");
        }
        let many: Vec<String> = (0..=PARAMETERS_MAX).map(|n| format!("p{n}=1")).collect();
        assert!(Target::read(&format!("/k?{}", many.join("&"))).is_err());
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for text in ["", "v1", "*", "/%", "/%4", "/%+1", "/%ff", "/%c0%af", "/%é"] {
            assert!(Target::read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            segments in vec(any::<String>(), 1..6),
            query in proptest::collection::btree_map("\\PC{1,4}", any::<String>(), 0..4),
        ) {
            let target = Target { segments, query: query.into_iter().collect() };
            let text = target.to_string();
            prop_assert!(text.is_ascii());
            prop_assert_eq!(Target::read(&text).unwrap(), target);
        }
    }
}
