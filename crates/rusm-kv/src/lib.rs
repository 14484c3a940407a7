//! Durable buckets of keys and values: one redb file, many writers, one sync for all that have gathered.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("orders.redb");
//! use rusm_kv::{Batch, OpResult, Options, Store};
//!
//! let store = Store::open(&path, Options::default())?;
//! let order = Batch::new("orders")?
//!     .expect("order-17", None)
//!     .put("order-17", "two of the blue ones")
//!     .increment("count", 1);
//! let outcome = store.submit(order).wait()?;
//! assert_eq!(outcome.results.last(), Some(&OpResult::Value(1)));
//! let snapshot = store.read()?;
//! assert!(snapshot.get("orders", "order-17")?.is_some());
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//! - **Acknowledged is durable.** A [`Submission`] is ready with an [`Outcome`] after the sync of the commit that it is in. A
//!   process that is killed, a torn write or a loss of power loses none of it, and shows nothing half done.
//! - **All or nothing, in order.** A [`Batch`] happens whole or not at all, and sees what the batches before it wrote. One that
//!   is refused leaves no trace and does not disturb the others of its commit.
//! - **One sync for many.** The commit thread takes all batches that have gathered while it was busy, within bounds, and
//!   commits them together. A batch that changes nothing costs no sync.
//! - **Readers never wait for a commit.** A [`Snapshot`] is a consistent view on the caller's thread. It waits for a
//!   compaction alone, and then as a future, [`Readable`].
//! - **Everything is bounded**: names, keys, values and batches ([`MAX_KEY`] and the others), batches and bytes that are
//!   accepted at a time (what comes after waits, in its order), the file ([`Options::max_bytes`]), and the work that
//!   expired entries make for one read or one commit.
//!
//! # When a commit fails
//! After any error of the disk in a commit the store is *poisoned*: it takes no more writes until the file is opened
//! anew, and goes on reading the last commit that succeeded. It does not try again, because nobody can
//! know what a second try would mean: when a sync fails, the kernel may have dropped the pages that it could
//! not write and marked them clean, so that the next sync succeeds, and reading shows from memory what the disk does not
//! have. For the same reason a batch of the commit that failed may or may not be there when the file is opened
//! anew: whole or not at all, since the commit is one redb transaction.
//!
//! # What is not
//! - A commit is redb's with one phase, and so costs one sync: checksums tell after a crash whether its pages are whole. They
//!   are not cryptographic. Whoever chooses what is written *and* which pages of a commit reach the disk before a crash
//!   could make half a commit look whole; a guest of a node chooses the first alone.
//! - A file of up to 64 MiB is verified whole when it is opened. In a larger one damage is found when it is read: every
//!   entry has a checksum. Damage in between can hide entries of such a file.
//! - An idle store removes nothing: expired entries are absent at once, and lie in the file until commits remove them.
//! - While a compaction runs, or the file is closed, it may pass its bound for that moment by what redb takes in
//!   between and gives back.
//!
//! The layout of the file is described at the head of `layout.rs`. This crate knows nothing of processes or
//! capabilities.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod apply;
mod backup;
mod batch;
mod clock;
mod commit;
mod completion;
mod courtesy;
mod disk;
mod engine;
mod error;
mod gate;
mod joining;
mod landing;
mod layout;
mod limits;
mod linger;
mod open;
mod options;
mod page;
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
pub use page::{Bucket, Buckets, Entry, Keys, Page};
pub use snapshot::Snapshot;
pub use store::{Around, Compacted, OnPoison, Status, Store};
pub use waiting::{Readable, Submission};
