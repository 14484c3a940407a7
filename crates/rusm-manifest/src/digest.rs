//! The digest that a component's file must have, written `sha256:` and 64 hexadecimal digits.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

const PREFIX: &str = "sha256:";

/// A SHA-256 digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

/// Text that is no digest.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("a digest is \"sha256:\" and 64 hexadecimal digits: {reason}")]
pub struct DigestError {
    reason: String,
}

impl Digest {
    /// The digest of these bytes, already computed.
    pub fn sha256(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Digest, DigestError> {
        let error = |reason: String| DigestError { reason };
        let digits = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| error("it does not begin with \"sha256:\"".to_owned()))?;
        if let Some(wrong) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(error(format!(
                "'{}' is no hexadecimal digit",
                wrong.escape_default()
            )));
        }
        if digits.len() != 64 {
            return Err(error(format!("it has {} digits", digits.len())));
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
            *byte = pair
                .iter()
                .fold(0, |value, digit| value * 16 + nibble(*digit));
        }
        Ok(Digest(bytes))
    }
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is printed is read back, upper case or lower.
    #[test]
    fn digests_are_read_back() {
        let digest = Digest::sha256(std::array::from_fn(|i| u8::try_from(i * 8).unwrap()));
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let upper = digest
            .to_string()
            .to_uppercase()
            .replace("SHA256", "sha256");
        assert_eq!(upper.parse(), Ok(digest));
    }

    /// Another algorithm, a digit too few and a letter too far are refused with the reason.
    #[test]
    fn what_is_no_digest_is_refused() {
        let reason = |text: &str| text.parse::<Digest>().unwrap_err().reason;
        assert_eq!(reason("md5:00"), "it does not begin with \"sha256:\"");
        assert_eq!(reason("sha256:00"), "it has 2 digits");
        assert_eq!(
            reason(&format!("sha256:{}g", "0".repeat(63))),
            "'g' is no hexadecimal digit"
        );
    }
}
