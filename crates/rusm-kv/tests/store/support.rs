//! What the tests share: a clock to set, and a file in memory that can be told to fail.

use parking_lot::{Condvar, Mutex};
use redb::StorageBackend;
use rusm_kv::{Batch, Clock, Options, Store};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A clock that stands still until it is set.
pub(crate) struct Manual(AtomicU64);

impl Manual {
    pub(crate) fn at(now_ms: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(now_ms)))
    }

    pub(crate) fn set(&self, now_ms: u64) {
        self.0.store(now_ms, Ordering::Relaxed);
    }
}

impl Clock for Manual {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A store in a folder of its own.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&self.path("store"), Options::default()).unwrap()
    }
}

pub(crate) fn batch() -> Batch {
    Batch::new("orders").unwrap()
}

/// What a file in memory does next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) writes: bool,
    pub(crate) syncs: bool,
    pub(crate) lengths: bool,
    pub(crate) panics: bool,
    /// A sync waits until this is over.
    pub(crate) holds: bool,
}

/// A file in memory. Clones are the same file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    bytes: Mutex<Vec<u8>>,
    faults: Mutex<Faults>,
    changed: Condvar,
    /// Syncs that were begun.
    syncs: Mutex<u64>,
    /// From which sync on all fail, and what the file had then.
    end: Mutex<Option<(u64, Vec<u8>)>>,
}

impl Memory {
    pub(crate) fn open(&self, options: Options) -> Store {
        Store::with_backend(self.clone(), options).unwrap()
    }

    pub(crate) fn set(&self, faults: Faults) {
        *self.0.faults.lock() = faults;
        self.0.changed.notify_all();
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.bytes.lock().clone()
    }

    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        let memory = Self::default();
        *memory.0.bytes.lock() = bytes;
        memory
    }

    /// Changes a byte.
    pub(crate) fn flip(&self, place: usize) {
        self.0.bytes.lock()[place] ^= 0x10;
    }

    pub(crate) fn syncs(&self) -> u64 {
        *self.0.syncs.lock()
    }

    /// Waits until a sync is begun after `count` of them.
    pub(crate) fn wait_for_sync(&self, count: u64) {
        let mut syncs = self.0.syncs.lock();
        while *syncs <= count {
            self.0.changed.wait(&mut syncs);
        }
    }

    /// Lets the syncs from this one on fail.
    pub(crate) fn fail_from_sync(&self, sync: u64) {
        *self.0.end.lock() = Some((sync, Vec::new()));
    }

    /// What the file had when the first sync failed.
    pub(crate) fn bytes_at_fault(&self) -> Vec<u8> {
        let end = self.0.end.lock();
        end.as_ref()
            .map_or_else(Vec::new, |(_, bytes)| bytes.clone())
    }

    fn fail_if(&self, fault: impl Fn(&Faults) -> bool) -> io::Result<()> {
        let faults = *self.0.faults.lock();
        if !fault(&faults) {
            return Ok(());
        }
        assert!(!faults.panics, "told to panic");
        Err(io::Error::other("told to fail"))
    }
}

impl StorageBackend for Memory {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.bytes.lock().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.0.bytes.lock();
        let at = usize::try_from(offset).unwrap();
        let range = bytes.get(at..at + out.len());
        out.copy_from_slice(range.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.fail_if(|faults| faults.lengths)?;
        self.0.bytes.lock().resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        *self.0.syncs.lock() += 1;
        if let Some((end, bytes)) = &mut *self.0.end.lock()
            && self.syncs() > *end
        {
            *bytes = self.bytes();
            return Err(io::Error::other("told to fail"));
        }
        self.0.changed.notify_all();
        let mut faults = self.0.faults.lock();
        while faults.holds {
            self.0.changed.wait(&mut faults);
        }
        drop(faults);
        self.fail_if(|faults| faults.syncs)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.fail_if(|faults| faults.writes)?;
        let mut bytes = self.0.bytes.lock();
        let at = usize::try_from(offset).unwrap();
        bytes[at..at + data.len()].copy_from_slice(data);
        Ok(())
    }
}
