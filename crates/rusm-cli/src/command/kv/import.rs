//! `rusm kv import`: writes the lines of an export, in their order, many in one commit.
//!
//! The first line that is wrong ends it. What stands before that line is written, and what stands
//! behind it is not: the error says so with the numbers of the lines.

use super::access::Access;
use super::lines::{Lines, Source};
use super::shown::entries;
use crate::report::{Console, Failure, Kind, print_result};
use rusm_control::Entry;
use rusm_kv::MAX_OPS;
use std::mem;

/// Bytes of keys and values that are written at once; a larger entry is written alone.
const BATCH_BYTES: usize = 4 << 20;
/// Wrong lines that a dry run tells.
const TOLD_MAX: u64 = 20;

/// Writes the lines.
pub(super) fn import(source: Source, store: &dyn Access) -> Result<u8, Failure> {
    let mut lines = Lines::of(source);
    let mut import = Import::into(store);
    let done = import.all(&mut lines);
    done.map_err(|failure| failure.detail(import.told()))?;
    print_result(&format!("imported {}\n", entries(import.n_written))).map(|()| 0)
}

/// Reads all lines and writes none.
pub(super) fn dry_run(source: Source, console: Console) -> Result<u8, Failure> {
    let mut lines = Lines::of(source);
    let (mut n_right, mut n_wrong) = (0_u64, 0_u64);
    while let Some(line) = lines.next() {
        match line {
            Ok(_) => n_right = n_right.saturating_add(1),
            Err(failure) => {
                n_wrong = n_wrong.saturating_add(1);
                if n_wrong <= TOLD_MAX {
                    console.fail(&failure);
                }
            }
        }
    }
    if n_wrong == 0 {
        let right = entries(n_right);
        return print_result(&format!("{right} would be imported\n")).map(|()| 0);
    }
    let message = format!("wrong lines: {n_wrong}, right ones: {n_right}");
    Err(Failure::new(Kind::General, message).help("mend them; nothing was written"))
}

/// Entries on their way into a store.
pub(super) struct Import<'s> {
    store: &'s dyn Access,
    batch: Vec<Entry>,
    /// The line of each.
    batch_lines: Vec<u64>,
    batch_bytes: usize,
    n_written: u64,
    /// The last line that is in the store.
    last_written: u64,
    /// The last line that may be in the store, if that is not known.
    last_unknown: Option<u64>,
}

impl<'s> Import<'s> {
    /// Nothing yet.
    pub(super) fn into(store: &'s dyn Access) -> Self {
        Self {
            store,
            batch: Vec::new(),
            batch_lines: Vec::new(),
            batch_bytes: 0,
            n_written: 0,
            last_written: 0,
            last_unknown: None,
        }
    }

    fn all(&mut self, lines: &mut Lines) -> Result<(), Failure> {
        while let Some(line) = lines.next() {
            match line {
                Ok(entry) => self.take(entry, lines.number())?,
                Err(wrong) => {
                    // If the store refuses what stands before, that is the error to tell.
                    self.write()?;
                    return Err(wrong);
                }
            }
        }
        self.write()
    }

    /// Adds the entry of a line, and writes what has gathered when that is enough.
    pub(super) fn take(&mut self, entry: Entry, line: u64) -> Result<(), Failure> {
        let bytes = entry.key.len().saturating_add(entry.value.len());
        if self.batch.len() == MAX_OPS || self.batch_bytes.saturating_add(bytes) > BATCH_BYTES {
            self.write()?;
        }
        self.batch_bytes = self.batch_bytes.saturating_add(bytes);
        self.batch.push(entry);
        self.batch_lines.push(line);
        Ok(())
    }

    /// Writes what has gathered.
    pub(super) fn write(&mut self) -> Result<(), Failure> {
        let (batch, lines) = (mem::take(&mut self.batch), mem::take(&mut self.batch_lines));
        self.batch_bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        let written = self.store.import(batch);
        let n_written = match &written {
            Ok(()) => lines.len(),
            Err(stopped) => stopped.written.unwrap_or(0),
        };
        if let Some(last) = lines.get(..n_written).and_then(<[u64]>::last) {
            let n_written = u64::try_from(n_written).unwrap_or(u64::MAX);
            self.n_written = self.n_written.saturating_add(n_written);
            self.last_written = *last;
        }
        written.map_err(|stopped| {
            if stopped.written.is_none() {
                self.last_unknown = lines.last().copied();
            }
            stopped.why
        })
    }

    /// What of the input is in the store.
    fn told(&self) -> String {
        let known = match self.last_written {
            0 => "nothing was written".to_owned(),
            last => {
                let entries = entries(self.n_written);
                format!("lines 1 to {last} were written ({entries}), and nothing behind them")
            }
        };
        match self.last_unknown {
            None => known,
            Some(last) => {
                let first = self.last_written.saturating_add(1);
                format!(
                    "{known}; of lines {first} to {last} it is not known: writing them again does no harm"
                )
            }
        }
    }
}
