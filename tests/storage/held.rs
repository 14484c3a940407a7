//! A store whose commits are held up until the test lets them go: [`Held`], and the [`Brake`] that does it.

use crate::support::PATIENCE;
use parking_lot::{Condvar, Mutex};
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// What stands for a file. It outlives the stores that are opened on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    file: Arc<InMemoryBackend>,
    brake: Arc<Brake>,
}

#[derive(Debug, Default)]
pub(crate) struct Brake {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_on: bool,
    /// Whether somebody syncs and waits.
    is_felt: bool,
}

impl Held {
    pub(crate) fn brake(&self) -> Arc<Brake> {
        Arc::clone(&self.brake)
    }
}

impl Brake {
    /// No sync ends from now on.
    pub(crate) fn pull(&self) {
        *self.state.lock() = State {
            is_on: true,
            is_felt: false,
        };
    }

    /// Waits until a sync has begun that does not end.
    #[track_caller]
    pub(crate) fn wait_until_felt(&self) {
        let mut state = self.state.lock();
        while !state.is_felt {
            let waited = self.changed.wait_for(&mut state, PATIENCE);
            assert!(!waited.timed_out(), "nothing was committed");
        }
    }

    /// Lets all syncs go.
    pub(crate) fn release(&self) {
        *self.state.lock() = State::default();
        self.changed.notify_all();
    }

    fn wait(&self) {
        let mut state = self.state.lock();
        while state.is_on {
            state.is_felt = true;
            self.changed.notify_all();
            self.changed.wait(&mut state);
        }
    }
}

impl StorageBackend for Held {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.brake.wait();
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }
}

/// Looks again and again, for what is not announced.
#[track_caller]
pub(crate) fn wait_until(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "it never came to be");
        std::thread::yield_now();
    }
}
