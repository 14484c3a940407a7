//! The store: a file, its commit thread, and those who read.

use crate::batch::Batch;
use crate::clock::Clock;
use crate::commit::{Committer, Message};
use crate::completion::{completion, wait};
use crate::disk::Disk;
use crate::engine::Engine;
use crate::error::{BackupError, CompactError, OpenError, ReadError};
use crate::gate::Gate;
use crate::landing::{Ground, Landing};
use crate::linger::Linger;
use crate::options::Options;
use crate::readers::Readers;
use crate::snapshot::Snapshot;
use crate::waiting::{Readable, Submission};
use parking_lot::Mutex;
use redb::StorageBackend;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{JoinHandle, ThreadId};
use std::time::Duration;

/// Messages to the commit thread that are no batches.
const CONTROL_MESSAGES: usize = 8;

/// Durable buckets in one file. Clones share it.
///
/// Dropping the last clone commits what was accepted, ends the commit thread and closes the file: it blocks until
/// then, unless it is dropped by a waker on a thread of the store. What had not been accepted is answered with [`WriteError::Closed`](crate::WriteError::Closed); a [`Snapshot`] that is still held
/// cannot be read any more.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    gate: Arc<Gate<Message>>,
    readers: Arc<Readers>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    landing_thread: ThreadId,
}

/// What the store and its commit thread both know.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) max_bytes: Option<u64>,
    pub(crate) commits: AtomicU64,
    pub(crate) disk: Arc<Disk>,
    poison: Mutex<Option<String>>,
    around_answers: OnceLock<Around>,
    on_poison: Mutex<Vec<OnPoison>>,
}

/// Something to be done around some work: it calls that once.
pub type Around = fn(&mut dyn FnMut());

/// Is told why a store takes no more writes.
pub type OnPoison = Box<dyn Fn(&str) + Send + Sync>;

/// How a store does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// The most bytes that it may have; none for no bound.
    pub max_bytes: Option<u64>,
    /// Why the store takes no more writes, if so.
    pub poisoned: Option<String>,
    /// Batches that are submitted and not answered.
    pub waiting_writes: usize,
    /// Commits since the store was opened.
    pub commits: u64,
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of the file before.
    pub bytes_before: u64,
    /// Bytes of the file after.
    pub bytes_after: u64,
}

impl Store {
    /// Opens a store, and makes the file if it is not there, readable and writable by its owner alone. A new file
    /// has its name once it is whole; so an empty one is none, and is refused.
    ///
    /// # Errors
    /// An [`OpenError`] that says what is wrong with the file.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        Self::start(crate::open::open(path, &options, true)?, path, options)
    }

    /// Opens a store whose file is there.
    ///
    /// # Errors
    /// [`OpenError::Missing`] if it is not, and as for [`Store::open`].
    pub fn open_existing(path: &Path, options: Options) -> Result<Self, OpenError> {
        Self::start(crate::open::open(path, &options, false)?, path, options)
    }

    /// Opens a store on something that stands for a file: for tests.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn with_backend(backend: impl StorageBackend, options: Options) -> Result<Self, OpenError> {
        let path = Path::new("(no file)");
        let engine = crate::open::on_backend(backend, path, &options, true)?;
        Self::start(engine, path, options)
    }

    fn start(engine: Engine, path: &Path, options: Options) -> Result<Self, OpenError> {
        let view = engine.view().map_err(|error| OpenError::Corrupt {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
        let slots = options.queue_slots;
        let (sender, messages) = crossbeam_channel::bounded(slots + CONTROL_MESSAGES);
        let gate = Arc::new(Gate::new(
            sender,
            slots,
            options.queue_bytes,
            Message::Write,
        ));
        let readers = Arc::new(Readers::default());
        readers.publish(view);
        let shared = Arc::new(Shared {
            clock: options.clock,
            max_bytes: options.max_bytes,
            commits: AtomicU64::new(0),
            disk: Arc::clone(engine.disk()),
            poison: Mutex::new(None),
            around_answers: OnceLock::new(),
            on_poison: Mutex::default(),
        });
        let failed = |source| OpenError::Io {
            path: path.to_owned(),
            doing: "start the threads of",
            source,
        };
        let ground = Ground {
            gate: Arc::clone(&gate),
            readers: Arc::clone(&readers),
            shared: Arc::clone(&shared),
        };
        let landing = Landing::start(ground.clone()).map_err(failed)?;
        let landing_thread = landing.thread_id();
        let committer = Committer {
            engine,
            messages,
            ground,
            landing,
            linger: Linger::default(),
            commits: 0,
            applied: Duration::ZERO,
            next_stretch: 0,
            flushed: None,
        };
        let thread = std::thread::Builder::new()
            .name("rusm-kv".to_owned())
            .spawn(|| committer.run())
            .map_err(failed)?;
        Ok(Self(Arc::new(Inner {
            gate,
            readers,
            shared,
            thread: Some(thread),
            landing_thread,
        })))
    }

    /// What is committed, as of now. Never waits.
    ///
    /// # Errors
    /// [`ReadError::Busy`] while a compaction runs.
    pub fn read(&self) -> Result<Snapshot, ReadError> {
        let held = self.0.readers.hold()?;
        Ok(Snapshot::new(held, self.0.shared.clock.now_ms()))
    }

    /// The same once no compaction runs: at once, if none does.
    pub fn readable(&self) -> Readable {
        Readable::new(&self.0.readers, &self.0.shared.clock)
    }

    /// Hands in a batch, which waits its turn whether or not the [`Submission`] is polled.
    #[must_use = "the batch is not written yet, and may never be once this is dropped"]
    pub fn submit(&self, batch: Batch) -> Submission {
        Submission::new(&self.0.gate, batch)
    }

    /// Answers to those in one commit are given within this, from now on: a caller that wakes many at once for less than one by one
    /// says so here. The first one that is set stays.
    pub fn answer_within(&self, around: Around) {
        // Another runtime on the same store has set it.
        let _is_set = self.0.shared.around_answers.set(around);
    }

    /// Is told once, with the reason, when the store takes no more writes: now, if that is so already. Each that is given is told.
    pub fn on_poison(&self, on_poison: OnPoison) {
        let poison = self.0.shared.poison.lock();
        match poison.clone() {
            None => self.0.shared.on_poison.lock().push(on_poison),
            Some(reason) => {
                drop(poison);
                on_poison(&reason);
            }
        }
    }

    /// Copies what is committed into a new store file while this one goes on. The copy is made under
    /// another name beside it, and has its own once it is whole and durable.
    ///
    /// # Errors
    /// [`BackupError::Exists`] if there is such a file, and the other [`BackupError`]s.
    pub fn backup(&self, to: &Path) -> Result<(), BackupError> {
        let snapshot = self.readable().wait()?;
        crate::backup::copy(&snapshot, to)
    }

    /// Makes the file as small as it can be. Blocks until it is done; reads and writes wait meanwhile.
    ///
    /// # Errors
    /// [`CompactError::Busy`] if a [`Snapshot`] is held for seconds.
    pub fn compact(&self) -> Result<Compacted, CompactError> {
        let (reply, answer) = completion(Err(CompactError::Closed));
        if !self.0.gate.send(Message::Compact(reply)) {
            return Err(CompactError::Busy);
        }
        wait(std::future::poll_fn(|cx| answer.poll(cx)))
    }

    /// How the store does.
    #[must_use]
    pub fn status(&self) -> Status {
        let shared = &self.0.shared;
        Status {
            file_bytes: shared.disk.len(),
            max_bytes: shared.max_bytes,
            poisoned: shared.poisoned(),
            waiting_writes: self.0.gate.unanswered(),
            commits: shared.commits.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.gate.close();
        // A waker that one of the store's threads wakes may hold the last clone: it cannot wait for itself.
        let own = std::thread::current().id();
        if let Some(thread) = self.thread.take()
            && own != thread.thread().id()
            && own != self.landing_thread
        {
            // A panic of the commit thread has been answered to those who waited for it.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Answers those of a commit.
    pub(crate) fn answer(&self, answering: &mut dyn FnMut()) {
        match self.around_answers.get() {
            Some(around) => around(answering),
            None => answering(),
        }
    }

    pub(crate) fn poisoned(&self) -> Option<String> {
        self.poison.lock().clone()
    }

    pub(crate) fn poison(&self, reason: &str) {
        let mut poison = self.poison.lock();
        if poison.is_none() {
            *poison = Some(reason.to_owned());
            let told = std::mem::take(&mut *self.on_poison.lock());
            drop(poison);
            told.iter().for_each(|on_poison| on_poison(reason));
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.status()).finish()
    }
}
