//! `rusm kv import`: writes the lines of an export, in their order, many in one commit.
//!
//! The first line that is wrong ends it. What stands before that line is written, and what stands
//! behind it is not: the error says so with the numbers of the lines.

use super::access::Access;
use super::lines::{Lines, Source};
use super::record::Record;
use super::shown::entries;
use crate::report::{Console, Failure, Kind, print_result};
use rusm_kv::MAX_OPS;
use std::mem;

/// Bytes of keys and values that are written at once; a larger entry is written alone.
const BATCH_BYTES: usize = 16 << 20;
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

/// What is on its way into the store.
struct Import<'s> {
    store: &'s dyn Access,
    /// Entries of one bucket.
    batch: Vec<Record>,
    batch_bytes: usize,
    /// The last line that is in the batch.
    last_line: u64,
    /// The last line that is in the store.
    written_line: u64,
    n_written: u64,
}

impl<'s> Import<'s> {
    fn into(store: &'s dyn Access) -> Self {
        Self {
            store,
            batch: Vec::new(),
            batch_bytes: 0,
            last_line: 0,
            written_line: 0,
            n_written: 0,
        }
    }

    fn all(&mut self, lines: &mut Lines) -> Result<(), Failure> {
        while let Some(line) = lines.next() {
            match line {
                Ok(record) => self.take(record, lines.number())?,
                Err(wrong) => {
                    // If the store refuses what stands before, that is the error to tell.
                    self.write()?;
                    return Err(wrong);
                }
            }
        }
        self.write()
    }

    fn take(&mut self, record: Record, line: u64) -> Result<(), Failure> {
        let bytes = record.key.len().saturating_add(record.value.len());
        let is_other = |first: &Record| first.bucket != record.bucket;
        if self.batch.first().is_some_and(is_other)
            || self.batch.len() == MAX_OPS
            || self.batch_bytes.saturating_add(bytes) > BATCH_BYTES
        {
            self.write()?;
        }
        self.batch_bytes = self.batch_bytes.saturating_add(bytes);
        self.batch.push(record);
        self.last_line = line;
        Ok(())
    }

    fn write(&mut self) -> Result<(), Failure> {
        let batch = mem::take(&mut self.batch);
        self.batch_bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        let n_entries = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        self.store.import(batch)?;
        self.n_written = self.n_written.saturating_add(n_entries);
        self.written_line = self.last_line;
        Ok(())
    }

    /// What of the input is in the store.
    fn told(&self) -> String {
        match self.written_line {
            0 => "nothing was written".to_owned(),
            last => format!(
                "{} of the lines up to {last} were written, and nothing behind them",
                entries(self.n_written)
            ),
        }
    }
}
