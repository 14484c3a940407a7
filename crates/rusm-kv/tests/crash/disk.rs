//! A disk in memory that keeps what was written and what was synced apart, and fails where it is told to: [`Disk`].

use crate::loss::Change;
use redb::StorageBackend;
use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, MutexGuard};

/// A disk; a clone is another handle to the same one.
#[derive(Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// What a read sees: the page cache over the disk.
    live: Vec<u8>,
    /// What the last successful sync has made safe.
    durable: Vec<u8>,
    /// What has changed since then, in order.
    unsynced: Vec<Change>,
    /// How often each [`Call`] has come.
    n_calls: [u64; Call::ALL.len()],
    fault: Option<Fault>,
    has_struck: bool,
}

/// No space is left on the device.
pub(crate) const ENOSPC: i32 = 28;
/// The device has failed.
pub(crate) const EIO: i32 = 5;

/// What a store asks of its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Read,
    Write,
    SetLen,
    Sync,
}

impl Call {
    pub(crate) const ALL: [Self; 4] = [Self::Read, Self::Write, Self::SetLen, Self::Sync];
}

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) call: Call,
    /// Counted from 0, from the making of the disk on.
    pub(crate) nth: u64,
    pub(crate) trouble: Trouble,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing reaches the disk from here on.
    PowerCut,
    /// This one call fails with this number of the operating system, and those after it work: the most tempting failure.
    Once(i32),
    /// So does every later call of this kind.
    Always(i32),
    /// This one call panics, as a library may.
    Panic,
}

impl Disk {
    /// A disk that holds this and has synced it.
    pub(crate) fn holding(image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State {
            live: image.clone(),
            durable: image,
            ..State::default()
        })))
    }

    pub(crate) fn with_fault(self, fault: Fault) -> Self {
        self.state().fault = Some(fault);
        self
    }

    /// Whether the fault has happened.
    pub(crate) fn has_struck(&self) -> bool {
        self.state().has_struck
    }

    /// What a process that opens the file anew would see, with the power still on.
    pub(crate) fn contents(&self) -> Vec<u8> {
        self.state().live.clone()
    }

    /// What was made safe, and what has changed since.
    pub(crate) fn parts(&self) -> (Vec<u8>, Vec<Change>) {
        let state = self.state();
        (state.durable.clone(), state.unsynced.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A backend that panics leaves the lock poisoned; what it guards is whole.
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    /// Counts the call, and fails it if its time has come.
    fn enter(&mut self, call: Call) -> Result<()> {
        let n = self.n_calls[call as usize];
        self.n_calls[call as usize] += 1;
        let Some(fault) = self.fault else {
            return Ok(());
        };
        let strikes = fault.call == call && fault.nth == n;
        self.has_struck |= strikes;
        match fault.trouble {
            Trouble::PowerCut if self.has_struck => Err(Error::other("the power is off")),
            Trouble::Once(code) if strikes => Err(Error::from_raw_os_error(code)),
            Trouble::Always(code) if self.has_struck && fault.call == call => {
                Err(Error::from_raw_os_error(code))
            }
            Trouble::Panic if strikes => panic!("{call:?} {n} of the disk panics"),
            _ => Ok(()),
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.live);
        self.unsynced.push(change);
    }

    fn write(&mut self, offset: usize, data: &[u8]) {
        let end = offset + data.len();
        if end > self.live.len() {
            self.change(Change::Resize(end));
        }
        let data = data.to_vec();
        self.change(Change::Write { offset, data });
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Disk").field(&self.state().fault).finish()
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64> {
        Ok(self.state().live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let mut state = self.state();
        state.enter(Call::Read)?;
        let start = position(offset);
        let end = start.checked_add(out.len());
        let from = end.and_then(|end| state.live.get(start..end));
        out.copy_from_slice(from.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let mut state = self.state();
        state.enter(Call::SetLen)?;
        state.change(Change::Resize(position(len)));
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        let mut state = self.state();
        let entered = state.enter(Call::Sync);
        if state
            .fault
            .is_some_and(|fault| fault.trouble == Trouble::PowerCut)
            && entered.is_err()
        {
            return entered;
        }
        // A kernel that could not write a page takes it for clean afterwards: no later sync writes it.
        for change in std::mem::take(&mut state.unsynced) {
            if entered.is_ok() {
                change.apply(&mut state.durable);
            }
        }
        entered
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut state = self.state();
        let entered = state.enter(Call::Write);
        let is_off = state
            .fault
            .is_some_and(|fault| fault.trouble == Trouble::PowerCut);
        match &entered {
            Ok(()) => state.write(position(offset), data),
            // A write that fails has often written something.
            Err(_) if !is_off => state.write(position(offset), &data[..data.len() / 2]),
            Err(_) => (),
        }
        entered
    }
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).expect("a test's disk is small")
}
