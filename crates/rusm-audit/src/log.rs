//! The log as a node holds it: [`AuditLog`]. Taking a record waits for nothing; a thread writes.
//!
//! # Locking
//! One lock, around the queue and the limiter, held for one record by who reports and for taking
//! the queue by the thread. Nothing is written, and nobody is called, under it.

use crate::folder::FolderError;
use crate::limiter::{Limiter, Verdict};
use crate::record::{Loss, Record};
use crate::tail::Dated;
use crate::time::Clock;
use crate::writer::{DAY_BYTES_MAX, Lost, Writer, lose};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Records that wait to be written, at most.
const QUEUE_MAX: usize = 8_192;
/// After so long without news, what was only counted is told.
const CALM: Duration = Duration::from_secs(30);

/// Why a node cannot keep an audit log.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The first record could not be written.
    #[error("cannot write the audit log in '{}': {cause}", folder.display())]
    Write {
        /// The folder.
        folder: std::path::PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// There is no thread to write it.
    #[error("cannot start the thread of the audit log: {0}")]
    Thread(io::Error),
}

/// Told of what an operator should know about the log, on its thread: it cannot be written, or it can
/// be written again.
pub type OnTrouble = Arc<dyn Fn(&str) + Send + Sync>;

/// An audit log that is being written. It is closed by [`AuditLog::close`]; dropped without that, it ends
/// like that of a node that was killed, with everything written that was reported.
pub struct AuditLog {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    damage: Option<String>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    has_news: Condvar,
}

#[derive(Default)]
struct State {
    queue: Vec<Dated>,
    lost: Lost,
    limiter: Limiter,
    is_closing: bool,
}

impl State {
    fn push(&mut self, dated: Dated) {
        if self.queue.len() < QUEUE_MAX {
            self.queue.push(dated);
        } else {
            let (kind, count) = dated.1.stands_for();
            lose(&mut self.lost, Loss::Queue, kind, count);
        }
    }
}

impl AuditLog {
    /// Opens the log in the folder, makes it if it is not there, and writes the first record. Only one node can
    /// have it open. If an earlier one was broken off, its last write is closed off first.
    ///
    /// # Errors
    /// [`OpenError`]: the folder cannot be used, others can write to it, another node does, or nothing can be
    /// written there.
    pub fn open(
        folder: &Path,
        clock: Arc<dyn Clock>,
        on_trouble: OnTrouble,
        first: Record,
    ) -> Result<AuditLog, OpenError> {
        let now = clock.now();
        let mut writer = Writer::open(folder, now, DAY_BYTES_MAX)?;
        let damage = writer.damage().map(str::to_owned);
        let written = writer.write(vec![(now, first.bounded())], Lost::new());
        written.map_err(|cause| OpenError::Write {
            folder: folder.to_owned(),
            cause,
        })?;
        let shared = Arc::new(Shared {
            clock,
            state: Mutex::default(),
            has_news: Condvar::new(),
        });
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("rusm-audit".to_owned())
            .spawn(move || for_thread.run(writer, &on_trouble))
            .map_err(OpenError::Thread)?;
        Ok(AuditLog {
            shared,
            thread: Mutex::new(Some(thread)),
            damage,
        })
    }

    /// In what way the log was not as its last node had left it. It goes on all the same, and the break stays to
    /// be seen.
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// Takes a record. Never waits: what is too much is counted, and the counts are records of their own.
    pub fn record(&self, record: Record) {
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        if state.is_closing {
            return;
        }
        let mut before = Vec::new();
        let verdict = state.limiter.judge(&record, now, &mut before);
        if verdict == Verdict::Write {
            before.push(record);
        }
        for record in before {
            state.push((now, record.bounded()));
        }
        drop(state);
        self.shared.has_news.notify_one();
    }

    /// Writes what is left, and a last record that says why the node stops. Later records are not taken.
    pub fn close(&self, reason: &str) {
        let reason = reason.to_owned();
        self.end(Some(Record::Stop { reason }));
    }

    fn end(&self, last: Option<Record>) {
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        if !std::mem::replace(&mut state.is_closing, true) {
            let mut told = Vec::new();
            state.limiter.tell(&mut told);
            for record in told {
                state.push((now, record.bounded()));
            }
            // There is always room for this one.
            state.queue.extend(last.map(|last| (now, last.bounded())));
        }
        drop(state);
        self.shared.has_news.notify_one();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A panic of that thread has been printed by now.
            let _panicked = thread.join();
        }
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        self.end(None);
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until the log is closed.
    fn run(&self, mut writer: Writer, on_trouble: &OnTrouble) {
        let mut is_failing = false;
        loop {
            let (records, lost, is_last) = self.next_batch();
            let result = if is_last {
                writer.finish(self.clock.now(), records, lost)
            } else {
                writer.write(records, lost)
            };
            match result {
                Err(error) if !is_failing => {
                    on_trouble(&format!(
                        "the audit log cannot be written: {error}; what is missing is counted until it can be"
                    ));
                    is_failing = true;
                }
                Ok(()) if is_failing => {
                    on_trouble(
                        "the audit log is written again; it says how many records are missing",
                    );
                    is_failing = false;
                }
                Ok(()) | Err(_) => {}
            }
            if is_last {
                return;
            }
        }
    }

    /// Waits for something to write. The last batch is the one with which the log is closed.
    fn next_batch(&self) -> (Vec<Dated>, Lost, bool) {
        let mut state = self.lock();
        while state.queue.is_empty() && !state.is_closing {
            if !state.limiter.is_hiding() {
                state = self
                    .has_news
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = self.has_news.wait_timeout(state, CALM);
            let (calm, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = calm;
            if timeout.timed_out() {
                self.tell(&mut state);
            }
        }
        let records = std::mem::take(&mut state.queue);
        let lost = std::mem::take(&mut state.lost);
        (records, lost, state.is_closing)
    }

    fn tell(&self, state: &mut State) {
        let now = self.clock.now();
        let mut told = Vec::new();
        state.limiter.tell(&mut told);
        for record in told {
            state.push((now, record));
        }
    }
}
