//! The file below redb, with two things that redb has not: a bound, and reads that outlive a failed write.
//!
//! redb refuses everything after the first I/O error, reads included. So an error is kept here and redb is
//! not told: from then on the file is left as it is, what redb writes goes to memory, and the
//! commit thread, which asks [`Disk::failure`] after every commit, poisons the store and shows nobody what was not
//! written. Readers go on with the last commit that succeeded: its pages are never written over.
//!
//! In the same way growth beyond the bound is granted in memory only. The transaction that asked for it is aborted, by which
//! redb gives the growth back, and nothing has happened. See [`Growth`] for where that cannot be.

mod handle;
mod overlay;
mod owed;

pub(crate) use handle::Handle;
use overlay::Overlay;
use owed::Owed;
use parking_lot::Mutex;
use redb::StorageBackend;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

/// What is kept in memory of what is not written, about: more than a commit writes.
const KEPT_BYTES: usize = 256 * 1024 * 1024;

/// Why a disk is frozen whose backend has panicked.
const PANICKED: &str = "what stands for the file panicked";

/// All goes to the file.
const NORMAL: u8 = 0;
/// The running transaction has outgrown the bound.
const OVER: u8 = 1;
/// redb takes the file for longer than it is: it becomes as long as what is written.
const LAZY: u8 = 2;
/// Something failed; the file is not written to any more.
const FROZEN: u8 = 3;

/// What becomes of growth beyond the bound. redb doubles a file that is too small by one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// The running transaction is [over](Disk::is_over), to be aborted: while a group is applied.
    Refused,
    /// A failure: within a commit, which cannot be taken back. Pages that are kept free prevent it.
    Fatal,
    /// The file grows: while a store is made, which begins with more than it needs.
    Granted,
    /// The file grows by what is written, which may be a few pages: where redb commits by itself, and gives back
    /// the end of the file before it is done. For that time it may be over its bound. A crash in between leaves
    /// a file that redb repairs.
    Lazy,
}

/// See the head of this file.
pub(crate) struct Disk {
    inner: Box<dyn StorageBackend>,
    most: Option<u64>,
    /// Bytes of the file.
    len: AtomicU64,
    mode: AtomicU8,
    growth: Mutex<Growth>,
    owed: Owed,
    closed: AtomicBool,
    /// What the file would have, were it written to. Empty in the mode `NORMAL`.
    instead: Mutex<Instead>,
}

#[derive(Default)]
struct Instead {
    failure: Option<String>,
    len: u64,
    blocks: Overlay,
    /// The head of a file that grows lazily: it names the newest pages, so it is written when they are durable.
    head: Option<Vec<u8>>,
}

impl Disk {
    /// A disk on a file, or on what stands for one, of at most so many bytes.
    pub(crate) fn new(inner: impl StorageBackend, most: Option<u64>) -> io::Result<Self> {
        let len = inner.len()?;
        Ok(Self {
            inner: Box::new(inner),
            most,
            len: AtomicU64::new(len),
            mode: AtomicU8::new(NORMAL),
            growth: Mutex::new(Growth::Refused),
            owed: Owed::default(),
            closed: AtomicBool::new(false),
            instead: Mutex::default(),
        })
    }

    /// Bytes of the file.
    pub(crate) fn len(&self) -> u64 {
        self.len.load(Ordering::Acquire)
    }

    /// The most bytes that the file may have.
    pub(crate) fn most(&self) -> Option<u64> {
        self.most
    }

    /// Whether the file could not grow as redb makes it grow, to twice its length.
    pub(crate) fn is_tight(&self) -> bool {
        self.most
            .is_some_and(|most| self.len().saturating_mul(2) > most)
    }

    /// Whether the running transaction has outgrown the bound, and must be aborted.
    pub(crate) fn is_over(&self) -> bool {
        self.mode.load(Ordering::Acquire) == OVER
    }

    /// What failed; none if all went well so far.
    pub(crate) fn failure(&self) -> Option<String> {
        if self.mode.load(Ordering::Acquire) != FROZEN {
            return None;
        }
        self.instead.lock().failure.clone()
    }

    /// Writes no more to the file, for the reason given or an earlier one.
    pub(crate) fn freeze(&self, reason: &str) {
        self.freeze_locked(&mut self.instead.lock(), reason);
    }

    /// Makes the file empty, while redb does not have it open.
    pub(crate) fn empty(&self) -> io::Result<()> {
        self.inner.set_len(0)?;
        self.len.store(0, Ordering::Release);
        Ok(())
    }

    /// Does some work in memory, with the file as it is, and forgets it.
    pub(crate) fn rehearse<T>(&self, work: impl FnOnce() -> T) -> T {
        self.freeze("it is only looked at");
        let done = work();
        *self.instead.lock() = Instead::default();
        self.mode.store(NORMAL, Ordering::Release);
        done
    }

    /// Does some work with another answer to growth beyond the bound.
    pub(crate) fn with_growth<T>(&self, growth: Growth, work: impl FnOnce() -> T) -> T {
        let before = std::mem::replace(&mut *self.growth.lock(), growth);
        let done = work();
        *self.growth.lock() = before;
        done
    }

    /// Does some work whose writes and syncs are owed: redb takes them for done, and [`Disk::settle`] does them.
    pub(crate) fn owing<T>(&self, work: impl FnOnce() -> T) -> T {
        self.owed.turn(true);
        let done = work();
        self.owed.turn(false);
        done
    }

    /// The number of the last sync that redb has asked for.
    pub(crate) fn last_sync(&self) -> u64 {
        self.owed.asked()
    }

    /// Waits until a sync has happened, and does what it takes if nobody else does; an error if it cannot be done.
    pub(crate) fn settle(&self, sync: u64) -> Result<(), String> {
        self.or_failure(|| self.owed.settle(sync, self))
    }

    /// Brings what is owed to the file. If that cannot be done, the file is frozen.
    fn settle_all(&self) {
        let _ = self.or_failure(|| self.owed.settle_all(self));
    }

    fn may_change(&self) -> io::Result<()> {
        self.failure()
            .map_or(Ok(()), |why| Err(io::Error::other(why)))
    }

    fn or_failure(&self, work: impl FnOnce() -> io::Result<()>) -> Result<(), String> {
        let done = catch_unwind(AssertUnwindSafe(work));
        let done = done.unwrap_or_else(|_| Err(io::Error::other(PANICKED)));
        done.map_err(|error| {
            self.freeze(&error.to_string());
            self.failure().unwrap_or_default()
        })
    }

    /// Makes the file longer by hand, while redb does not have it open.
    pub(crate) fn stretch(&self, len: u64) -> io::Result<()> {
        self.settle_all();
        self.may_change()?;
        self.inner.set_len(len)?;
        self.inner.sync_data()?;
        self.len.store(len, Ordering::Release);
        Ok(())
    }

    /// Gives the file and its lock back. Nothing can be read or written afterwards.
    pub(crate) fn close(&self) {
        if !self.closed.swap(true, Ordering::AcqRel) {
            // There is nothing left to do about an error.
            let _ = self.inner.close();
        }
    }

    fn freeze_locked(&self, instead: &mut Instead, reason: &str) {
        if self.mode.swap(FROZEN, Ordering::AcqRel) == NORMAL {
            instead.len = self.len();
        }
        instead.failure.get_or_insert_with(|| reason.to_owned());
    }

    fn current_len(&self) -> u64 {
        if self.mode.load(Ordering::Acquire) == NORMAL {
            return self.len();
        }
        self.instead.lock().len
    }

    /// Reads what redb would read.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.mode.load(Ordering::Acquire) == NORMAL {
            // redb is told, and reads no more: here it is kept what it was.
            return self.owed.read(offset, out, self).inspect_err(|error| {
                self.freeze(&format!("cannot read the file: {error}"));
            });
        }
        let instead = self.instead.lock();
        self.read_file(offset, out)?;
        let head = instead.head.as_deref().unwrap_or_default();
        let head = usize::try_from(offset).ok().and_then(|at| head.get(at..));
        for (byte, new) in out.iter_mut().zip(head.unwrap_or_default()) {
            *byte = *new;
        }
        instead.blocks.read(offset, out);
        Ok(())
    }

    /// Reads the file, and zeroes beyond its end.
    fn read_file(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = self.bytes_before(self.len(), offset, out);
        let (within, beyond) = out.split_at_mut(there);
        beyond.fill(0);
        if within.is_empty() {
            return Ok(());
        }
        self.owed.read(offset, within, self)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.mode.load(Ordering::Acquire) == NORMAL {
            match self.owed.keep(offset, data, self) {
                Ok(true) => return Ok(()),
                Ok(false) => self.settle_all(),
                Err(error) => self.freeze(&format!("cannot read the file: {error}")),
            }
        }
        if self.mode.load(Ordering::Acquire) == NORMAL {
            let Err(error) = self.inner.write(offset, data) else {
                return Ok(());
            };
            self.freeze(&format!("cannot write the file: {error}"));
        }
        let mut instead = self.instead.lock();
        let mode = self.mode.load(Ordering::Acquire);
        if mode == LAZY {
            return self.write_lazily(&mut instead, offset, data);
        }
        // Beyond the bound nothing is written. What lies within the file may be of an earlier commit: redb writes its
        // pages when it needs their memory.
        let there = match mode {
            FROZEN => 0,
            _ => self.bytes_before(self.len(), offset, data),
        };
        let (within, beyond) = data.split_at(there);
        let written = match within {
            [] => Ok(()),
            within => self.inner.write(offset, within),
        };
        if let Err(error) = written {
            self.freeze_locked(&mut instead, &format!("cannot write the file: {error}"));
            return self.keep(&mut instead, offset, data);
        }
        let at = offset + within.len() as u64;
        self.keep(&mut instead, at, beyond)
    }

    fn write_lazily(&self, instead: &mut Instead, offset: u64, data: &[u8]) -> io::Result<()> {
        if offset == 0 {
            instead.head = Some(data.to_vec());
            return Ok(());
        }
        let end = offset + data.len() as u64;
        let result = if end <= self.len() {
            self.inner.write(offset, data)
        } else {
            self.inner.set_len(end).and_then(|()| {
                self.len.store(end, Ordering::Release);
                self.inner.write(offset, data)
            })
        };
        if let Err(error) = result {
            self.freeze_locked(instead, &format!("cannot write the file: {error}"));
            return self.keep(instead, offset, data);
        }
        Ok(())
    }

    /// Keeps in memory what is not written.
    fn keep(&self, instead: &mut Instead, offset: u64, data: &[u8]) -> io::Result<()> {
        if instead.blocks.bytes() > KEPT_BYTES {
            return Err(io::Error::from(io::ErrorKind::OutOfMemory));
        }
        let file = |at, out: &mut [u8]| self.read_file(at, out);
        instead.blocks.write(offset, data, file)
    }

    fn bytes_before(&self, end: u64, offset: u64, data: &[u8]) -> usize {
        let there = usize::try_from(end.saturating_sub(offset));
        there.unwrap_or(usize::MAX).min(data.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.settle_all();
        let mut instead = self.instead.lock();
        let mode = self.mode.load(Ordering::Acquire);
        if mode == FROZEN {
            instead.len = len;
            return Ok(());
        }
        let is_growth = len > self.len();
        let growth = *self.growth.lock();
        let is_beyond = self.most.is_some_and(|most| len > most) && growth != Growth::Granted;
        if is_growth && (mode == OVER || is_beyond) {
            match growth {
                Growth::Granted => {}
                Growth::Refused => self.mode.store(OVER, Ordering::Release),
                Growth::Lazy => self.mode.store(LAZY, Ordering::Release),
                Growth::Fatal => self.freeze_locked(&mut instead, "the file is at its bound"),
            }
            instead.len = len;
            return Ok(());
        }
        let written = self.write_head(&instead);
        match written.and_then(|()| self.inner.set_len(len)) {
            Ok(()) => self.len.store(len, Ordering::Release),
            Err(error) => {
                let doing = if is_growth { "grow" } else { "shrink" };
                self.freeze_locked(&mut instead, &format!("cannot {doing} the file: {error}"));
                instead.len = len;
                return Ok(());
            }
        }
        *instead = Instead::default();
        self.mode.store(NORMAL, Ordering::Release);
        Ok(())
    }

    fn sync(&self) {
        if matches!(self.mode.load(Ordering::Acquire), OVER | FROZEN) {
            return;
        }
        self.owed.ask();
        if !self.owed.is_on() {
            self.settle_all();
        }
    }

    fn sync_head(&self) -> io::Result<()> {
        let mut instead = self.instead.lock();
        if instead.head.is_some() {
            self.write_head(&instead)?;
            self.inner.sync_data()?;
            instead.head = None;
        }
        Ok(())
    }

    fn write_head(&self, instead: &Instead) -> io::Result<()> {
        let head = instead.head.as_deref();
        head.map_or(Ok(()), |head| self.inner.write(0, head))
    }
}

impl owed::File for Disk {
    fn get(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn put(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.may_change()?;
        self.inner.write(offset, data).map_err(|error| {
            let why = format!("cannot write the file: {error}");
            io::Error::new(error.kind(), why)
        })
    }

    fn make_durable(&self) -> io::Result<()> {
        self.may_change()?;
        let synced = self.inner.sync_data().and_then(|()| self.sync_head());
        synced.map_err(|error| {
            let why = format!("cannot make the file durable: {error}");
            io::Error::new(error.kind(), why)
        })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("inner", &self.inner)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}
