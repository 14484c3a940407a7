//! Commits whose writes and syncs are owed.
//!
//! redb goes on as if a commit were durable, and the next transaction is worked on in memory; what was written is kept here until
//! a thread brings it to the file, pages that follow one another together. The file sees one commit after another: the writes of
//! one, its sync, the writes of the next. Who reads sees all that was written, wherever it is, and waits for no sync.

use super::overlay::Overlay;
use crate::courtesy;
use parking_lot::{Mutex, RwLock};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Beyond so many bytes of a commit, writes wait until what is owed is in the file.
const KEPT_BYTES: usize = 64 * 1024 * 1024;

/// See the head of this file. Syncs are numbered from 1.
#[derive(Default)]
pub(super) struct Owed {
    is_on: AtomicBool,
    asked: AtomicU64,
    done: AtomicU64,
    /// The last one may still be open: its sync has not been asked for.
    commits: RwLock<VecDeque<Arc<Kept>>>,
    /// What kept a commit that is in the file, for one to come: its memory is not given back in one thread and asked for anew in
    /// the other, again and again.
    spare: Mutex<Option<Arc<Kept>>>,
    /// Held by whoever brings something to the file.
    working: Mutex<()>,
}

/// What one commit has written.
#[derive(Clone, Default)]
struct Kept {
    writes: Overlay,
    sync: Option<u64>,
}

/// The file itself.
pub(super) trait File {
    fn get(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;
    fn put(&self, offset: u64, data: &[u8]) -> io::Result<()>;
    fn make_durable(&self) -> io::Result<()>;
}

impl Owed {
    /// Whether the syncs that are asked for from now on are owed.
    pub(super) fn turn(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::Release);
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Acquire)
    }

    /// The number of the last sync that was asked for.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Acquire)
    }

    /// Whether a sync has happened.
    pub(super) fn is_done(&self, sync: u64) -> bool {
        self.done.load(Ordering::Acquire) >= sync
    }

    /// Keeps a write. False if it need not be kept, or cannot: then it goes to the file once [`Owed::settle_all`] has.
    pub(super) fn keep(&self, offset: u64, data: &[u8], file: &impl File) -> io::Result<bool> {
        courtesy::step();
        let mut commits = self.commits.write();
        if commits.is_empty() && !self.is_on() {
            return Ok(false);
        }
        let open = commits.pop_back_if(|kept| kept.sync.is_none());
        let spare = || self.spare.lock().take().unwrap_or_default();
        let mut open = open.unwrap_or_else(spare);
        let has_room = open.writes.bytes() < KEPT_BYTES;
        let written = match has_room {
            true => Arc::make_mut(&mut open)
                .writes
                .write(offset, data, |at, out| {
                    file.get(at, out)?;
                    commits.iter().for_each(|kept| kept.writes.read(at, out));
                    Ok(())
                }),
            false => Ok(()),
        };
        commits.push_back(open);
        written.map(|()| has_room)
    }

    /// Asks for a sync of all that is written by now.
    pub(super) fn ask(&self) {
        let mut commits = self.commits.write();
        let sync = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        let open = commits.pop_back_if(|kept| kept.sync.is_none());
        if open.is_none() && !self.is_on() {
            return;
        }
        let mut open = open.unwrap_or_default();
        Arc::make_mut(&mut open).sync = Some(sync);
        commits.push_back(open);
    }

    /// Reads the file, and lays over it what is kept.
    pub(super) fn read(&self, offset: u64, out: &mut [u8], file: &impl File) -> io::Result<()> {
        // Held meanwhile: what is brought to the file stays here until it is there.
        let commits = self.commits.read();
        file.get(offset, out)?;
        commits
            .iter()
            .for_each(|kept| kept.writes.read(offset, out));
        Ok(())
    }

    /// Waits until a sync has happened, and does what it takes if nobody else does.
    pub(super) fn settle(&self, sync: u64, file: &impl File) -> io::Result<()> {
        if self.is_done(sync) {
            return Ok(());
        }
        let _working = self.working.lock();
        while !self.is_done(sync) {
            let first = self.commits.read().front().map(Arc::clone);
            let first = first.and_then(|kept| Some((kept.sync?, kept)));
            let Some((done, kept)) = first else {
                let asked = self.asked();
                file.make_durable()?;
                self.done.store(asked, Ordering::Release);
                break;
            };
            kept.writes.runs(|offset, data| {
                courtesy::step();
                file.put(offset, data)
            })?;
            file.make_durable()?;
            self.commits.write().pop_front();
            self.done.store(done, Ordering::Release);
            self.spare(kept);
        }
        Ok(())
    }

    fn spare(&self, mut kept: Arc<Kept>) {
        if let Some(unshared) = Arc::get_mut(&mut kept) {
            unshared.writes.clear();
            unshared.sync = None;
            *self.spare.lock() = Some(kept);
        }
    }

    /// Brings everything to the file, and syncs what that was asked for.
    pub(super) fn settle_all(&self, file: &impl File) -> io::Result<()> {
        self.settle(self.asked(), file)?;
        let first = || self.commits.read().front().map(Arc::clone);
        if first().is_none() {
            return Ok(());
        }
        let _working = self.working.lock();
        while let Some(kept) = first() {
            kept.writes.runs(|offset, data| {
                courtesy::step();
                file.put(offset, data)
            })?;
            // If more was kept meanwhile, all of it is brought.
            let mut commits = self.commits.write();
            commits.pop_front_if(|front| Arc::ptr_eq(front, &kept));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that notes what is done to it, and fails at its syncs from one on.
    #[derive(Default)]
    struct Noted {
        bytes: Mutex<Vec<u8>>,
        notes: Mutex<Vec<String>>,
        syncs: AtomicU64,
        syncs_until_fault: Option<u64>,
    }

    impl File for Noted {
        fn get(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            let at = usize::try_from(offset).unwrap();
            let bytes = self.bytes.lock();
            for (place, byte) in out.iter_mut().enumerate() {
                *byte = bytes.get(at + place).copied().unwrap_or(0);
            }
            Ok(())
        }

        fn put(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            let at = usize::try_from(offset).unwrap();
            let mut bytes = self.bytes.lock();
            let len = bytes.len().max(at + data.len());
            bytes.resize(len, 0);
            bytes.splice(at..at + data.len(), data.iter().copied());
            self.notes.lock().push(format!("{offset}+{}", data.len()));
            Ok(())
        }

        fn make_durable(&self) -> io::Result<()> {
            let n = self.syncs.fetch_add(1, Ordering::SeqCst);
            if self.syncs_until_fault.is_some_and(|until| n >= until) {
                return Err(io::Error::other("told to fail"));
            }
            self.notes.lock().push("sync".to_owned());
            Ok(())
        }
    }

    impl Noted {
        fn read(&self, owed: &Owed, offset: u64) -> u8 {
            let mut byte = [0];
            owed.read(offset, &mut byte, self).unwrap();
            byte[0]
        }

        fn notes(&self) -> Vec<String> {
            std::mem::take(&mut self.notes.lock())
        }
    }

    /// One commit of two pages and the head.
    fn commit(owed: &Owed, file: &Noted, byte: u8) -> u64 {
        owed.turn(true);
        for (offset, len) in [(8_192, 4_096), (0, 320), (4_096, 4_096)] {
            assert!(owed.keep(offset, &vec![byte; len], file).unwrap());
        }
        owed.ask();
        owed.turn(false);
        owed.asked()
    }

    #[test]
    fn commits_reach_the_file_in_order_and_are_read_before() {
        let (owed, file) = (Owed::default(), Noted::default());
        let first = commit(&owed, &file, 1);
        let second = commit(&owed, &file, 2);
        assert_eq!((first, second), (1, 2));
        assert!(file.notes().is_empty());
        assert_eq!(file.read(&owed, 4_100), 2);
        assert_eq!(file.read(&owed, 319), 2);
        assert_eq!(file.read(&owed, 320), 0);

        owed.settle(first, &file).unwrap();
        assert_eq!(file.notes(), ["0+12288", "sync"]);
        assert!(owed.is_done(first) && !owed.is_done(second));
        assert_eq!(file.bytes.lock()[4_100], 1);
        assert_eq!(file.read(&owed, 4_100), 2);
        owed.settle(first, &file).unwrap();
        assert!(file.notes().is_empty());

        owed.settle(second, &file).unwrap();
        assert_eq!(file.notes(), ["0+12288", "sync"]);
        assert_eq!(file.bytes.lock()[4_100], 2);
        assert!(owed.commits.read().is_empty());
    }

    /// Its memory is used again, and nothing of what it was.
    #[test]
    fn a_commit_in_the_memory_of_one_before_has_its_own_writes_and_its_own_sync() {
        let (owed, file) = (Owed::default(), Noted::default());
        let first = commit(&owed, &file, 1);
        owed.settle(first, &file).unwrap();
        assert!(owed.spare.lock().is_some());
        file.notes();

        owed.turn(true);
        assert!(owed.keep(20_480, &[2; 4_096], &file).unwrap());
        assert!(owed.spare.lock().is_none());
        owed.ask();
        let second = owed.asked();
        owed.settle(second, &file).unwrap();
        assert_eq!(file.notes(), ["20480+4096", "sync"]);
        assert!(owed.is_done(second));
        assert!(owed.commits.read().is_empty());
    }

    #[test]
    fn a_write_that_is_not_owed_goes_behind_those_that_are() {
        let (owed, file) = (Owed::default(), Noted::default());
        assert!(!owed.keep(0, &[9], &file).unwrap());
        commit(&owed, &file, 1);
        assert!(owed.keep(4_096, &[9], &file).unwrap());
        assert_eq!(file.read(&owed, 4_096), 9);
        assert_eq!(file.read(&owed, 4_097), 1);
        owed.ask();
        owed.settle_all(&file).unwrap();
        assert_eq!(file.notes(), ["0+12288", "sync", "4096+4096", "sync"]);
        assert_eq!(file.read(&owed, 4_096), 9);
        assert!(!owed.keep(4_096, &[9], &file).unwrap());
    }

    #[test]
    fn what_no_sync_was_asked_for_is_brought_to_the_file_too() {
        let (owed, file) = (Owed::default(), Noted::default());
        owed.turn(true);
        assert!(owed.keep(4_096, &[9], &file).unwrap());
        owed.turn(false);
        owed.settle_all(&file).unwrap();
        assert_eq!(file.notes(), ["4096+4096"]);
        assert!(owed.commits.read().is_empty());
    }

    #[test]
    fn after_a_sync_that_fails_nothing_is_written_and_what_was_durable_stays_so() {
        let file = Noted {
            syncs_until_fault: Some(1),
            ..Noted::default()
        };
        let owed = Owed::default();
        let [first, second, third] = [1, 2, 3].map(|byte| commit(&owed, &file, byte));
        assert!(owed.settle(second, &file).is_err());
        assert_eq!(file.notes(), ["0+12288", "sync", "0+12288"]);
        owed.settle(first, &file).unwrap();
        assert!(!owed.is_done(second) && !owed.is_done(third));
        // It is still to be read, by a transaction that is doomed.
        assert_eq!(file.read(&owed, 4_096), 3);
    }
}
