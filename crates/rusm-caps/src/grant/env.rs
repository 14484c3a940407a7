//! Environment variables: by exact name, or by a prefix written `PREFIX_*`.
//!
//! Only names are known here; the values never enter this crate.

use std::fmt;
use std::str::FromStr;

use super::GrantError;

const NAME_BYTES_MAX: usize = 255;

/// One name, or every name with a prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvGrant {
    stem: String,
    prefix: bool,
}

impl EnvGrant {
    /// Every variable. No text is read as this, so no manifest can grant it.
    pub(crate) fn every() -> EnvGrant {
        EnvGrant {
            stem: String::new(),
            prefix: true,
        }
    }

    /// Whether the variable of that name may be seen.
    pub fn covers(&self, name: &str) -> bool {
        if self.prefix {
            name.starts_with(&self.stem)
        } else {
            name == self.stem
        }
    }

    /// Whether everything that `narrower` shows is shown by this as well.
    pub fn covers_grant(&self, narrower: &EnvGrant) -> bool {
        if narrower.prefix {
            self.prefix && narrower.stem.starts_with(&self.stem)
        } else {
            self.covers(&narrower.stem)
        }
    }

    /// The exact name, or none if this is a prefix.
    pub fn exact_name(&self) -> Option<&str> {
        (!self.prefix).then_some(self.stem.as_str())
    }
}

impl FromStr for EnvGrant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<EnvGrant, GrantError> {
        let error = |reason: &str| {
            GrantError::new(
                format!("cannot read {text:?} as the name of a variable"),
                reason,
            )
        };
        let (stem, prefix) = match text.strip_suffix('*') {
            Some(stem) => (stem, true),
            None => (text, false),
        };
        if stem.is_empty() && prefix {
            return Err(error("'*' alone would show the whole environment")
                .hint("name the variables, or a prefix such as APP_*"));
        }
        if stem.is_empty() {
            return Err(error("it is empty"));
        }
        if stem.len() > NAME_BYTES_MAX {
            return Err(error("it is longer than 255 bytes"));
        }
        if stem.contains('*') {
            return Err(error("'*' can only be its last character"));
        }
        if stem.contains('=') || stem.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(error("a name has no '=', space or control character")
                .hint("write the name only, the value is looked up"));
        }
        Ok(EnvGrant {
            stem: stem.to_owned(),
            prefix,
        })
    }
}

impl fmt::Display for EnvGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stem)?;
        if self.prefix {
            f.write_str("*")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> EnvGrant {
        text.parse().unwrap()
    }

    /// An exact name shows that name, a prefix shows all that begin with it.
    #[test]
    fn names_and_prefixes() {
        assert!(grant("API_KEY").covers("API_KEY"));
        assert!(!grant("API_KEY").covers("API_KEY_2"));
        assert!(grant("APP_*").covers("APP_COLOR"));
        assert!(grant("APP_*").covers("APP_"));
        assert!(!grant("APP_*").covers("APPLE"));
    }

    /// A prefix covers longer prefixes and names, never the other way round.
    #[test]
    fn prefixes_cover_longer_ones() {
        assert!(grant("APP_*").covers_grant(&grant("APP_DB_*")));
        assert!(!grant("APP_DB_*").covers_grant(&grant("APP_*")));
        assert!(grant("APP_*").covers_grant(&grant("APP_X")));
        assert!(!grant("APP_X").covers_grant(&grant("APP_X*")));
    }

    /// The whole environment, assignments and nonsense are refused.
    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "*", "A=1", "A B", "A*B", "A\n", "**"] {
            assert!(text.parse::<EnvGrant>().is_err(), "{text:?}");
        }
    }
}
