//! The key-value store: which buckets may be read and which written.
//!
//! Reading and writing are separate rights: a bucket that may be written may not for that reason
//! be read.

use std::fmt;
use std::str::FromStr;

use super::{GrantError, listed};
use crate::request::Access;

const BUCKET_BYTES_MAX: usize = 255;

/// One bucket by name, or every bucket with a prefix, written `orders-*`; `*` alone is every bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketPattern {
    stem: String,
    prefix: bool,
}

impl BucketPattern {
    /// Whether the bucket of that name is meant.
    pub fn covers(&self, bucket: &str) -> bool {
        if self.prefix {
            bucket.starts_with(&self.stem)
        } else {
            bucket == self.stem
        }
    }

    /// The exact name, or none if this is a prefix.
    pub fn exact_name(&self) -> Option<&str> {
        (!self.prefix).then_some(self.stem.as_str())
    }

    fn covers_pattern(&self, narrower: &BucketPattern) -> bool {
        if narrower.prefix {
            self.prefix && narrower.stem.starts_with(&self.stem)
        } else {
            self.covers(&narrower.stem)
        }
    }
}

impl FromStr for BucketPattern {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<BucketPattern, GrantError> {
        let error =
            |reason: &str| GrantError::new(format!("cannot read {text:?} as a bucket"), reason);
        let (stem, prefix) = match text.strip_suffix('*') {
            Some(stem) => (stem, true),
            None => (text, false),
        };
        if stem.is_empty() && !prefix {
            return Err(error("it is empty"));
        }
        if stem.len() > BUCKET_BYTES_MAX {
            return Err(error("it is longer than 255 bytes"));
        }
        if stem.contains('*') {
            return Err(error("'*' can only be its last character"));
        }
        if stem.chars().any(char::is_control) {
            return Err(error("it contains a control character"));
        }
        Ok(BucketPattern {
            stem: stem.to_owned(),
            prefix,
        })
    }
}

impl fmt::Display for BucketPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stem)?;
        if self.prefix {
            f.write_str("*")
        } else {
            Ok(())
        }
    }
}

/// A set of buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BucketSet {
    /// None at all.
    #[default]
    Nothing,
    /// Every bucket there is or will be.
    Every,
    /// Those that a pattern means.
    Listed(Vec<BucketPattern>),
}

impl BucketSet {
    /// Whether the bucket is in the set.
    pub fn covers(&self, bucket: &str) -> bool {
        match self {
            BucketSet::Nothing => false,
            BucketSet::Every => true,
            BucketSet::Listed(patterns) => patterns.iter().any(|pattern| pattern.covers(bucket)),
        }
    }

    /// Whether the set is without any bucket.
    pub fn is_empty(&self) -> bool {
        match self {
            BucketSet::Nothing => true,
            BucketSet::Every => false,
            BucketSet::Listed(patterns) => patterns.is_empty(),
        }
    }

    /// Whether every bucket of `narrower` is in this set.
    pub fn covers_set(&self, narrower: &BucketSet) -> bool {
        match (self, narrower) {
            (BucketSet::Every, _) | (_, BucketSet::Nothing) => true,
            (BucketSet::Nothing, inner) => inner.is_empty(),
            (BucketSet::Listed(outer), BucketSet::Every) => {
                outer.iter().any(|p| p.prefix && p.stem.is_empty())
            }
            (BucketSet::Listed(outer), BucketSet::Listed(inner)) => inner
                .iter()
                .all(|narrow| outer.iter().any(|wide| wide.covers_pattern(narrow))),
        }
    }
}

impl fmt::Display for BucketSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BucketSet::Nothing => f.write_str("nothing"),
            BucketSet::Every => f.write_str("every bucket"),
            BucketSet::Listed(patterns) => f.write_str(&listed(patterns.iter())),
        }
    }
}

/// What of the store may be read and written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KvGrant {
    /// Buckets to read from.
    pub read: BucketSet,
    /// Buckets to write to.
    pub write: BucketSet,
}

impl KvGrant {
    /// Reading and writing every bucket.
    pub fn every() -> KvGrant {
        KvGrant {
            read: BucketSet::Every,
            write: BucketSet::Every,
        }
    }

    /// Whether the bucket may be used in that way.
    pub fn covers(&self, bucket: &str, access: Access) -> bool {
        match access {
            Access::Read => self.read.covers(bucket),
            Access::Write => self.write.covers(bucket),
        }
    }

    /// Whether nothing may be read or written.
    pub fn is_empty(&self) -> bool {
        self.read.is_empty() && self.write.is_empty()
    }

    /// Whether everything that `narrower` allows is allowed by this.
    pub fn covers_grant(&self, narrower: &KvGrant) -> bool {
        self.read.covers_set(&narrower.read) && self.write.covers_set(&narrower.write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed_set(patterns: &[&str]) -> BucketSet {
        BucketSet::Listed(patterns.iter().map(|text| text.parse().unwrap()).collect())
    }

    /// The right to write is not the right to read.
    #[test]
    fn reading_and_writing_are_separate() {
        let grant = KvGrant {
            read: listed_set(&["config"]),
            write: listed_set(&["orders-*"]),
        };
        assert!(grant.covers("config", Access::Read));
        assert!(!grant.covers("config", Access::Write));
        assert!(grant.covers("orders-1", Access::Write));
        assert!(!grant.covers("orders-1", Access::Read));
        assert!(!grant.covers("orders", Access::Write));
    }

    /// `*` is every bucket, an empty list is none, and a set covers its parts.
    #[test]
    fn sets_cover_their_parts() {
        assert!(listed_set(&["*"]).covers_set(&BucketSet::Every));
        assert!(listed_set(&["a-*"]).covers_set(&listed_set(&["a-b", "a-c*"])));
        assert!(!listed_set(&["a-*"]).covers_set(&listed_set(&["a"])));
        assert!(BucketSet::Nothing.covers_set(&listed_set(&[])));
        assert!(!BucketSet::Nothing.covers_set(&listed_set(&["a"])));
    }

    /// Empty names, inner stars and control characters are refused.
    #[test]
    fn what_is_no_bucket_is_refused() {
        for text in ["", "a*b", "a\0", "a*b*"] {
            assert!(text.parse::<BucketPattern>().is_err(), "{text:?}");
        }
    }
}
