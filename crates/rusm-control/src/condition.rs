//! What must be so for a value to be written: compare-and-set over the wire.
//!
//! It goes into the query of the `PUT`, since the body is the new value: `?if-absent=true`, or `?if-base64=` and the expected
//! value, which the head of a request bounds.

use crate::error::ApiError;
use crate::request::Query;
use crate::target::Target;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusm_kv::Batch;

/// When a value is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is there.
    #[default]
    Always,
    /// If the key is not there.
    Absent,
    /// If this is its value.
    Value(Vec<u8>),
}

impl Condition {
    /// Adds it to what a client asks for.
    pub(crate) fn asking(&self, target: Target) -> Target {
        match self {
            Condition::Always => target,
            Condition::Absent => target.with("if-absent", Some(true)),
            Condition::Value(value) => {
                target.with("if-base64", Some(URL_SAFE_NO_PAD.encode(value)))
            }
        }
    }

    /// Reads it from what a node is asked for.
    pub(crate) fn asked(query: &mut Query) -> Result<Condition, ApiError> {
        let absent: Option<bool> = query.value("if-absent", "true or false")?;
        let value = query.text("if-base64");
        match (absent.unwrap_or(false), value) {
            (false, None) => Ok(Condition::Always),
            (true, None) => Ok(Condition::Absent),
            (false, Some(base64)) => match URL_SAFE_NO_PAD.decode(base64) {
                Ok(value) => Ok(Condition::Value(value)),
                Err(error) => {
                    let message = format!("if-base64 is to be base64 for URLs, unpadded: {error}");
                    Err(ApiError::bad_request(message).help("see RFC 4648, section 5"))
                }
            },
            (true, Some(_)) => Err(ApiError::bad_request(
                "if-absent and if-base64 cannot both hold",
            )),
        }
    }

    /// A batch that begins with it. A store does the same with it.
    #[must_use]
    pub fn before(self, batch: Batch, key: &str) -> Batch {
        match self {
            Condition::Always => batch,
            Condition::Absent => batch.expect(key, None),
            Condition::Value(value) => batch.expect(key, Some(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(target: &Target) -> Result<Condition, ApiError> {
        Condition::asked(&mut Query::new(target.query.clone()))
    }

    #[test]
    fn a_condition_arrives_as_it_was_sent() {
        let every_byte: Vec<u8> = (0..=255).collect();
        for condition in [
            Condition::Always,
            Condition::Absent,
            Condition::Value(Vec::new()),
            Condition::Value(every_byte),
        ] {
            let target = condition.asking(Target::of(["v1"]));
            let read = Target::read(&target.to_string()).unwrap();
            assert_eq!(asked(&read).unwrap(), condition);
        }
    }

    #[test]
    fn what_is_no_condition_is_told() {
        for (query, why) in [
            ("if-absent=yes", "true or false"),
            ("if-base64=!", "base64"),
            ("if-base64=YQ==", "unpadded"),
            ("if-absent=true&if-base64=YQ", "cannot both hold"),
        ] {
            let target = Target::read(&format!("/v1?{query}")).unwrap();
            let error = asked(&target).unwrap_err();
            assert!(error.message.contains(why), "{query}: {}", error.message);
        }
        let no = Target::read("/v1?if-absent=false").unwrap();
        assert_eq!(asked(&no).unwrap(), Condition::Always);
    }
}
