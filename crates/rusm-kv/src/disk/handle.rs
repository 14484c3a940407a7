//! A [`Disk`] as redb sees it.

use super::{Disk, PANICKED};
use redb::{BackendError, StorageBackend};
use std::io;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What redb is given. Closing it closes nothing: the file and its lock stay until [`Disk::close`], so that nobody comes
/// in between when redb opens the file again.
#[derive(Clone, Debug)]
pub(crate) struct Handle(pub(crate) Arc<Disk>);

impl Handle {
    /// Does some work; if the backend panics, does it in memory. redb would end the process: it panics again
    /// while it unwinds.
    fn or_frozen(&self, work: impl Fn(&Disk) -> io::Result<()>) -> io::Result<()> {
        let done = catch_unwind(AssertUnwindSafe(|| work(&self.0)));
        done.unwrap_or_else(|_| {
            self.0.freeze(PANICKED);
            work(&self.0)
        })
    }
}

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.current_len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let read = catch_unwind(AssertUnwindSafe(|| self.0.read(offset, out)));
        read.unwrap_or_else(|_| Err(io::Error::other(PANICKED)))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.or_frozen(|disk| disk.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.or_frozen(|disk| {
            disk.sync();
            Ok(())
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.or_frozen(|disk| disk.write(offset, data))
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.0.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.inner.query_lock_range(start, end)
    }
}
