//! A batch: some operations on one bucket that happen together or not at all.

use crate::error::WriteError;
use crate::limits::{
    MAX_BATCH_BYTES, MAX_OPS, MAX_VALUE, Refusal, check_bucket, check_key, check_len,
};

/// When an entry goes away by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Expires {
    /// Never.
    #[default]
    Never,
    /// So many milliseconds after the commit begins.
    After {
        /// Milliseconds.
        ms: u64,
    },
    /// At a time of day: for entries that are imported. One that is past writes an entry that is absent at once.
    At {
        /// Milliseconds since the beginning of 1970, UTC.
        ms_since_1970: u64,
    },
}

/// One step of a [`Batch`]. Each sees what those before it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Write a value, in place of what is there, with a new expiry.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: Vec<u8>,
        /// When it goes away again.
        expires: Expires,
    },
    /// Remove a key. [`OpResult::Deleted`] says whether it was there.
    Delete {
        /// The key.
        key: String,
    },
    /// Go on only if the key has this value.
    Expect {
        /// The key.
        key: String,
        /// Its value; none when it must be absent.
        value: Option<Vec<u8>>,
    },
    /// Add to a decimal number; an absent key counts from 0. The sum is stored as decimal text, and the expiry
    /// of an entry that was there stays. [`OpResult::Value`] has the sum.
    Increment {
        /// The key.
        key: String,
        /// What is added.
        by: i64,
    },
}

/// What one [`Op`] gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpResult {
    /// Of a put or an expectation.
    Done,
    /// Of a delete: whether the key was there.
    Deleted(bool),
    /// Of an increment: the sum.
    Value(i64),
}

/// What a batch gave, durable when it is returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// One for each operation, in order.
    pub results: Vec<OpResult>,
}

/// Operations on one bucket: all or nothing, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub(crate) bucket: String,
    pub(crate) ops: Vec<Op>,
}

impl Batch {
    /// An empty batch for a bucket, which comes into being with its first entry.
    ///
    /// # Errors
    /// [`WriteError::TooLarge`] or [`WriteError::Unusable`] for a name that no bucket can have.
    pub fn new(bucket: impl Into<String>) -> Result<Self, WriteError> {
        let bucket = bucket.into();
        check_bucket(&bucket)?;
        Ok(Self {
            bucket,
            ops: Vec::new(),
        })
    }

    /// Adds an operation. Bounds are checked when the batch is submitted.
    #[must_use]
    pub fn op(mut self, op: Op) -> Self {
        self.ops.push(op);
        self
    }

    /// Adds an [`Op::Put`] that never expires.
    #[must_use]
    pub fn put(self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.put_expiring(key, value, Expires::Never)
    }

    /// Adds an [`Op::Put`].
    #[must_use]
    pub fn put_expiring(
        self,
        key: impl Into<String>,
        value: impl Into<Vec<u8>>,
        expires: Expires,
    ) -> Self {
        self.op(Op::Put {
            key: key.into(),
            value: value.into(),
            expires,
        })
    }

    /// Adds an [`Op::Delete`].
    #[must_use]
    pub fn delete(self, key: impl Into<String>) -> Self {
        self.op(Op::Delete { key: key.into() })
    }

    /// Adds an [`Op::Expect`].
    #[must_use]
    pub fn expect(self, key: impl Into<String>, value: Option<Vec<u8>>) -> Self {
        self.op(Op::Expect {
            key: key.into(),
            value,
        })
    }

    /// Adds an [`Op::Increment`].
    #[must_use]
    pub fn increment(self, key: impl Into<String>, by: i64) -> Self {
        self.op(Op::Increment {
            key: key.into(),
            by,
        })
    }

    /// The bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The operations, in order.
    #[must_use]
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// Bytes of all keys and values: what [`MAX_BATCH_BYTES`] bounds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.ops
            .iter()
            .map(Op::bytes)
            .fold(0, usize::saturating_add)
    }

    /// Bytes of memory that the batch takes, about: what waits for a commit is bounded by it.
    pub(crate) fn footprint(&self) -> usize {
        let ops = self.ops.len().saturating_mul(size_of::<Op>());
        self.bytes().saturating_add(ops)
    }

    /// Whether it may make the store larger.
    pub(crate) fn takes_room(&self) -> bool {
        let mut ops = self.ops.iter();
        ops.any(|op| matches!(op, Op::Put { .. } | Op::Increment { .. }))
    }

    /// Asks whether the batch is within all bounds, as submitting it does.
    ///
    /// # Errors
    /// [`WriteError::TooLarge`] or [`WriteError::Unusable`] for the first thing that is not.
    pub fn check(&self) -> Result<(), WriteError> {
        check_len("number of operations", self.ops.len(), MAX_OPS)?;
        for op in &self.ops {
            op.check()?;
        }
        check_len("size of the batch in bytes", self.bytes(), MAX_BATCH_BYTES)?;
        Ok(())
    }
}

impl Op {
    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Put { key, .. }
            | Self::Delete { key }
            | Self::Expect { key, .. }
            | Self::Increment { key, .. } => key,
        }
    }

    fn value(&self) -> &[u8] {
        match self {
            Self::Put { value, .. } => value,
            Self::Expect { value, .. } => value.as_deref().unwrap_or_default(),
            Self::Delete { .. } | Self::Increment { .. } => &[],
        }
    }

    fn bytes(&self) -> usize {
        self.key().len().saturating_add(self.value().len())
    }

    fn check(&self) -> Result<(), Refusal> {
        check_key(self.key())?;
        check_len("size of the value in bytes", self.value().len(), MAX_VALUE)
    }
}
