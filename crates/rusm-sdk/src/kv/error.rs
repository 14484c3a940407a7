//! Why a typed bucket did not do it: [`BucketError`].

use std::fmt;

use super::{ATTEMPTS, KvError};

/// Why an operation on a [`Bucket`](super::Bucket) did not happen. Nothing of it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketError {
    /// The store did not do it.
    Store(KvError),
    /// What stands under this key is no value of the bucket's type.
    Decode {
        /// The key.
        key: String,
        /// What is wrong with it, and where.
        problem: String,
    },
    /// The value has no form in JSON: a map whose keys are no texts, for instance.
    Encode {
        /// The key it was meant for.
        key: String,
        /// Why not.
        problem: String,
    },
    /// A transaction was begun [`ATTEMPTS`] times, and each time others changed what it had read.
    TooManyConflicts,
}

impl fmt::Display for BucketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Decode { key, problem } => {
                write!(
                    f,
                    "the value of '{key}' is not of the type expected: {problem}"
                )
            }
            Self::Encode { key, problem } => {
                write!(
                    f,
                    "the value for '{key}' cannot be written as JSON: {problem}"
                )
            }
            Self::TooManyConflicts => write!(
                f,
                "nothing was written: in each of {ATTEMPTS} attempts others changed what the transaction had read"
            ),
        }
    }
}

impl std::error::Error for BucketError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Store(error) = self {
            Some(error)
        } else {
            None
        }
    }
}

impl From<KvError> for BucketError {
    fn from(error: KvError) -> Self {
        Self::Store(error)
    }
}
