//! Batches of records into days, and counting what could not be written: [`Writer`].

use crate::folder::FolderError;
use crate::record::{Kind, Loss, Record};
use crate::tail::{Dated, Tail};
use crate::time::Day;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// The size from which a file takes no more of what guests cause, until the next day. The batch that reaches
/// it is still written whole.
pub const DAY_BYTES_MAX: u64 = 1 << 30;

/// Records that were lost, by reason and kind.
pub(crate) type Lost = BTreeMap<Loss, BTreeMap<Kind, u64>>;

/// Counts lost records.
pub(crate) fn lose(lost: &mut Lost, reason: Loss, kind: Kind, count: u64) {
    let total = lost.entry(reason).or_default().entry(kind).or_default();
    *total = total.saturating_add(count);
}

/// The log, opened for writing.
#[derive(Debug)]
pub(crate) struct Writer {
    tail: Tail,
    /// What no record has told of yet.
    lost: Lost,
    day_bytes_max: u64,
}

impl Writer {
    /// Opens the log in the folder; see [`Tail::open`].
    pub(crate) fn open(
        path: &Path,
        now: SystemTime,
        day_bytes_max: u64,
    ) -> Result<Writer, FolderError> {
        Ok(Writer {
            tail: Tail::open(path, now)?,
            lost: Lost::new(),
            day_bytes_max,
        })
    }

    /// In what way the log is not as it was left.
    pub(crate) fn damage(&self) -> Option<&str> {
        self.tail.damage()
    }

    /// Appends the records, and ahead of them what was lost. What cannot be written is counted, and told by
    /// the next batch that can.
    pub(crate) fn write(&mut self, records: Vec<Dated>, lost: Lost) -> io::Result<()> {
        for (reason, kinds) in lost {
            self.lose_all(reason, &kinds);
        }
        let mut records = records.into_iter().peekable();
        let mut result = Ok(());
        while let Some((time, _)) = records.peek() {
            let (time, today) = (*time, self.tail.day());
            // A clock that was set back does not lead back to older files.
            let day_of = |time: SystemTime| Day::of(time).max(today);
            let day = day_of(time);
            let mut batch = Vec::new();
            while let Some(next) = records.next_if(|(time, _)| day_of(*time) == day) {
                batch.push(next);
            }
            result = result.and(self.write_day(day, time, batch));
        }
        result
    }

    /// Writes the last records, and tells everything that was lost.
    pub(crate) fn finish(
        &mut self,
        now: SystemTime,
        records: Vec<Dated>,
        lost: Lost,
    ) -> io::Result<()> {
        let written = self.write(records, lost);
        let gaps = self.gaps(now, true);
        written.and(self.append(now, gaps))
    }

    fn write_day(&mut self, day: Day, time: SystemTime, batch: Vec<Dated>) -> io::Result<()> {
        let is_new = day > self.tail.day();
        if is_new && let Err(error) = self.tail.turn_to(day, time) {
            batch
                .into_iter()
                .for_each(|(_, record)| self.put_back(record));
            return Err(error);
        }
        let is_full = self.tail.n_bytes() >= self.day_bytes_max;
        let mut records = self.gaps(time, is_new);
        for (time, record) in batch {
            if is_full && is_caused_by_guests(record.kind()) {
                let (kind, count) = record.stands_for();
                lose(&mut self.lost, Loss::DayFull, kind, count);
            } else {
                records.push((time, record));
            }
        }
        self.append(time, records)
    }

    fn append(&mut self, now: SystemTime, records: Vec<Dated>) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let (n_written, result) = self.tail.append(now, &records);
        for (_, record) in records.into_iter().skip(n_written) {
            self.put_back(record);
        }
        result
    }

    /// The records that tell what was lost. What the bound of a day keeps out is told when the day is over.
    fn gaps(&mut self, now: SystemTime, is_day_over: bool) -> Vec<Dated> {
        let is_told = |reason: &Loss| is_day_over || *reason != Loss::DayFull;
        let lost = std::mem::take(&mut self.lost);
        let (told, kept) = lost.into_iter().partition(|(reason, _)| is_told(reason));
        self.lost = kept;
        let told: Lost = told;
        let gap = |(reason, lost)| (now, Record::Gap { reason, lost });
        told.into_iter().map(gap).collect()
    }

    /// Counts a record that did not reach the file.
    fn put_back(&mut self, record: Record) {
        if let Record::Gap { reason, lost } = &record {
            self.lose_all(*reason, lost);
        } else {
            let (kind, count) = record.stands_for();
            lose(&mut self.lost, Loss::Disk, kind, count);
        }
    }

    fn lose_all(&mut self, reason: Loss, kinds: &BTreeMap<Kind, u64>) {
        for (kind, count) in kinds {
            lose(&mut self.lost, reason, *kind, *count);
        }
    }
}

fn is_caused_by_guests(kind: Kind) -> bool {
    match kind {
        Kind::Spawn | Kind::Exit | Kind::Denial | Kind::Drop | Kind::More => true,
        Kind::Start
        | Kind::Stop
        | Kind::Grant
        | Kind::Operator
        | Kind::Gap
        | Kind::Open
        | Kind::Recovery => false,
    }
}

#[cfg(test)]
mod tests;
