//! Durable buckets of keys and values: one redb file, many writers, one commit at a time.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod apply;
mod backup;
mod batch;
mod clock;
mod commit;
mod completion;
mod disk;
mod engine;
mod error;
mod gate;
mod layout;
mod limits;
mod open;
mod options;
mod place;
mod readers;
mod snapshot;
mod store;
mod transact;
mod waiting;

pub use batch::{Batch, Expires, Op, OpResult, Outcome};
pub use clock::{Clock, SystemClock};
pub use error::{BackupError, CompactError, OpenError, ReadError, WriteError};
pub use limits::{MAX_BATCH_BYTES, MAX_BUCKET, MAX_KEY, MAX_OPS, MAX_VALUE};
pub use options::Options;
pub use snapshot::{Bucket, Buckets, Entry, Keys, Page, Snapshot};
pub use store::{Compacted, Status, Store};
pub use waiting::{Readable, Submission};
