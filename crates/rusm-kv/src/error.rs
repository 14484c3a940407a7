//! What can go wrong, each with what, where, why and the nearest right thing.

use crate::limits::Refusal;
use std::path::PathBuf;

/// Why a store could not be opened. Nothing was changed in a file that was there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another [`Store`](crate::Store) of this one, has the file open.
    #[error(
        "the store {} is in use by another node or command; stop it, or ask it through its control socket",
        path.display()
    )]
    InUse {
        /// The store's file.
        path: PathBuf,
    },
    /// There is no such file, and it was not to be made.
    #[error("there is no store at {}; check the path, or start a node with it first", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The folder that the file was to be made in is not there.
    #[error("cannot make the store {}: there is no folder {}; make that first", path.display(), folder.display())]
    NoFolder {
        /// The store's file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// The file is something else: it was left as it is.
    #[error("{} is not a rusm store: {why}; give the path of a store, or of a file that does not exist yet", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// A newer rusm has written the file.
    #[error("the store {} has format {found}, and this rusm reads up to format {known}; use a newer rusm", path.display())]
    NewerFormat {
        /// The store's file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format known here.
        known: u64,
    },
    /// The file was a store, and its content does not add up.
    #[error("the store {} is corrupted: {why}; restore it from a backup", path.display())]
    Corrupt {
        /// The store's file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// An option that no store can have.
    #[error("a store cannot have {what} of {actual} bytes; give at least {least}")]
    TooSmall {
        /// Which option.
        what: &'static str,
        /// What it was.
        actual: u64,
        /// The least that works.
        least: u64,
    },
    /// The operating system refused.
    #[error("cannot {doing} the store {}: {source}", path.display())]
    Io {
        /// The store's file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// Why a read was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A compaction runs. [`Store::readable`](crate::Store::readable) waits for its end.
    #[error("the store is being compacted; try again when it is done")]
    Busy,
    /// A name or key is over its bound.
    #[error("the {what} has {actual} bytes, over the most of {most}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        actual: usize,
        /// The bound.
        most: usize,
    },
    /// A name or key that nothing can have.
    #[error("the {what} cannot be used: {why}")]
    Unusable {
        /// What it is.
        what: &'static str,
        /// Why it cannot be used.
        why: &'static str,
    },
    /// The file could not be read, or holds what no store writes.
    #[error("the store cannot be read: {reason}")]
    Failed {
        /// What was found.
        reason: String,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// Why a batch was refused. Unless it says otherwise, nothing of the batch was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A name, key, value or the batch is over its bound.
    #[error("the {what} has {actual}, over the most of {most}")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// How large it is.
        actual: usize,
        /// The bound.
        most: usize,
    },
    /// A name or key that nothing can have.
    #[error("the {what} cannot be used: {why}")]
    Unusable {
        /// What it is.
        what: &'static str,
        /// Why it cannot be used.
        why: &'static str,
    },
    /// An [`Op::Expect`](crate::Op::Expect) did not find what it expected.
    #[error("operation {index} expected another value")]
    Conflict {
        /// The index of the operation in its batch, from 0.
        index: usize,
    },
    /// An [`Op::Increment`](crate::Op::Increment) found a value that is no decimal number.
    #[error("operation {index} increments a value that is not a decimal number of 64 bits")]
    NotANumber {
        /// The index of the operation in its batch, from 0.
        index: usize,
    },
    /// An [`Op::Increment`](crate::Op::Increment) would leave the 64-bit numbers.
    #[error("operation {index} would count beyond a number of 64 bits")]
    Overflow {
        /// The index of the operation in its batch, from 0.
        index: usize,
    },
    /// The batch does not fit under [`Options::max_bytes`](crate::Options::max_bytes).
    #[error(
        "the store is full: its file may have {max_bytes} bytes; delete something or raise the bound"
    )]
    Full {
        /// The bound of the file in bytes.
        max_bytes: u64,
    },
    /// A commit failed, this one or an earlier one. A batch that was in the commit that failed may or may
    /// not be there when the file is opened anew, whole or not at all; one submitted later is not.
    #[error("the store takes no more writes until it is opened anew: {reason}")]
    Poisoned {
        /// What failed.
        reason: String,
    },
    /// The batch could not be applied, and the store goes on.
    #[error("the write failed: {reason}")]
    Failed {
        /// What failed.
        reason: String,
    },
    /// The store was closed before the batch was accepted.
    #[error("the store is closed")]
    Closed,
}

/// Why a copy could not be made. There is no file under its name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is a file of that name. It is left as it is.
    #[error("{} is there already; give the path of a file that does not exist yet", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The store could not be read.
    #[error("cannot read what is to be copied: {0}")]
    Read(#[from] ReadError),
    /// The copy could not be made.
    #[error("cannot make the copy: {0}")]
    Open(#[from] OpenError),
    /// The copy could not be written.
    #[error("cannot write the copy {}: {reason}", path.display())]
    Write {
        /// The copy.
        path: PathBuf,
        /// What failed.
        reason: String,
    },
}

/// Why a compaction did not happen, or not to its end. The store is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompactError {
    /// A [`Snapshot`](crate::Snapshot) is held, or another compaction runs.
    #[error("the store is being read; try again when no long read or export runs")]
    Busy,
    /// The store takes no more writes.
    #[error("the store takes no more writes until it is opened anew: {reason}")]
    Poisoned {
        /// What failed.
        reason: String,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

impl From<Refusal> for ReadError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooLarge { what, actual, most } => Self::TooLarge { what, actual, most },
            Refusal::Unusable { what, why } => Self::Unusable { what, why },
        }
    }
}

impl From<Refusal> for WriteError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooLarge { what, actual, most } => Self::TooLarge { what, actual, most },
            Refusal::Unusable { what, why } => Self::Unusable { what, why },
        }
    }
}

impl ReadError {
    pub(crate) fn failed(cause: impl std::fmt::Display) -> Self {
        Self::Failed {
            reason: cause.to_string(),
        }
    }
}
