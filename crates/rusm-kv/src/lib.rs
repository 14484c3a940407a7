//! Durable buckets of keys and values: one redb file, many writers, one commit at a time.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod apply;
mod backup;
mod batch;
mod clock;
mod commit;
mod completion;
mod error;
mod gate;
mod layout;
mod limits;
mod open;
mod options;
mod readers;
mod snapshot;
mod store;

pub use batch::{Batch, Expires, Op, OpResult, Outcome};
pub use clock::{Clock, SystemClock};
pub use error::{BackupError, CompactError, OpenError, ReadError, WriteError};
pub use limits::{MAX_BATCH_BYTES, MAX_BUCKET, MAX_KEY, MAX_OPS, MAX_VALUE};
pub use options::Options;
pub use snapshot::{Bucket, Buckets, Entry, Keys, Page, Snapshot};
pub use store::{Compacted, Readable, Status, Store, Submission};
