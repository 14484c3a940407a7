//! What a store may be told when it is opened.

use crate::clock::{Clock, SystemClock};
use crate::limits::MAX_BATCH_BYTES;
use std::fmt;
use std::sync::Arc;

const MIB: usize = 1024 * 1024;
/// The least bound of a file: below it, what redb needs for itself would be most of it.
pub(crate) const LEAST_MAX_BYTES: u64 = 1024 * 1024;

/// How a store behaves. [`Options::default`] has no bound on the file, the operating system's clock, 64 MiB of
/// cache, and a queue of 1,024 batches or 128 MiB.
#[derive(Clone)]
pub struct Options {
    pub(crate) max_bytes: Option<u64>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cache_bytes: usize,
    pub(crate) queue_slots: usize,
    pub(crate) queue_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_bytes: None,
            clock: Arc::new(SystemClock),
            cache_bytes: 64 * MIB,
            queue_slots: 1_024,
            queue_bytes: 2 * MAX_BATCH_BYTES,
        }
    }
}

impl Options {
    /// The most bytes that the file may have. A batch that does not fit is refused with
    /// [`WriteError::Full`](crate::WriteError::Full); reads go on, and so do batches that only delete, for which some
    /// pages are kept. At least 1 MiB. A file that is larger already grows no more.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// The clock that decides what has expired.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Bytes of memory for pages of the file, read and about to be written.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Batches that may be accepted and not yet answered, at least 1. What is submitted beyond them waits.
    #[must_use]
    pub fn queue_slots(mut self, batches: usize) -> Self {
        self.queue_slots = batches.max(1);
        self
    }

    /// Bytes of batches that may be accepted and not yet answered. What is submitted beyond them waits; a batch
    /// that is larger on its own is accepted when nothing else is.
    #[must_use]
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes.max(1);
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("max_bytes", &self.max_bytes)
            .field("cache_bytes", &self.cache_bytes)
            .field("queue_slots", &self.queue_slots)
            .field("queue_bytes", &self.queue_bytes)
            .finish_non_exhaustive()
    }
}
